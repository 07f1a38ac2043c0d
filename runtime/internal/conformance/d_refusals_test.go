package conformance

import (
	"context"
	"reflect"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

func conditionsOnAbsentRecords(t *testing.T, s *suite) {
	conditions := []tried{exists, on("v", storage.Eq, 5), on("v", storage.Ne, 5), on("v", storage.IsNull, nil), on("v", storage.IsNotNull, nil)}
	tryEach(t, s, conditions, func(t *testing.T, a axes, condition tried, op string, read bool) {
		w := s.world(t)
		c := w.client()
		x, ref := c.begin(a.begin()...), c.item(1, 1)
		if read {
			want(t, "read", x.get(ref), absent)
		}
		err := x.writeIf(op, ref, condition)
		want(t, op, outcome(err), "condition")
		want(t, "code", codeOf(err), "DB-CORE-20018")
		want(t, "the transaction goes on", x.insert(ref, "v", 1), "ok")
		want(t, "commit", x.commit(), "ok")
		c.drain()
		c = w.client()
		want(t, "stored", c.begin().get(c.item(1, 1)), "v=1")
	})
	run(t, "deleted by the transaction", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			w := conditioned(s, t)
			c := w.client()
			x, ref := c.begin(a.begin()...), c.item(1, 1)
			want(t, "delete", x.delete(ref), "ok")
			for _, op := range []string{"update", "delete"} {
				want(t, op, outcome(x.writeIf(op, ref, exists)), "condition")
			}
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "stored", w.item(1, 1), absent)
		})
	})
	run(t, "does not exist", func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, read := range []bool{false, true} {
				w := conditioned(s, t)
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				atCall := read && !a.is(commit.ReadCommitted)
				if read {
					want(t, "read", x.get(ref), "v=5 w=n")
				}
				if atCall {
					want(t, "insert", x.insert(ref, "v", 9), "exists")
					want(t, "commit", x.commit(), "ok")
				} else {
					want(t, "insert", x.insert(ref, "v", 9), "ok")
					want(t, "commit", x.commit(), "exists")
				}
				c.drain()
				c = w.client()
				want(t, "stored", c.begin().get(c.item(1, 1)), "v=5 w=n")
			}
		})
	})
}

func unconditionalWrites(t *testing.T, s *suite) {
	for _, tt := range []struct{ op, state, commit, want string }{
		{"update", "absent", "ok", absent},
		{"update", "present", "ok", "v=9 w=n"},
		{"upsert", "absent", "ok", "v=9"},
		{"upsert", "present", "ok", "v=9 w=n"},
		{"insert", "absent", "ok", "v=9"},
		{"insert", "present", "exists", "v=5 w=n"},
		{"delete", "absent", "ok", absent},
		{"delete", "present", "ok", absent},
	} {
		run(t, tt.op+" "+tt.state, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				stored := func() *world {
					if tt.state == "present" {
						return conditioned(s, t)
					}
					return s.world(t)
				}
				w := stored()
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, tt.op, x.write(tt.op, c.item(1, 1), "v", 9), "ok")
				want(t, "commit", x.commit(), tt.commit)
				c.drain()
				c = w.client()
				want(t, "stored", c.begin().get(c.item(1, 1)), tt.want)

				// The same as a transaction of its own.
				w = stored()
				db, _ := w.db(nil, scalar.DefaultIsolation(scalar.Isolation(a.Isolation)))
				ctx := context.Background()
				var err error
				full := Item{P: 1, C: 1, V: scalar.Some[int32](9)}
				switch tt.op {
				case "update":
					err = itemRecords.Update(ctx, db, ItemKey{1, 1}, scalar.Set(itemColumns.V, 9))
				case "upsert":
					err = itemRecords.Upsert(ctx, db, full)
				case "insert":
					err = itemRecords.Insert(ctx, db, full)
				default:
					err = itemRecords.Delete(ctx, db, ItemKey{1, 1})
				}
				want(t, tt.op+" of its own", outcome(err), tt.commit)
				c = w.client()
				wanted := tt.want
				if tt.op == "upsert" {
					wanted = "v=9" // a typed record has all columns
				}
				want(t, "stored", c.begin().get(c.item(1, 1)), wanted)
			})
		})
	}
}

func conditionsReadForThemselves(t *testing.T, s *suite) {
	for _, tt := range []struct {
		condition tried
		want      string
	}{{on("v", storage.Eq, 5), "ok"}, {exists, "ok"}, {on("v", storage.Eq, 6), "condition"}} {
		run(t, tt.condition.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for _, op := range []string{"update", "delete"} {
					w := conditioned(s, t)
					c := w.client()
					x, ref := c.begin(a.begin()...), c.item(1, 1)
					want(t, op, outcome(x.writeIf(op, ref, tt.condition)), tt.want)
					want(t, "storage calls", c.sent(), "get")
					if tt.want == "ok" { // the version that was found is the one that is replaced
						w.otherUpdates(1, 1, "w", "other")
						want(t, "commit", x.commit(), "conflict")
					}
				}
			})
		})
	}
}

