package commit

import (
	"context"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/storage/faulty"
)

// An ABORTED row says nothing of a record that is committed by now: it may have
// come when its transaction was committed, completed and finished.
func TestSlowReaderDoesNotBelieveALateAbort(t *testing.T) {
	t.Parallel()
	for _, isolation := range []Isolation{Snapshot, Serializable} {
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1")
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "read decision" {
				w.item(1, 1, "T1", "v", 2)
				w.decide("T1", Aborted, 99)
			}
			return send(ctx)
		})
		tx := begin(t, e, isolation)
		want(t, isolation.String(), get(t, tx, item(t, e, 1, 1)), "p=1 c=1 v=2")
		tx.Rollback()
		ok(t, e.Close(t.Context()))
	}
}

// Of several records some may be known already.
func TestGetOfRecordsThatArePartlyKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for p := 1; p <= 3; p++ {
		w.item(p, 1, "t0", "v", p)
	}
	e := w.engine(nil)
	tx := begin(t, e, Snapshot)
	get(t, tx, item(t, e, 1, 1))
	rows, err := tx.Get(t.Context(), item(t, e, 3, 1), item(t, e, 1, 1), item(t, e, 2, 1))
	ok(t, err)
	for i, p := range []int64{3, 1, 2} {
		if rows[i][colV].Int64() != p {
			t.Errorf("row %d is of record %d, want %d", i, rows[i][colV].Int64(), p)
		}
	}
	rows, err = tx.Get(t.Context(), item(t, e, 1, 1), item(t, e, 8, 1), item(t, e, 3, 1))
	ok(t, err)
	if rows[0] == nil || rows[1] != nil || rows[2] == nil {
		t.Errorf("rows %v, want the first and the last", rows)
	}
	tx.Rollback()
}

// The recovery of one record says whether nothing is left to do, and why it
// cannot know.
func TestRecoverRecordTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		around func(w *world) aroundFunc
		done   bool
		want   string
	}{
		{"it is completed meanwhile", func(w *world) aroundFunc {
			return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				err := send(ctx)
				if phase(c) == "read decision" {
					w.item(1, 1, "T1", "v", 2)
				}
				return err
			}
		}, true, "ok"},
		{"it cannot be aborted", func(*world) aroundFunc {
			return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				if phase(c) == "decide" {
					return failPlain()
				}
				return send(ctx)
			}
		}, false, "storage"},
	} {
		w := newWorld(t)
		w.prepared(Prepared, 1, "T1")
		e := w.engine(tt.around(w))
		done, err := e.RecoverRecord(t.Context(), item(t, e, 1, 1))
		want(t, tt.name, outcome(err), tt.want)
		if done != tt.done {
			t.Errorf("%s: done is %v", tt.name, done)
		}
	}
}

// An error of a group does not name one record, for it may be another.
func TestErrorOfAGroupSaysThatItIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) == "prepare" {
			return failPlain()
		}
		return send(ctx)
	})
	for records, several := range map[int]bool{1: false, 2: true} {
		tx := begin(t, e, Snapshot)
		for p := range records {
			ok(t, insert(t.Context(), tx, item(t, e, p, 1), 1))
		}
		err := tx.Commit(t.Context())
		if err == nil || strings.Contains(err.Error(), "one of several records") != several || strings.Contains(err.Error(), "(p=0, c=1)") == several {
			t.Errorf("%d records: %v", records, err)
		}
	}
}
