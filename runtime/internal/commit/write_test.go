package commit

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// Two writes of one record in one transaction (spec 3.6), with the differences
// that docs/decisions.md names: an insert over an own write reports that the
// record exists, and an own insert may be deleted.
func TestPairsOfWrites(t *testing.T) {
	t.Parallel()
	const kept = "v=1 w=old" // the stored record
	writes := map[string]func(ctx context.Context, tx *Tx, ref Ref, v int) error{
		"insert": func(ctx context.Context, tx *Tx, ref Ref, v int) error {
			return tx.Insert(ctx, ref, set(ref.Table, "v", v))
		},
		"upsert": func(ctx context.Context, tx *Tx, ref Ref, v int) error {
			return tx.Upsert(ctx, ref, set(ref.Table, "v", v))
		},
		"update": func(ctx context.Context, tx *Tx, ref Ref, v int) error {
			return tx.Update(ctx, ref, set(ref.Table, "v", v), nil)
		},
		"delete": func(ctx context.Context, tx *Tx, ref Ref, _ int) error { return tx.Delete(ctx, ref, nil) },
	}
	for _, tt := range []struct{ first, second, absent, present string }{
		{"insert", "insert", "second: exists", "second: exists"},
		{"insert", "upsert", "v=11", "commit: exists"},
		{"insert", "update", "v=11", "commit: exists"},
		{"insert", "delete", "absent", "commit: exists"},
		{"upsert", "insert", "second: exists", "second: exists"},
		{"upsert", "upsert", "v=11", "v=11 w=old"},
		{"upsert", "update", "v=11", "v=11 w=old"},
		{"upsert", "delete", "absent", "absent"},
		{"update", "insert", "v=11", "second: exists"},
		{"update", "upsert", "v=11", "v=11 w=old"},
		{"update", "update", "absent", "v=11 w=old"},
		{"update", "delete", "absent", "absent"},
		{"delete", "insert", "v=11", "v=11"},
		{"delete", "upsert", "v=11", "v=11"},
		{"delete", "update", "absent", "absent"},
		{"delete", "delete", "absent", "absent"},
	} {
		for _, present := range []bool{false, true} {
			for _, isolation := range isolations {
				t.Run(fmt.Sprintf("%s %s present=%v %v", tt.first, tt.second, present, isolation), func(t *testing.T) {
					t.Parallel()
					ctx := t.Context()
					w := newWorld(t)
					wanted, unchanged := tt.absent, "absent"
					if present {
						w.item(1, 1, "t0", "v", 1, "w", "old")
						wanted, unchanged = tt.present, kept
					}
					e := w.engine(nil)
					ref := item(t, e, 1, 1)
					tx := begin(t, e, isolation)
					ok(t, writes[tt.first](ctx, tx, ref, 10))
					if err := writes[tt.second](ctx, tx, ref, 11); err != nil {
						want(t, "second", "second: "+outcome(err), wanted)
						tx.Rollback()
						want(t, "stored", get(t, begin(t, e, Snapshot), ref), prefixKey(unchanged))
						return
					}
					seen := get(t, tx, ref)
					if err := tx.Commit(ctx); err != nil {
						want(t, "commit", "commit: "+outcome(err), wanted)
						want(t, "stored", get(t, begin(t, e, Snapshot), ref), prefixKey(unchanged))
						return
					}
					want(t, "stored", get(t, begin(t, e, Snapshot), ref), prefixKey(wanted))
					want(t, "seen before the commit", seen, prefixKey(wanted))
				})
			}
		}
	}
}

func prefixKey(row string) string {
	if row == "absent" {
		return row
	}
	return "p=1 c=1 " + row
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		column string
		op     storage.Operator
		value  any
		holds  bool
	}{
		{"equal", "v", storage.Eq, 5, true},
		{"not equal", "v", storage.Eq, 6, false},
		{"differs", "v", storage.Ne, 6, true},
		{"does not differ", "v", storage.Ne, 5, false},
		{"greater", "v", storage.Gt, 4, true},
		{"not greater", "v", storage.Gt, 5, false},
		{"at least", "v", storage.Ge, 5, true},
		{"less", "v", storage.Lt, 6, true},
		{"not less", "v", storage.Lt, 5, false},
		{"at most", "v", storage.Le, 5, true},
		{"NULL equals nothing", "cat", storage.Eq, 0, false},
		{"NULL differs from nothing", "cat", storage.Ne, 0, false},
		{"NULL is not less", "cat", storage.Lt, 100, false},
		{"is NULL", "cat", storage.IsNull, nil, true},
		{"is not NULL", "cat", storage.IsNotNull, nil, false},
		{"text", "w", storage.Ge, "m", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t)
			w.item(1, 1, "t0", "v", 5, "w", "n")
			e := w.engine(nil)
			ref := item(t, e, 1, 1)
			condition := []storage.Predicate{where(ref.Table, tt.column, tt.op, tt.value)}
			wanted := "condition"
			if tt.holds {
				wanted = "ok"
			}
			for _, op := range []string{"update", "delete"} {
				tx := begin(t, e, Snapshot)
				var err error
				if op == "update" {
					err = tx.Update(ctx, ref, set(ref.Table, "v", 9), condition)
				} else {
					err = tx.Delete(ctx, ref, condition)
				}
				want(t, op, outcome(err), wanted)
				if !tt.holds && !strings.Contains(err.Error(), tt.column) {
					t.Errorf("%s: the error does not name the column: %v", op, err)
				}
				tx.Rollback()
			}
		})
	}
}

