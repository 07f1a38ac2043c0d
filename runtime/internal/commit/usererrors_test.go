package commit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// The ways in which the storage calls of one phase fail.
var (
	errDisk     = errors.New("disk on fire")
	failPlain   = func() error { return &storage.Error{Op: "test", Err: errDisk} }
	failVictim  = func() error { return &storage.Error{Op: "test", Class: storage.ErrConflict, Err: errDisk} }
	failUnmet   = func() error { return &storage.Error{Op: "test", Class: storage.ErrCondition} }
	failInvalid = func() error { return &storage.Error{Op: "test", Class: storage.ErrInvalid, Err: errDisk} }
	failUnknown = func() error { return &storage.Error{Op: "test", Class: storage.ErrUnknown, Err: errDisk} }
)

// failing lets all calls of a phase fail: without effect, or after it.
func failing(of string, how func() error, afterEffect bool) aroundFunc {
	return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) != of {
			return send(ctx)
		}
		if afterEffect {
			if err := send(ctx); err != nil {
				return err
			}
		}
		return how()
	}
}

// What the user is told at each point of failure (spec 6.6 and 7): the kind,
// ScalarDB's code, the transaction, and a sentence.
func TestWhatTheUserIsTold(t *testing.T) {
	t.Parallel()
	changeOne := func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return update(ctx, tx, item(t, e, 1, 1), 5)
	}
	upsertOne := func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		ref := item(t, e, 1, 1)
		return tx.Upsert(ctx, ref, set(ref.Table, "v", 5))
	}
	readOne := func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		_, err := tx.Get(ctx, item(t, e, 1, 1))
		return err
	}
	readAndChange := func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		if err := readOne(ctx, t, e, tx); err != nil {
			return err
		}
		return update(ctx, tx, item(t, e, 1, 2), 5)
	}
	scanAll := func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return drain(ctx, tx, partition(e.must(t, itemName), 1))
	}
	updateIf := func(c int) func(context.Context, *testing.T, *Engine, *Tx) error {
		return func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			ref := item(t, e, 1, c)
			return tx.Update(ctx, ref, set(ref.Table, "v", 5), []storage.Predicate{where(ref.Table, "v", storage.Eq, 99)})
		}
	}
	inFlight := func(w *world) { w.prepared(Prepared, w.now.Load(), "T1") }
	abortedByOther := func(w *world) aroundFunc {
		return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "decide" {
				w.decide(c.Mutations[0].Key[0].Text(), Aborted, 77)
			}
			return send(ctx)
		}
	}
	overtaken := func(w *world) aroundFunc {
		return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "prepare" {
				w.item(1, 1, "T9", "v", 9)
			}
			return send(ctx)
		}
	}
	both := func(a, b aroundFunc) aroundFunc {
		return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			return a(ctx, c, func(ctx context.Context) error { return b(ctx, c, send) })
		}
	}
	apart := func(o *Options) { o.SeparateValidation = true }
	preReads := func(o *Options) { o.PreReads = true }
	hook := func(o *Options) {
		o.BeforePrepare = func(context.Context, Preparation) (func(context.Context) error, error) { return nil, errDisk }
	}
	hookLater := func(o *Options) {
		o.BeforePrepare = func(context.Context, Preparation) (func(context.Context) error, error) {
			return func(context.Context) error { return errDisk }, nil
		}
	}
	for _, tt := range []struct {
		name      string
		isolation Isolation
		options   func(*Options)
		before    func(w *world)
		around    func(w *world) aroundFunc
		run       func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error
		kind      string
		code      string
	}{
		{name: "read fails", around: always(failing("get", failPlain, false)), run: readOne, kind: "storage", code: "DB-CORE-30039"},
		{name: "scan fails", around: always(failing("scan", failPlain, false)), run: scanAll, kind: "storage", code: "DB-CORE-30040"},
		{name: "read the storage refuses", around: always(failing("get", failInvalid, false)), run: readOne, kind: "invalid", code: "DB-CORE-30039"},
		{name: "read of a record in flight", before: inFlight, run: readOne, kind: "uncommitted", code: "DB-CORE-20017"},
		{name: "decision on a record in flight unreadable", before: inFlight, around: always(failing("read decision", failPlain, false)), run: readOne, kind: "storage", code: "DB-CORE-30057"},
		{name: "condition not met", run: updateIf(1), kind: "condition", code: "DB-CORE-20020"},
		{name: "condition on nothing", run: updateIf(7), kind: "condition", code: "DB-CORE-20018"},
		{name: "read at commit fails", options: preReads, around: always(failing("get", failPlain, false)), run: upsertOne, kind: "storage", code: "DB-CORE-30039"},
		{name: "read at commit of a record in flight", before: inFlight, run: upsertOne, kind: "uncommitted", code: "DB-CORE-20017"},
		{name: "recovery awaited at commit finds it in flight", isolation: ReadCommitted, before: inFlight, run: changeOne, kind: "uncommitted", code: "DB-CORE-20017"},
		{name: "hook fails", options: hook, run: changeOne, kind: "storage", code: "DB-CORE-30046"},
		{name: "hook fails later", options: hookLater, run: changeOne, kind: "storage", code: "DB-CORE-30046"},
		{name: "prepare meets another version", around: overtaken, run: changeOne, kind: "conflict", code: "DB-CORE-20013"},
		{name: "prepare is a victim of the database", around: always(failing("prepare", failVictim, false)), run: changeOne, kind: "conflict", code: "DB-CORE-20014"},
		{name: "prepare fails", around: always(failing("prepare", failPlain, false)), run: changeOne, kind: "storage", code: "DB-CORE-30036"},
		{name: "prepare the storage refuses", around: always(failing("prepare", failInvalid, false)), run: changeOne, kind: "invalid", code: "DB-CORE-30036"},
		{name: "reply to prepare lost", around: always(failing("prepare", failUnknown, true)), run: changeOne, kind: "storage", code: "DB-CORE-30036"},
		{
			name:   "prepare fails and so does the abort",
			around: always(both(failing("prepare", failPlain, false), failing("decide", failPlain, false))),
			run:    changeOne, kind: "storage", code: "DB-CORE-30036",
		},
		{
			name: "validation finds a change", options: apart, isolation: Serializable, run: readAndChange, kind: "conflict", code: "DB-CORE-20022",
			around: func(w *world) aroundFunc {
				return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if phase(c) == "prepare" {
						w.item(1, 1, "T9", "v", 9)
					}
					return send(ctx)
				}
			},
		},
		{
			name: "validation fails", options: apart, isolation: Serializable, run: readAndChange, kind: "storage", code: "DB-CORE-30037",
			around: func(*world) aroundFunc {
				prepared := false
				return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					switch phase(c) {
					case "prepare":
						prepared = true
					case "get":
						if prepared {
							return failPlain()
						}
					}
					return send(ctx)
				}
			},
		},
		{name: "aborted by another process", around: abortedByOther, run: changeOne, kind: "conflict", code: "DB-CORE-20015"},
		{name: "decision fails", around: always(failing("decide", failPlain, false)), run: changeOne, kind: "storage", code: "DB-CORE-30036"},
		{name: "decision unknown", around: always(failing("decide", failUnknown, false)), run: changeOne, kind: "unknown", code: "DB-CORE-40003"},
		{
			name:   "decision there and unreadable",
			around: always(both(failing("decide", failUnmet, false), failing("read decision", failPlain, false))),
			run:    changeOne, kind: "unknown", code: "DB-CORE-40002",
		},
		{name: "records cannot be completed", around: always(failing("finish", failPlain, false)), run: changeOne, kind: "ok"},
		{name: "one phase: another version", options: onePhase, around: overtaken, run: changeOne, kind: "conflict", code: "DB-CORE-20013"},
		{name: "one phase: victim of the database", options: onePhase, around: always(failing("prepare", failVictim, false)), run: changeOne, kind: "conflict", code: "DB-CORE-20026"},
		{name: "one phase: fails", options: onePhase, around: always(failing("prepare", failPlain, false)), run: changeOne, kind: "storage", code: "DB-CORE-30036"},
		{name: "one phase: reply lost, record found", options: onePhase, around: always(failing("prepare", failUnknown, true)), run: changeOne, kind: "ok"},
		{name: "one phase: unknown", options: onePhase, around: always(failing("prepare", failUnknown, false)), run: changeOne, kind: "unknown", code: "DB-CORE-40005"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // the attempts to decide are some time apart
				ctx := t.Context()
				w := newWorld(t)
				w.item(1, 1, "t0", "v", 1, "cat", 7)
				w.item(1, 2, "t0", "v", 1, "cat", 7)
				if tt.before != nil {
					tt.before(w)
				}
				var around aroundFunc
				if tt.around != nil {
					around = tt.around(w)
				}
				options := tt.options
				if options == nil {
					options = func(*Options) {}
				}
				e := w.engine(around, options)
				tx := begin(t, e, tt.isolation)
				err := tt.run(ctx, t, e, tx)
				if err == nil {
					err = tx.Commit(ctx)
				}
				want(t, "outcome", outcome(err), tt.kind)
				if err == nil {
					return
				}
				var told *Error
				if !errors.As(err, &told) {
					t.Fatalf("error of type %T: %v", err, err)
				}
				want(t, "code", told.Code, tt.code)
				want(t, "transaction", told.TxID, tx.ID())
				if told.Message == "" {
					t.Errorf("no word on what happened: %v", err)
				}
			})
		})
	}
}

func always(around aroundFunc) func(*world) aroundFunc {
	return func(*world) aroundFunc { return around }
}
