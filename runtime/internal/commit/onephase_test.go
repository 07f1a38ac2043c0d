package commit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// Which transactions commit in one phase, and by what request: P for a put, D for
// a delete, C for a check, each with ! if the record must not exist. The records:
// items (1,1) and (1,2), (2,1), the imported (3,1); account a.
func TestOnePhaseEligibility(t *testing.T) {
	t.Parallel()
	limited := func(n int) []memory.Option {
		return []memory.Option{memory.WithAtomicity(storage.AtomicStorage, n)}
	}
	unit := func(a storage.Atomicity) []memory.Option { return []memory.Option{memory.WithAtomicity(a, 0)} }
	type steps []func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error
	updates := func(refs ...[2]int) (s steps) {
		for _, r := range refs {
			s = append(s, func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
				return update(ctx, tx, item(t, e, r[0], r[1]), 50)
			})
		}
		return s
	}
	step := func(do func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error) steps { return steps{do} }
	gets := func(p, c int) steps {
		return step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			_, err := tx.Get(ctx, item(t, e, p, c))
			return err
		})
	}
	deletes := func(p, c int) steps {
		return step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			return tx.Delete(ctx, item(t, e, p, c), nil)
		})
	}
	inserts := func(p, c int) steps {
		return step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			return insert(ctx, tx, item(t, e, p, c), 7)
		})
	}
	upserts := func(p, c int) steps {
		return step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			ref := item(t, e, p, c)
			return tx.Upsert(ctx, ref, set(ref.Table, "v", 7))
		})
	}
	account := step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		ref := acct(t, e, "a")
		return tx.Update(ctx, ref, set(ref.Table, "bal", 1), nil)
	})
	scans := step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return drain(ctx, tx, partition(e.must(t, itemName), 1))
	})
	join := func(all ...steps) (s steps) {
		for _, more := range all {
			s = append(s, more...)
		}
		return s
	}
	for _, tt := range []struct {
		name      string
		off       bool
		two       bool // the namespaces are two databases
		isolation Isolation
		storage   []memory.Option
		steps     steps
		want      string // the request; "" for two phases
	}{
		{name: "off", off: true, steps: updates([2]int{1, 1})},
		{name: "update", steps: updates([2]int{1, 1}), want: "P"},
		{name: "insert", steps: inserts(9, 9), want: "P!"},
		{name: "upsert of a record that is there", steps: upserts(1, 1), want: "P"},
		{name: "upsert of one that is not", steps: upserts(9, 9), want: "P P!"},
		{name: "update of an imported record", steps: updates([2]int{3, 1}), want: "P"},
		{name: "delete", steps: deletes(1, 1), want: "D"},
		{name: "delete of nothing", steps: deletes(9, 9)},
		{name: "delete of an own insert", steps: join(inserts(9, 9), deletes(9, 9))},
		{name: "delete of an own upsert of nothing", steps: join(upserts(9, 9), deletes(9, 9))},
		{name: "insert after a delete", steps: join(deletes(1, 1), inserts(1, 1)), want: "P"},
		{name: "several records", steps: join(updates([2]int{1, 1}, [2]int{2, 1}), deletes(1, 2), inserts(1, 3)), want: "PDP!P"},
		{name: "two tables", steps: join(updates([2]int{1, 1}), account), want: "PP"},
		{name: "two databases", two: true, steps: join(updates([2]int{1, 1}), account)},
		{name: "one of two databases", two: true, steps: updates([2]int{1, 1}, [2]int{2, 1}), want: "PP"},

		{name: "per namespace", storage: unit(storage.AtomicNamespace), steps: updates([2]int{1, 1}, [2]int{2, 1}), want: "PP"},
		{name: "two namespaces, per namespace", storage: unit(storage.AtomicNamespace), steps: join(updates([2]int{1, 1}), account)},
		{name: "two partitions, per table", storage: unit(storage.AtomicTable), steps: updates([2]int{1, 1}, [2]int{2, 1}), want: "PP"},
		{name: "two tables, per table", storage: unit(storage.AtomicTable), steps: join(updates([2]int{1, 1}), account)},
		{name: "one partition, per partition", storage: unit(storage.AtomicPartition), steps: updates([2]int{1, 1}, [2]int{1, 2}), want: "PP"},
		{name: "two partitions, per partition", storage: unit(storage.AtomicPartition), steps: updates([2]int{1, 1}, [2]int{2, 1})},
		{name: "one record, per record", storage: unit(storage.AtomicRecord), steps: updates([2]int{1, 1}), want: "P"},
		{name: "two records, per record", storage: unit(storage.AtomicRecord), steps: updates([2]int{1, 1}, [2]int{1, 2})},
		{name: "as many as the storage takes", storage: limited(2), steps: updates([2]int{1, 1}, [2]int{1, 2}), want: "PP"},
		{name: "more than the storage takes", storage: limited(1), steps: updates([2]int{1, 1}, [2]int{1, 2})},

		{name: "reads, SNAPSHOT", steps: join(gets(1, 2), gets(8, 8), scans, updates([2]int{1, 1})), want: "P"},
		{name: "reads elsewhere, SNAPSHOT", storage: unit(storage.AtomicRecord), steps: join(gets(2, 1), updates([2]int{1, 1})), want: "P"},
		{name: "reads, READ_COMMITTED", isolation: ReadCommitted, steps: join(gets(1, 2), updates([2]int{1, 1})), want: "P"},

		{name: "nothing to validate, SERIALIZABLE", isolation: Serializable, steps: join(gets(1, 1), updates([2]int{1, 1})), want: "P"},
		{name: "a record read, SERIALIZABLE", isolation: Serializable, steps: join(gets(1, 2), updates([2]int{1, 1})), want: "PC"},
		{name: "an imported record read, SERIALIZABLE", isolation: Serializable, steps: join(gets(3, 1), updates([2]int{1, 1})), want: "PC"},
		{name: "an absence read, SERIALIZABLE", isolation: Serializable, steps: join(gets(8, 8), updates([2]int{1, 1}))},
		{name: "an absence read and filled, SERIALIZABLE", isolation: Serializable, steps: join(gets(8, 8), inserts(8, 8)), want: "P!"},
		{name: "an update of nothing, SERIALIZABLE", isolation: Serializable, steps: join(updates([2]int{8, 8}), updates([2]int{1, 1}))},
		{name: "a scan, SERIALIZABLE", isolation: Serializable, steps: join(scans, updates([2]int{1, 1}))},
		{name: "a record read in the partition, SERIALIZABLE", isolation: Serializable, storage: unit(storage.AtomicPartition), steps: join(gets(1, 2), updates([2]int{1, 1})), want: "PC"},
		{name: "a record read in another partition, SERIALIZABLE", isolation: Serializable, storage: unit(storage.AtomicPartition), steps: join(gets(2, 1), updates([2]int{1, 1}))},
		{name: "checks count, SERIALIZABLE", isolation: Serializable, storage: limited(2), steps: join(gets(1, 2), gets(2, 1), updates([2]int{1, 1}))},
		{name: "a record read in another database, SERIALIZABLE", isolation: Serializable, two: true, steps: join(gets(1, 1), account)},
		{name: "a failed insert has read, SERIALIZABLE", isolation: Serializable, steps: join(updates([2]int{1, 1}), step(func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
			if _, err := tx.Get(ctx, item(t, e, 1, 2)); err != nil {
				return err
			}
			want(t, "insert", outcome(insert(ctx, tx, item(t, e, 1, 2), 1)), "exists")
			return nil
		})), want: "PC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := newWorld(t, tt.storage...)
			w.item(1, 1, "t0", "v", 1)
			w.item(1, 2, "t0", "v", 2)
			w.item(2, 1, "t0", "v", 3)
			w.write(itemName, []storage.Value{intValue(3), intValue(1)}, "v", 4)
			w.committed(acctName, []storage.Value{storage.TextValue("a")}, "t0", "bal", 9)
			var requests []string
			decisions := 0
			e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				switch phase(c) {
				case "decide":
					decisions++
				case "prepare":
					requests = append(requests, requestText(c.Mutations))
				}
				return send(ctx)
			}, func(o *Options) { o.OnePhase = !tt.off })
			if tt.two {
				e.storage = twoStorages{e.storage}
			}
			tx := begin(t, e, tt.isolation)
			for _, do := range tt.steps {
				ok(t, do(ctx, t, e, tx))
			}
			ok(t, tx.Commit(ctx))
			switch {
			case tt.want == "" && decisions != 1:
				t.Errorf("%d decisions, want two phases; requests %v", decisions, requests)
			case tt.want != "":
				want(t, "requests", fmt.Sprint(requests, decisions), fmt.Sprint([]string{tt.want}, 0))
			}
			w.recoverAll(t)
		})
	}
}

