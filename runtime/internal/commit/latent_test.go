package commit

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// A request whose reply is lost may still be under way: its record is looked for
// again after a pause.
func TestOnePhaseThatArrivesLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.now.Store(0)
		w.item(1, 1, "t0", "v", 1)
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) != "prepare" {
				return send(ctx)
			}
			go func() {
				time.Sleep(coordinatorPause * 2)
				ok(t, send(context.WithoutCancel(ctx)))
			}()
			return &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
		}, onePhase)
		tx := begin(t, e, Snapshot)
		ok(t, update(t.Context(), tx, item(t, e, 1, 1), 2))
		ok(t, tx.Commit(t.Context()))
	})
}

// What finds no place in the background is done by the one who needs it.
func TestRecoveryThatFindsNoPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepared(Prepared, 1, "T1")
	w.decide("T1", Committed, 77)
	e := w.engine(nil)
	e.background.tasks = backgroundLimit
	tx := begin(t, e, Snapshot)
	ok(t, update(t.Context(), tx, item(t, e, 1, 1), 3))
	ok(t, tx.Commit(t.Context()))
	e.background.tasks = 0
}

// The failure of a look at a record that others hold is told.
func TestWaitThatCannotLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.now.Store(0)
		w.prepared(Prepared, time.Now().UnixMilli(), "T1")
		looks := 0
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "get" {
				if looks++; looks > 1 {
					return failPlain()
				}
			}
			return send(ctx)
		}, func(o *Options) { o.Wait = time.Minute })
		tx := begin(t, e, Snapshot)
		want(t, "get", get(t, tx, item(t, e, 1, 1)), "storage")
		tx.Rollback()
	})
}

// A scan over own writes must know what they replace.
func TestScanThatCannotReadWhatOwnWritesReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 1)
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "get" {
			return failPlain()
		}
		return send(ctx)
	})
	tx := begin(t, e, Snapshot)
	ref := item(t, e, 1, 1)
	ok(t, tx.Upsert(t.Context(), ref, set(ref.Table, "v", 2)))
	want(t, "scan", read(t, tx, ref, "partition"), "storage")
	tx.Rollback()
}

// What a transaction has found absent stays so, along every path.
func TestScansOfWhatWasAbsent(t *testing.T) {
	t.Parallel()
	for _, access := range []string{"partition", "table", "index"} {
		w := newWorld(t)
		e := w.engine(nil)
		tx := begin(t, e, Snapshot)
		ref := item(t, e, 1, 1)
		want(t, "get", get(t, tx, ref), "absent")
		w.item(1, 1, "t0", "v", 1, "cat", 7)
		want(t, access, read(t, tx, ref, access), "absent")
		tx.Rollback()
	}
}

// A transaction is over when the storage has panicked in its commit.
func TestCommitThatPanicsEndsTheTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "prepare" {
			panic("tested")
		}
		return send(ctx)
	})
	tx := begin(t, e, Snapshot)
	ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
	func() {
		defer func() { _ = recover() }()
		_ = tx.Commit(t.Context())
	}()
	if _, err := tx.Get(t.Context(), item(t, e, 1, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("get: %v, want that the transaction has ended", err)
	}
}

// A table whose columns have changed places is another one, although it has the
// same columns.
func TestColumnsThatHaveChangedPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	def := TransactionTable(itemDefinition(), false)
	moved := *def
	moved.Columns = slices.Clone(def.Columns)
	v, cat := def.Column("v"), def.Column("cat")
	moved.Columns[v], moved.Columns[cat] = moved.Columns[cat], moved.Columns[v]
	moved.Indexes = nil
	for _, i := range def.Indexes {
		moved.Indexes = append(moved.Indexes, moved.Column(def.Columns[i].Name))
	}
	e := w.engine(nil)
	e.options.MetadataTTL = time.Nanosecond
	definitions := &deployed{Storage: w.store, table: def}
	e.storage = definitions
	before, err := e.Table(t.Context(), itemName)
	ok(t, err)
	definitions.table = &moved
	w.now.Add(1)
	after, err := e.Table(t.Context(), itemName)
	ok(t, err)
	if after == before || after.meta.Column("v") != cat {
		t.Error("the table is taken for the one that it was")
	}
}

// deployed is a storage whose tables are all defined as one is.
type deployed struct {
	storage.Storage
	table *storage.Table
}

func (d *deployed) Table(context.Context, storage.TableName) (*storage.Table, error) {
	return d.table, nil
}
