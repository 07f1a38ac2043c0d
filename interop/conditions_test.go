package interop

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// Of every condition on every stored value both libraries think the same
// (storage.md, section 1.5).
func TestConditions(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		ctx := t.Context()
		table := valuesTable(db, storage.Int, storage.Asc)
		clients := map[string]client{}
		for _, l := range libraries {
			clients[l.name] = l.open(t, db, options{})
		}
		ok(t, clients["java"].administration().create(ctx, table))
		eye := goRaw{db.eye(t)}
		// What is in column i: NULL, less, equal or greater than 5, or no record.
		stored := []*storage.Value{nil}
		for _, v := range []storage.Value{storage.Null(storage.Int), storage.IntValue(4), storage.IntValue(5), storage.IntValue(6)} {
			stored = append(stored, &v)
		}
		conditions := []storage.Mutation{{Condition: storage.Always}, {Condition: storage.IfExists}, {Condition: storage.IfNotExists}}
		for operator := storage.Eq; operator <= storage.IsNotNull; operator++ {
			for _, and := range []storage.Operator{operator, storage.IsNull, storage.IsNotNull} {
				conditions = append(conditions, storage.Mutation{Condition: storage.If, Where: []storage.Predicate{
					{Column: indexColumn, Operator: operator, Value: storage.IntValue(5)},
					{Column: indexColumn, Operator: and, Value: storage.IntValue(5)},
				}})
			}
		}
		for n, v := range stored {
			for c, m := range conditions {
				for _, op := range []storage.Op{storage.Put, storage.Delete} {
					if op == storage.Delete && m.Condition == storage.IfNotExists {
						continue
					}
					var results []string
					for _, l := range libraries {
						key := []storage.Value{storage.IntValue(int32(n)), storage.IntValue(int32(c))}
						restore := storage.Mutation{Table: table, Op: storage.Delete, Key: key}
						ok(t, eye.mutate(ctx, []storage.Mutation{restore}))
						if v != nil {
							ok(t, eye.mutate(ctx, []storage.Mutation{{Table: table, Key: key, Columns: []int{indexColumn}, Values: []storage.Value{*v}}}))
						}
						m.Table, m.Op, m.Key, m.Columns, m.Values = table, op, key, nil, nil
						if op == storage.Put {
							m.Columns, m.Values = []int{markColumn}, []storage.Value{storage.IntValue(7)}
						}
						got := outcome(clients[l.name].raw().mutate(ctx, []storage.Mutation{m}))
						results = append(results, got+" "+show(table, must(eye.get(ctx, table, key))(t)))
					}
					if results[0] != results[1] {
						t.Errorf("op %d, condition %d %v on %v: go %s, java %s", op, m.Condition, m.Where, fmt.Sprint(v), results[0], results[1])
					}
				}
			}
		}
	})
}