// A condition is decided against what the transaction sees, its own writes
// included, and a condition that fails leaves the transaction usable.
func TestConditionsSeeOwnWrites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 5)
	e := w.engine(nil)
	ref, none := item(t, e, 1, 1), item(t, e, 1, 2)
	isSix := []storage.Predicate{where(ref.Table, "v", storage.Eq, 6)}
	exists := []storage.Predicate{}
	tx := begin(t, e, Snapshot)
	want(t, "before the own write", outcome(tx.Update(ctx, ref, set(ref.Table, "v", 7), isSix)), "condition")
	ok(t, tx.Update(ctx, ref, set(ref.Table, "v", 6), nil))
	ok(t, tx.Update(ctx, ref, set(ref.Table, "w", "yes"), isSix))
	want(t, "absent, must exist", outcome(tx.Update(ctx, none, set(ref.Table, "v", 7), exists)), "condition")
	want(t, "absent, delete that must exist", outcome(tx.Delete(ctx, none, exists)), "condition")
	ok(t, tx.Insert(ctx, none, set(ref.Table, "v", 6)))
	ok(t, tx.Delete(ctx, none, isSix))
	want(t, "deleted", outcome(tx.Update(ctx, none, set(ref.Table, "v", 7), exists)), "condition")
	ok(t, tx.Commit(ctx))
	want(t, "stored", get(t, begin(t, e, Snapshot), ref), "p=1 c=1 v=6 w=yes")
	want(t, "stored", get(t, begin(t, e, Snapshot), none), "absent")
}

// A condition that failed is a read: under SERIALIZABLE it must still fail when
// the transaction commits.
func TestFailedConditionIsValidated(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 5)
	e := w.engine(nil)
	ref := item(t, e, 1, 1)
	tx := begin(t, e, Serializable)
	want(t, "condition", outcome(tx.Delete(ctx, ref, []storage.Predicate{where(ref.Table, "v", storage.Eq, 6)})), "condition")
	w.item(1, 1, "t1", "v", 6)
	ok(t, tx.Insert(ctx, item(t, e, 1, 2), Changes{}))
	want(t, "commit", outcome(tx.Commit(ctx)), "conflict")
}

// An insert that finds the record committed by somebody else is no conflict that
// goes away, unless the transaction has seen before that it was not there.
func TestInsertOfAnExistingRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, tx *Tx, ref Ref)
		want    string
	}{
		{"blind", func(*testing.T, *Tx, Ref) {}, "exists"},
		{"read as absent", func(t *testing.T, tx *Tx, ref Ref) { want(t, "read", get(t, tx, ref), "absent") }, "conflict"},
	} {
		for _, isolation := range isolations {
			t.Run(tt.name+" "+isolation.String(), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				w := newWorld(t)
				e := w.engine(nil)
				ref := item(t, e, 1, 1)
				tx := begin(t, e, isolation)
				tt.prepare(t, tx, ref)
				w.item(1, 1, "t1", "v", 1)
				ok(t, tx.Insert(ctx, ref, set(ref.Table, "v", 2)))
				want(t, "commit", outcome(tx.Commit(ctx)), tt.want)
				want(t, "stored", get(t, begin(t, e, Snapshot), ref), "p=1 c=1 v=1")
			})
		}
	}
}

// What an insert shows does not depend on a record that must not be there.
func TestInsertStandsOnNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 1, "w", "old")
	e := w.engine(nil)
	ref := item(t, e, 1, 1)
	tx := begin(t, e, Serializable)
	ok(t, tx.Insert(ctx, ref, set(ref.Table, "v", 2)))
	want(t, "read", get(t, tx, ref), "p=1 c=1 v=2")
	scan := partition(ref.Table, 1)
	scan.Where = storage.Filter{{where(ref.Table, "w", storage.Eq, "old")}}
	want(t, "scan", keysOf(tx, scan), "")
	want(t, "scan that meets the stored record", keysOf(tx, partition(ref.Table, 1)), "1")
	scan.Backward = true
	want(t, "scan after it", keysOf(tx, scan), "")
}