func impossibleConditions(t *testing.T, s *suite) {
	run(t, "does not compile", func(t *testing.T) {
		update := reflect.TypeOf(itemRecords.UpdateIf)
		guard := update.In(3)
		accepts := func(what string, of reflect.Type, by reflect.Type, yes bool) {
			t.Helper()
			want(t, what, of.AssignableTo(by), yes)
		}
		accepts("a comparison of a data column guards an update", reflect.TypeOf(scalar.Eq(itemColumns.V, 1)), guard, true)
		accepts("a comparison of a key column", reflect.TypeOf(scalar.Eq(itemColumns.C, 1)), guard, false)
		accepts("a LIKE or OR", reflect.TypeFor[scalar.Filter[Item]](), guard, false)
		accepts("a condition on another table", reflect.TypeFor[scalar.Cond[struct{}, scalar.Data]](), guard, false)
		want(t, "a delete takes the same", reflect.TypeOf(itemRecords.DeleteIf).In(3), guard)
		want(t, "an insert takes none", reflect.TypeOf(itemRecords.Insert).NumIn(), 3)
		set := reflect.TypeOf(scalar.Set[Item, int32, scalar.Ordered]).In(0)
		accepts("a key column in an assignment", reflect.TypeOf(itemColumns.C), set, false)
		accepts("a data column in an assignment", reflect.TypeOf(itemColumns.V), reflect.TypeOf(scalar.Set[Item, int32, scalar.NullOrdered]).In(0), true)
	})
	run(t, "zero and mistyped conditions", func(t *testing.T) {
		w := conditioned(s, t)
		db, _ := w.db(nil)
		ctx := context.Background()
		mistyped := itemColumns.V
		mistyped.Encode = func(int32) scalar.Value { return scalar.TextValue("5") }
		at, other := ItemKey{1, 1}, scalar.Set(itemColumns.W, "x")
		want(t, "zero condition of an update", outcome(itemRecords.UpdateIf(ctx, db, at, scalar.Cond[Item, scalar.Data]{}, other)), "invalid")
		want(t, "zero condition of a delete", outcome(itemRecords.DeleteIf(ctx, db, at, scalar.Cond[Item, scalar.Data]{})), "invalid")
		want(t, "value of another type", outcome(itemRecords.UpdateIf(ctx, db, at, scalar.Eq(mistyped, 5), other)), "invalid")
		want(t, "assignment of another type", outcome(itemRecords.Update(ctx, db, at, scalar.Set(mistyped, 5))), "invalid")
		want(t, "no assignment", outcome(itemRecords.Update(ctx, db, at)), "invalid")
		want(t, "stored", w.item(1, 1), "v=5 w=n tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20")
	})
	// Code cannot be generated for metadata, so the tables here are written by
	// hand.
	for _, column := range []struct {
		name string
		typ  storage.Type
	}{{"tx_id", scalar.TypeText}, {"tx_state", scalar.TypeInt}, {"tx_committed_at", scalar.TypeBigInt}, {"before_v", scalar.TypeInt}, {"before_tx_id", scalar.TypeText}} {
		run(t, "metadata "+column.name, func(t *testing.T) {
			w := conditioned(s, t)
			db, _ := w.db(nil)
			ctx := context.Background()
			records := typedTable(itemTable)
			records.Def.Columns[2] = scalar.ColumnDef{Name: column.name, Type: column.typ}
			meta := scalar.Column[Item, int32, scalar.Data, scalar.NullOrdered]{Pos: 2, Encode: func(v int32) scalar.Value {
				return value(column.typ, map[storage.Type]any{scalar.TypeText: "T0", scalar.TypeInt: 3, scalar.TypeBigInt: 20}[column.typ])
			}}
			at := ItemKey{1, 1}
			want(t, "assignment", outcome(records.Update(ctx, db, at, scalar.Set(meta, 0))), "invalid")
			want(t, "condition of an update", outcome(records.UpdateIf(ctx, db, at, scalar.Ne(meta, 0), scalar.Set(itemColumns.W, "x"))), "invalid")
			want(t, "condition of a delete", outcome(records.DeleteIf(ctx, db, at, scalar.IsNotNull(meta))), "invalid")
			want(t, "upsert", outcome(records.Upsert(ctx, db, Item{P: 1, C: 1})), "invalid")
			want(t, "stored", w.item(1, 1), "v=5 w=n tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20")
		})
	}
}
