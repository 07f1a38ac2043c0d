package conformance

import (
	"context"
	"fmt"
	"slices"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(
	item{
		ID: "O01", Title: "scan of all partitions: every operator, LIKE with and without an escape, limit, nothing found",
		Verdict: difference, Reason: "Records come whole and in no order: projections and orderings of a scan across partitions are left to the program",
		Test: scansAcrossPartitions,
	},
	item{
		ID: "O02", Title: "scans across partitions turned off for the database, a transaction, an operation, and on again",
		Verdict: difference, Reason: "An operation that is a transaction of its own has the attribute; one within a transaction has that of the transaction",
		Test: permittedScans,
	},
	item{
		ID: "O03", Title: "metadata columns in the definition of the table and in what reads return",
		Verdict: difference, Reason: "There is no option. The storage and the engine always have the metadata, in definitions and rows; records of generated code never do",
		Test: metadataInReads,
	},
)

// spread stores records in partitions of their own, of which a filter shall
// choose; the clustering key tells them apart.
func spread(t *testing.T, s *suite) *world {
	w := s.world(t)
	for c, r := range [][]any{
		1: {"v", 1, "w", "abc", "cat", 7},
		2: {"v", 2, "w", "abd", "cat", 8},
		3: {"v", 3, "w", "a%c"},
		4: {"v", 4, "w", "a_c", "cat", 7},
		5: {"v", 5, "w", "ABC"},
		6: {"w", ""},
		7: {"v", -7, "w", `a\c`},
		8: {"v", 8},
	} {
		if r != nil {
			w.committed(itemTable, c, c, r...)
		}
	}
	return w
}

func scansAcrossPartitions(t *testing.T, s *suite) {
	type predicate struct {
		column string
		op     storage.Operator
		value  any
		escape string
	}
	type conjunction = []predicate
	one := func(column string, op storage.Operator, value any) []conjunction {
		return []conjunction{{{column: column, op: op, value: value}}}
	}
	like := func(op storage.Operator, pattern, escape string) []conjunction {
		return []conjunction{{{"w", op, pattern, escape}}}
	}
	for _, tt := range []struct {
		name   string
		filter []conjunction
		want   string
	}{
		{"no filter", nil, "1 2 3 4 5 6 7 8"},
		{"=", one("v", storage.Eq, 3), "3"},
		{"= of TEXT", one("w", storage.Eq, "abc"), "1"},
		{"= of empty TEXT", one("w", storage.Eq, ""), "6"},
		{"= of an indexed column", one("cat", storage.Eq, 7), "1 4"},
		{"<>", one("v", storage.Ne, 3), "1 2 4 5 7 8"},
		{">", one("v", storage.Gt, 4), "5 8"},
		{">=", one("v", storage.Ge, 4), "4 5 8"},
		{"<", one("v", storage.Lt, 2), "1 7"},
		{"<=", one("v", storage.Le, 2), "1 2 7"},
		{"> of TEXT", one("w", storage.Gt, "abc"), "2"},
		{"IS NULL", one("v", storage.IsNull, nil), "6"},
		{"IS NOT NULL", one("cat", storage.IsNotNull, nil), "1 2 4"},
		{"partition key", one("p", storage.Ge, 7), "7 8"},
		{"clustering key", one("c", storage.Le, 2), "1 2"},
		{"LIKE %", like(storage.Like, "ab%", ""), "1 2"},
		{"LIKE % inside", like(storage.Like, "a%c", ""), "1 3 4 7"},
		{"LIKE _", like(storage.Like, "ab_", ""), "1 2"},
		{"LIKE without a wildcard", like(storage.Like, "abc", ""), "1"},
		{"LIKE of everything", like(storage.Like, "%", ""), "1 2 3 4 5 6 7"},
		{"LIKE escaped %", like(storage.Like, `a\%c`, `\`), "3"},
		{"LIKE escaped _", like(storage.Like, `a\_c`, `\`), "4"},
		{"LIKE escaped escape", like(storage.Like, `a\\c`, `\`), "7"},
		{"LIKE with an escape of its own", like(storage.Like, "a#%c", "#"), "3"},
		{"LIKE with an escape of its own, the usual one literal", like(storage.Like, `a\c`, "#"), "7"},
		{"LIKE no escape, backslash literal", like(storage.Like, `a\c`, ""), "7"},
		{"NOT LIKE", like(storage.NotLike, "ab%", ""), "3 4 5 6 7"},
		{"NOT LIKE with an escape of its own", like(storage.NotLike, "a#_c", "#"), "1 2 3 5 6 7"},
		{"AND", []conjunction{{{column: "v", op: storage.Gt, value: 1}, {column: "cat", op: storage.Eq, value: 7}}}, "4"},
		{"OR", []conjunction{{{column: "v", op: storage.Eq, value: 1}}, {{column: "w", op: storage.Eq, value: "ABC"}}}, "1 5"},
		{"OR of ANDs", []conjunction{
			{{column: "v", op: storage.Ge, value: 1}, {column: "v", op: storage.Lt, value: 3}},
			{{column: "w", op: storage.Like, value: "%c"}, {column: "cat", op: storage.IsNull}},
		}, "1 2 3 7"},
		{"nothing found", one("v", storage.Eq, 99), ""},
		{"= of NULLs", one("cat", storage.Eq, 0), ""},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := spread(t, s)
				w.pages(3)
				c := w.client()
				x := c.begin(a.begin()...)
				scan := wholeTable(c.table(itemTable))
				for _, conjunction := range tt.filter {
					var all []storage.Predicate
					for _, p := range conjunction {
						q := where(scan.Table, p.column, p.op, p.value)
						q.Operator, q.Escape = p.op, p.escape
						all = append(all, q)
					}
					scan = filtered(scan, all...)
				}
				want(t, "found", x.keys(scan), tt.want)
				want(t, "in another table", x.keys(commit.Scan{Table: c.table(otherTable), Kind: storage.FullScan, Where: scan.Where}), "")
				want(t, "commit", x.commit(), "ok")
			})
		})
	}
	run(t, "limit", func(t *testing.T) {
		s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
			w := spread(t, s)
			w.pages(2)
			c := w.client()
			x := c.begin(a.begin()...)
			table := c.table(itemTable)
			for limit := 1; limit <= 7; limit++ {
				scan := limited(filtered(wholeTable(table), where(table, "v", storage.Gt, 0)), limit)
				var found []int64
				for row, err := range x.Scan(t.Context(), scan) {
					ok(t, err)
					found = append(found, intOf(table, row, "v"))
				}
				want(t, fmt.Sprint("records of at most ", limit), len(found), min(limit, 6))
				slices.Sort(found)
				want(t, "each once", len(slices.Compact(found)), min(limit, 6))
				want(t, "selected", found[0] > 0, true)
			}
			want(t, "commit", x.commit(), "ok")
		})
	})
	run(t, "typed", func(t *testing.T) {
		w := spread(t, s)
		db, _ := w.db(nil)
		ctx := context.Background()
		for _, tt := range []struct {
			name   string
			filter scalar.Filter[Item]
			want   string
		}{
			{"comparison", scalar.Ge(itemColumns.V, 4), "[4 5 8]"},
			{"key", scalar.Lt(itemColumns.P, 3), "[1 2]"},
			{"NULL", scalar.IsNull(itemColumns.V), "[6]"},
			{"LIKE", scalar.Like(itemColumns.W, "ab%"), "[1 2]"},
			{"LIKE with an escape of its own", scalar.LikeEscape(itemColumns.W, "a#%c", "#"), "[3]"},
			{"NOT LIKE", scalar.NotLike(itemColumns.W, "a%"), "[5 6]"},
			{"OR", scalar.Or[Item](scalar.Eq(itemColumns.V, 1), scalar.Eq(itemColumns.W, "ABC")), "[1 5]"},
			{"AND", scalar.And[Item](scalar.Gt(itemColumns.V, 1), scalar.Eq(itemColumns.Cat, 7)), "[4]"},
			{"nothing found", scalar.Eq(itemColumns.V, 99), "[]"},
		} {
			found := []int32{}
			for record, err := range itemRecords.Scan(ctx, db, allItems().Where(tt.filter)) {
				ok(t, err)
				found = append(found, record.C)
			}
			slices.Sort(found)
			want(t, tt.name, fmt.Sprint(found), tt.want)
		}
		count := 0
		for _, err := range itemRecords.Scan(ctx, db, allItems().Limit(3)) {
			ok(t, err)
			count++
		}
		want(t, "limit", count, 3)
	})
}

// metadata are the columns that come with every table of transactions.
var metadata = []string{"tx_id", "tx_state", "tx_version", "tx_prepared_at", "tx_committed_at"}

func metadataInReads(t *testing.T, s *suite) {
	run(t, "definition", func(t *testing.T) {
		w := s.world(t)
		c := w.client()
		deployed := c.table(itemTable).Meta()
		user := commit.UserTable(deployed)
		for _, name := range append(slices.Clone(metadata), "before_v", "before_w", "before_cat", "before_tx_id", "before_tx_state", "before_tx_version", "before_tx_prepared_at", "before_tx_committed_at") {
			want(t, "deployed "+name, deployed.Column(name) >= 0, true)
			want(t, "of the schema "+name, user.Column(name), -1)
		}
		want(t, "columns of the schema", len(user.Columns), 5)
	})
	const committed = "v=1 cat=7 tx_id=T0 tx_state=3 tx_version=1 tx_prepared_at=10 tx_committed_at=20"
	run(t, "rows", func(t *testing.T) {
		s.each(t, byIsolation|byMode|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
			c := w.client()
			x, ref := c.begin(a.begin()...), c.item(1, 1)
			columns := append([]string{"v", "w", "cat"}, metadata...)
			want(t, "row", render(ref.Table.Meta(), x.whole(ref, a.Access), columns), committed)
			want(t, "commit", x.commit(), "ok")
		})
	})
	// A record rolled forward for its reader has the time of the decision, and no
	// before image (quirk Q16).
	run(t, "rolled forward", func(t *testing.T) {
		s.each(t, byMode|byKind|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.prepared(1, 1, commit.Prepared, w.justNow(), a.Kind.id("T1"))
			w.decide(a.Kind, "T1", commit.Committed, 77)
			c := w.client()
			x, ref := c.begin(a.begin()...), c.item(1, 1)
			meta := ref.Table.Meta()
			var all []string
			for _, column := range meta.Columns {
				all = append(all, column.Name)
			}
			row := x.whole(ref, a.Access)
			want(t, "row", render(meta, row, append([]string{"v", "w", "cat"}, metadata...)), rolledForward(a.Kind.id("T1"), w.justNow(), 77))
			want(t, "nothing but that", len(render(meta, row, all)), len(render(meta, row, append([]string{"v", "w", "cat"}, metadata...))))
		})
	})
	run(t, "typed", func(t *testing.T) {
		w := s.world(t)
		w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
		db, _ := w.db(nil)
		record, err := itemRecords.Get(context.Background(), db, ItemKey{1, 1})
		ok(t, err)
		want(t, "record", record, Item{P: 1, C: 1, V: scalar.Some[int32](1), Cat: scalar.Some[int32](7)})
		want(t, "row of the storage", w.item(1, 1), committed)
	})
}

// whole reads a record by the given access, as tx.read does, with all columns.
func (x *tx) whole(ref commit.Ref, by access) storage.Row {
	x.c.w.t.Helper()
	ctx := x.c.w.t.Context()
	var scan commit.Scan
	switch by {
	case byGet:
		rows, err := x.Get(ctx, ref)
		ok(x.c.w.t, err)
		return rows[0]
	case byScan, byFirst:
		scan = scanOf(ref.Table, int(ref.Key[0].Int64()))
	case byTable:
		scan = wholeTable(ref.Table)
	case byIndex:
		scan = byCat(ref.Table, 7)
	}
	for row, err := range x.Scan(ctx, scan) {
		ok(x.c.w.t, err)
		return row
	}
	return nil
}

// permittedScans tells who may scan across partitions: the nearest word counts.
func permittedScans(t *testing.T, s *suite) {
	const attribute = "db-cross-partition-scan-enabled"
	on, off := scalar.WithAttribute(attribute, "true"), scalar.WithAttribute(attribute, "FALSE")
	for _, tt := range []struct {
		name     string
		database []scalar.Option
		options  []scalar.TxOption
		end      string
	}{
		{"default", nil, nil, "ok"},
		{"off for the transaction", nil, []scalar.TxOption{off}, "invalid"},
		{"off for the database", []scalar.Option{scalar.RefuseFullScans()}, nil, "invalid"},
		{"off for the database, on for the transaction", []scalar.Option{scalar.RefuseFullScans()}, []scalar.TxOption{on}, "ok"},
		{"no such value", nil, []scalar.TxOption{scalar.WithAttribute(attribute, "perhaps")}, "invalid"},
	} {
		run(t, tt.name, func(t *testing.T) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 5)
			db, _ := w.db(nil, tt.database...)
			ctx := t.Context()
			all := func(on scalar.Runner) error {
				for _, err := range itemRecords.Scan(ctx, on, allItems()) {
					if err != nil {
						return err
					}
				}
				return nil
			}
			want(t, "operation", outcome(all(db.With(tt.options...))), tt.end)
			want(t, "transaction", outcome(db.Transact(ctx, func(_ context.Context, tx *scalar.Tx) error { return all(tx) }, tt.options...)), tt.end)
			if tt.name != "no such value" {
				_, err := scalar.Collect(itemRecords.Scan(ctx, db.With(tt.options...), itemsOf(1)))
				want(t, "scan of a partition", outcome(err), "ok")
			}
		})
	}
}