// That an insert is refused because the record is there is a read, too.
func TestRefusedInsertIsValidated(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.item(2, 1, "t0")
	w.prepared(Prepared, w.now.Load(), "T1")
	e := w.engine(nil)
	tx := begin(t, e, Serializable)
	_, err := tx.Get(ctx, item(t, e, 2, 1), item(t, e, 1, 1))
	want(t, "get of both", outcome(err), "uncommitted")
	want(t, "insert", outcome(tx.Insert(ctx, item(t, e, 2, 1), Changes{})), "exists")
	w.remove(2, 1)
	want(t, "commit", outcome(tx.Commit(ctx)), "conflict")
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	e := w.engine(nil)
	ref := item(t, e, 1, 1)
	everything := func(tx *Tx) []error {
		_, getErr := tx.Get(ctx, ref)
		return []error{
			getErr, drain(ctx, tx, partition(ref.Table, 1)), tx.Insert(ctx, ref, Changes{}), tx.Upsert(ctx, ref, Changes{}),
			tx.Update(ctx, ref, Changes{}, nil), tx.Delete(ctx, ref, nil), tx.Commit(ctx),
		}
	}
	t.Run("after commit", func(t *testing.T) {
		tx := begin(t, e, Snapshot)
		ok(t, tx.Commit(ctx))
		tx.Rollback()
		for i, err := range everything(tx) {
			want(t, fmt.Sprint("operation ", i), outcome(err), "closed")
		}
	})
	t.Run("after rollback", func(t *testing.T) {
		tx := begin(t, e, Snapshot)
		ok(t, tx.Insert(ctx, ref, Changes{}))
		tx.Rollback()
		for i, err := range everything(tx) {
			want(t, fmt.Sprint("operation ", i), outcome(err), "closed")
		}
		want(t, "stored", w.storedItem(1, 1), "absent")
	})
	t.Run("read-only", func(t *testing.T) {
		tx := begin(t, e, Snapshot, readOnly)
		for i, err := range everything(tx) {
			wanted := "ok"
			if i >= 2 && i <= 5 {
				wanted = "invalid"
			}
			want(t, fmt.Sprint("operation ", i), outcome(err), wanted)
		}
	})
	t.Run("beside a read", func(t *testing.T) {
		tx := begin(t, e, Snapshot)
		ok(t, tx.enter())
		for i, err := range everything(tx) {
			wanted := "invalid"
			if i < 2 {
				wanted = "ok" // reads may run concurrently
			}
			want(t, fmt.Sprint("operation ", i), outcome(err), wanted)
		}
		tx.leave()
		ok(t, tx.Commit(ctx))
	})
	t.Run("beside a write", func(t *testing.T) {
		tx := begin(t, e, Snapshot)
		ok(t, tx.enterAlone(active))
		for i, err := range everything(tx) {
			want(t, fmt.Sprint("operation ", i), outcome(err), "invalid")
		}
		tx.leaveAlone()
		ok(t, tx.Commit(ctx))
	})
	t.Run("commit inside a scan ends both", func(t *testing.T) {
		w.item(1, 1, "t0")
		w.item(1, 2, "t0")
		tx := begin(t, e, Snapshot)
		var ends []string
		for _, err := range tx.Scan(ctx, partition(ref.Table, 1)) {
			ends = append(ends, outcome(err))
			if err == nil {
				ends = append(ends, outcome(tx.Commit(ctx)))
			}
		}
		want(t, "rows", strings.Join(ends, " "), "ok invalid closed")
	})
	t.Run("closed engine", func(t *testing.T) {
		e := w.engine(nil)
		ok(t, e.Close(ctx))
		_, err := e.Begin(BeginOptions{})
		want(t, "begin", outcome(err), "closed")
	})
}

// An id that another program would misread is refused (spec 8.5).
func TestTransactionIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ id, want string }{
		{"order-4711", "ok"},
		{strings.Repeat("x", 39), "ok"},
		{strings.Repeat("x", 40), "invalid"},
		{"a,b", "invalid"},
		{strings.Repeat("x", 24) + "$", "invalid"},
		{strings.Repeat("x", 24) + "$child", "invalid"},
		{strings.Repeat("x", 23) + "$child", "ok"},
		{strings.Repeat("x", 25) + "$child", "ok"},
		{"é" + strings.Repeat("x", 23) + "$child", "invalid"},
	} {
		for _, source := range []string{"given", "generated"} {
			e := w.engine(nil, func(o *Options) { o.NewID = func() string { return tt.id } })
			o := BeginOptions{}
			if source == "given" {
				o.ID = tt.id
			}
			_, err := e.Begin(o)
			want(t, source+" "+tt.id, outcome(err), tt.want)
		}
	}
}