func requestText(group []storage.Mutation) (s string) {
	for _, m := range group {
		s += map[storage.Op]string{storage.Put: "P", storage.Delete: "D", storage.Check: "C"}[m.Op]
		if m.Condition == storage.IfNotExists {
			s += "!"
		}
	}
	return s
}

// A lost reply is settled by any record that carries the transaction's id, and by
// nothing else: that none does proves nothing.
func TestOnePhaseWithALostReply(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		apply bool
		after func(w *world)
		want  string
	}{
		{name: "applied", apply: true, want: "ok"},
		{name: "not applied", want: "unknown"},
		{name: "applied, one record overwritten since", apply: true, after: func(w *world) { w.item(1, 1, "later", "v", 9) }, want: "ok"},
		{name: "applied, one record prepared since", apply: true, after: func(w *world) { w.prepared(Prepared, 1, "later") }, want: "ok"},
		{name: "applied, one record removed since", apply: true, after: func(w *world) { w.remove(1, 1) }, want: "ok"},
		{name: "applied, all overwritten since", apply: true, after: func(w *world) { w.item(1, 1, "later"); w.item(1, 2, "later") }, want: "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if phase(c) != "prepare" {
						return send(ctx)
					}
					if tt.apply {
						ok(t, send(ctx))
					}
					if tt.after != nil {
						tt.after(w)
					}
					return unclear(c, "reply lost")
				}, onePhase)
				tx := begin(t, e, Snapshot, withID("mine"))
				ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
				ok(t, insert(t.Context(), tx, item(t, e, 1, 2), 2))
				want(t, "commit", outcome(tx.Commit(t.Context())), tt.want)
				want(t, "coordinator row", w.stored(stateName, storage.TextValue("mine")), "absent")
			})
		})
	}
}
