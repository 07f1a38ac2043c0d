package commit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

func withWriteSets(o *Options) { o.WriteSets = true }

// A coordinator row that somebody finishes is gone although its transaction is
// committed. Its owner, who has lost the reply to the write of the row and finds
// that it is there and then that it is not, must not take that for an abort.
func TestFinishBesideALostReply(t *testing.T) {
	t.Parallel()
	// finishes returns an engine that loses the reply to its first write of a
	// decision; finish runs before each of its reads of a decision.
	finishes := func(w *world, finish func(), configure ...func(*Options)) *Engine {
		first := true
		return w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			switch phase(c) {
			case "decide":
				err := send(ctx)
				if first {
					first = false
					return &storage.Error{Op: "mutate", Class: storage.ErrUnknown}
				}
				return err
			case "read decision":
				finish()
			}
			return send(ctx)
		}, configure...)
	}
	t.Run("of its own row", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.grouped()
			other := w.engine(nil)
			e := finishes(w, func() {
				done, err := other.Finish(t.Context(), "mine")
				ok(t, err)
				if !done {
					t.Error("not finished")
				}
			}, withWriteSets)
			tx := begin(t, e, Snapshot, withID("mine"))
			ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
			err := tx.Commit(t.Context())
			if told := outcome(err); told != "ok" && told != "unknown" {
				t.Errorf("the transaction is committed, its client was told: %v\nstored: %s", err, w.storedItem(1, 1))
			}
		})
	})
	t.Run("whose place an abort has taken", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.grouped()
			other := w.engine(nil)
			e := finishes(w, func() {
				_, err := other.Finish(t.Context(), "mine")
				ok(t, err)
				_, err = other.Abort(t.Context(), "mine") // as a reader does that was slow since the record was prepared
				ok(t, err)
			}, withWriteSets)
			tx := begin(t, e, Snapshot, withID("mine"))
			ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
			err := tx.Commit(t.Context())
			if told := outcome(err); told != "ok" && told != "unknown" {
				t.Errorf("the transaction is committed, its client was told: %v\nstored: %s", err, w.storedItem(1, 1))
			}
		})
	})
	t.Run("of its group, by a member that was quicker", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.now.Store(0)
			w.grouped()
			other := w.engine(nil)
			var ids []string
			reads := 0
			e := finishes(w, func() {
				if reads++; reads == 2 { // the first member has read, and its client finishes it
					_, err := other.Finish(t.Context(), ids[0])
					ok(t, err)
				}
			}, withWriteSets, func(o *Options) { o.GroupCommit = &GroupCommit{} })
			told := make(chan error, 2)
			var txs []*Tx
			for c := range 2 {
				tx := begin(t, e, Snapshot)
				ok(t, insert(t.Context(), tx, item(t, e, c, 1), 1))
				ids, txs = append(ids, tx.ID()), append(txs, tx)
			}
			for _, tx := range txs {
				go func() { told <- tx.Commit(t.Context()) }()
			}
			for range txs {
				err := <-told
				if told := outcome(err); told != "ok" && told != "unknown" {
					t.Errorf("the transaction is committed, its client was told: %v\nstored: %s; %s", err, w.storedItem(0, 1), w.storedItem(1, 1))
				}
			}
			time.Sleep(time.Minute)
		})
	})
}

// A record in a state that the protocol does not know is rolled by nobody, and
// what the decision on it was is kept.
func TestFinishOfADamagedRecord(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string][]any{
		"unknown state": {"tx_id", "mine", "tx_state", 9, "tx_prepared_at", 1},
		"aborted":       {"tx_id", "mine", "tx_state", Aborted, "tx_prepared_at", 1},
	} {
		for _, state := range []State{Committed, Aborted} {
			w := newWorld(t)
			w.grouped()
			w.write(itemName, []storage.Value{intValue(1), intValue(1)}, append([]any{"v", 1}, columns...)...)
			before := w.storedItem(1, 1)
			w.decideWith("mine", state, writeset.Encode([]writeset.Group{{Entries: []writeset.Entry{itemEntry(1, 1)}}}))
			_, err := w.engine(nil).Finish(t.Context(), "mine")
			want(t, name+", "+state.String(), w.storedItem(1, 1), before)
			if err == nil && w.stored(stateName, storage.TextValue("mine")) == "absent" {
				t.Errorf("%s, %s: the decision is gone", name, state)
			}
		}
	}
}

// The records of another service are not in this database, so their decision is
// not this one's to remove.
func TestFinishOfATransactionOfSeveralServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.grouped()
	w.prepared(Prepared, 1, "mine")
	ours, theirs := itemEntry(1, 1), itemEntry(2, 1)
	ours.Participant, theirs.Participant = "ours", "theirs"
	w.decideWith("mine", Committed, writeset.Encode([]writeset.Group{{Entries: []writeset.Entry{ours}}, {Entries: []writeset.Entry{theirs}}}))
	done, err := w.engine(nil).Finish(t.Context(), "mine")
	if w.stored(stateName, storage.TextValue("mine")) == "absent" {
		t.Errorf("Finish = %v, %v, and the decision is gone: the prepared records of the other service will be rolled back", done, err)
	}
}

// decideWith stores a coordinator row with a write set.
func (w *world) decideWith(id string, state State, set []byte) {
	w.t.Helper()
	ctx := context.Background()
	meta, err := w.store.Table(ctx, stateName)
	ok(w.t, err)
	m := storage.Mutation{Table: meta, Op: storage.Put, Key: []storage.Value{storage.TextValue(id)},
		Columns: []int{meta.Column("tx_state"), meta.Column("tx_created_at"), meta.Column("tx_write_set")},
		Values:  []storage.Value{intValue(int(state)), storage.BigIntValue(77), storage.BlobValue(set)}}
	ok(w.t, w.store.Mutate(ctx, []storage.Mutation{m}))
}

// itemEntry names a record of item.
func itemEntry(p, c int) writeset.Entry {
	return writeset.Entry{Table: itemName,
		Partition:  []writeset.Column{{Name: "p", Value: intValue(p)}},
		Clustering: []writeset.Column{{Name: "c", Value: intValue(c)}}}
}
