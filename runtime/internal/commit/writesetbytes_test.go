package commit

import (
	"bytes"
	"errors"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/writeset"
	"github.com/scalargen/scalargen/storage"
)

// A write set that cannot be read, or that names what is not there, is left alone:
// no record is rolled by it, and the decision stays, which all else can follow.
func TestFinishOfAnUnknownWriteSet(t *testing.T) {
	t.Parallel()
	valid := writeset.Encode([]writeset.Group{{Entries: []writeset.Entry{itemEntry(1, 1)}}})
	entry := func(change func(*writeset.Entry)) []byte {
		e := itemEntry(1, 1)
		change(&e)
		return writeset.Encode([]writeset.Group{{Entries: []writeset.Entry{itemEntry(1, 1), e}}})
	}
	for name, set := range map[string][]byte{
		"no bytes":                   {},
		"garbage":                    []byte("garbage"),
		"zeroes":                     make([]byte, 20),
		"version 2":                  append([]byte{8, 2}, valid[2:]...),
		"no payload":                 {8, 1},
		"cut short":                  valid[:len(valid)-1],
		"with garbage behind":        append(bytes.Clone(valid), 0xff, 0xff),
		"a table that is not there":  entry(func(e *writeset.Entry) { e.Table.Name = "gone" }),
		"a table without metadata":   entry(func(e *writeset.Entry) { e.Table = stateName }),
		"a key column that is not":   entry(func(e *writeset.Entry) { e.Clustering[0].Name = "x" }),
		"a key column too few":       entry(func(e *writeset.Entry) { e.Clustering = nil }),
		"a key column of other type": entry(func(e *writeset.Entry) { e.Clustering[0].Value = storage.BigIntValue(1) }),
		"a key column that is NULL":  entry(func(e *writeset.Entry) { e.Clustering[0].Value = storage.Null(storage.Int) }),
	} {
		for _, state := range []State{Committed, Aborted} {
			t.Run(name+", "+state.String(), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				w := newWorld(t)
				w.grouped()
				w.prepared(Prepared, 1, "mine")
				w.decideWith("mine", state, set)
				record, row := w.storedItem(1, 1), w.stored(stateName, storage.TextValue("mine"))
				e := w.engine(nil)
				done, err := e.Finish(ctx, "mine")
				if e := (*Error)(nil); done || !errors.As(err, &e) || e.Kind != ErrStorage || e.TxID != "mine" {
					t.Errorf("Finish = %v, %v; want an ErrStorage about the transaction", done, err)
				}
				want(t, "record", w.storedItem(1, 1), record)
				want(t, "row", w.stored(stateName, storage.TextValue("mine")), row)
				status, err := e.Status(ctx, "mine")
				ok(t, err)
				want(t, "status", status.String(), state.String())
				want(t, "read", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), map[State]string{Committed: newValue, Aborted: oldValue}[state])
			})
		}
	}
}

// Whatever bytes are there, Finish rolls records as they were decided or not at
// all, and keeps the decision after an error.
func FuzzFinish(f *testing.F) {
	f.Add(writeset.Encode([]writeset.Group{{Entries: []writeset.Entry{itemEntry(1, 1)}}}), true)
	f.Add(writeset.Encode([]writeset.Group{{Child: "a"}, {Child: "b", Entries: []writeset.Entry{itemEntry(1, 1), itemEntry(1, 2)}}}), false)
	f.Add(writeset.Encode(nil), true)
	f.Add([]byte{8, 2}, false)
	f.Fuzz(func(t *testing.T, set []byte, commits bool) {
		w := newWorld(t)
		w.grouped()
		w.prepared(Prepared, 1, "mine")
		w.item(1, 2, "t0", "v", 5)
		record, other := w.storedItem(1, 1), w.storedItem(1, 2)
		state, completed := Aborted, "v=1 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20"
		if commits {
			state, completed = Committed, "v=2 tx_id=mine tx_state=3 tx_version=2 tx_prepared_at=1 tx_committed_at=77"
		}
		w.decideWith("mine", state, set)
		done, err := w.engine(nil).Finish(t.Context(), "mine")
		if got := w.storedItem(1, 1); got != record && got != completed {
			t.Errorf("the record is %s", got)
		}
		want(t, "a record of another transaction", w.storedItem(1, 2), other)
		if gone := w.stored(stateName, storage.TextValue("mine")) == "absent"; gone != (done && err == nil) {
			t.Errorf("Finish = %v, %v; the decision is gone: %v", done, err, gone)
		}
	})
}
