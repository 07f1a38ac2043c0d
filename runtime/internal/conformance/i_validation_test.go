package conformance

import (
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// disturbed is what another transaction, or the own one, does after a scan, and
// how a SERIALIZABLE transaction ends then.
type disturbed struct {
	name string
	own  bool
	do   func(c *client, x *tx)
	ends string
}

// disturb scans a world of seen, disturbs it, and commits.
func disturb(t *testing.T, s *suite, scan func(t *testing.T, c *client, x *tx), cases []disturbed) {
	for _, tt := range cases {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				if tt.own {
					a.ReadOnly = false
				}
				w := seen(t, s)
				c := w.client()
				x := c.begin(a.begin()...)
				scan(t, c, x)
				switch {
				case tt.own:
					tt.do(c, x)
				case tt.do != nil:
					w.other(tt.do)
				}
				ends := tt.ends
				if !a.is(commit.Serializable) {
					ends = "ok"
				}
				want(t, "commit", x.commit(), ends)
			})
		})
	}
}

func limitedScans(t *testing.T, s *suite) {
	limit := func(n int, of func(c *client) commit.Scan, keys string) func(t *testing.T, c *client, x *tx) {
		return func(t *testing.T, c *client, x *tx) { want(t, "scan", x.keys(limited(of(c), n)), keys) }
	}
	run(t, "reached", func(t *testing.T) {
		disturb(t, s, limit(2, inPartition, "2 4"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert behind it", false, does("insert", 1, 5), "ok"},
			{"others insert last", false, does("insert", 1, 8), "ok"},
			{"others update behind it", false, does("update", 1, 6, "v", 2), "ok"},
			{"others delete behind it", false, does("delete", 1, 6), "ok"},
			{"others insert first", false, does("insert", 1, 1), "conflict"},
			{"others insert between", false, does("insert", 1, 3), "conflict"},
			{"others update", false, does("update", 1, 4, "v", 2), "conflict"},
			{"others delete", false, does("delete", 1, 2), "conflict"},
			{"own insert first", true, does("insert", 1, 1), "ok"},
			{"own insert between", true, does("insert", 1, 3), "ok"},
			{"own insert behind it", true, does("insert", 1, 8), "ok"},
			{"own update", true, does("update", 1, 2, "v", 2), "ok"},
			{"own delete", true, does("delete", 1, 2), "ok"},
		})
	})
	run(t, "reached exactly", func(t *testing.T) {
		disturb(t, s, limit(3, inPartition, "2 4 6"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert last", false, does("insert", 1, 8), "ok"},
			{"others insert first", false, does("insert", 1, 1), "conflict"},
			{"others delete last", false, does("delete", 1, 6), "conflict"},
		})
	})
	run(t, "not reached", func(t *testing.T) {
		disturb(t, s, limit(9, inPartition, "2 4 6"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert last", false, does("insert", 1, 8), "conflict"},
			{"others insert first", false, does("insert", 1, 1), "conflict"},
			{"others delete last", false, does("delete", 1, 6), "conflict"},
			{"own insert first", true, does("insert", 1, 1), "ok"},
			{"own insert last", true, does("insert", 1, 8), "ok"},
		})
	})
	run(t, "backward", func(t *testing.T) {
		disturb(t, s, limit(2, backward(inPartition), "6 4"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert behind it", false, does("insert", 1, 3), "ok"},
			{"others insert before it", false, does("insert", 1, 8), "conflict"},
			{"own insert before it", true, does("insert", 1, 8), "ok"},
			{"own insert behind it", true, does("insert", 1, 1), "ok"},
		})
	})
	run(t, "with a filter", func(t *testing.T) {
		disturb(t, s, limit(2, only(inPartition, "w", storage.Eq, "old"), "2 4"), []disturbed{
			{"others insert before it, not selected", false, does("insert", 1, 1, "w", "new"), "ok"},
			{"others insert before it, selected", false, does("insert", 1, 1, "w", "old"), "conflict"},
			{"others insert behind it, selected", false, does("insert", 1, 8, "w", "old"), "ok"},
		})
	})
}

func undisturbedScans(t *testing.T, s *suite) {
	for _, tt := range []struct {
		name string
		of   func(c *client) commit.Scan
		rows int
	}{
		{"whole table", whole, 3},
		{"whole table, limit reached", first(2, whole), 2},
		{"whole table, limit not reached", first(9, whole), 3},
		{"whole table with a filter", only(whole, "c", storage.Gt, 2), 2},
		{"index", indexed(7), 3},
		{"index, limit reached", first(2, indexed(7)), 2},
		{"index, nothing found", indexed(8), 0},
		{"index, one record", only(indexed(7), "c", storage.Eq, 4), 1},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
				w := seen(t, s)
				w.pages(2)
				c := w.client()
				x := c.begin(a.begin()...)
				rows := 0
				for _, err := range x.Scan(t.Context(), tt.of(c)) {
					ok(t, err)
					rows++
				}
				want(t, "rows", rows, tt.rows)
				if !a.ReadOnly {
					x.did("insert", c.in(otherTable, 1, 1))
				}
				want(t, "commit", x.commit(), "ok")
			})
		})
	}
}

func stoppedScans(t *testing.T, s *suite) {
	stop := func(n int, of func(c *client) commit.Scan, keys string) func(t *testing.T, c *client, x *tx) {
		return func(t *testing.T, c *client, x *tx) { want(t, "scan", x.firstKeys(of(c), n), keys) }
	}
	run(t, "within", func(t *testing.T) {
		disturb(t, s, stop(2, inPartition, "2 4"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert before the first", false, does("insert", 1, 1), "conflict"},
			{"others insert between", false, does("insert", 1, 3), "conflict"},
			{"others insert behind", false, does("insert", 1, 5), "ok"},
			{"others insert last", false, does("insert", 1, 8), "ok"},
			{"others update one that was returned", false, does("update", 1, 4, "v", 2), "conflict"},
			{"others update one that was not", false, does("update", 1, 6, "v", 2), "ok"},
			{"others delete one that was returned", false, does("delete", 1, 2), "conflict"},
			{"others delete one that was not", false, does("delete", 1, 6), "ok"},
			{"own insert before the first", true, does("insert", 1, 1), "ok"},
			{"own update", true, does("update", 1, 2, "v", 2), "ok"},
			{"own delete", true, does("delete", 1, 4), "ok"},
		})
	})
	run(t, "at the last record", func(t *testing.T) {
		disturb(t, s, stop(3, inPartition, "2 4 6"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert last", false, does("insert", 1, 8), "ok"},
			{"others update the last", false, does("update", 1, 6, "v", 2), "conflict"},
		})
	})
	run(t, "backward", func(t *testing.T) {
		disturb(t, s, stop(1, backward(inPartition), "6"), []disturbed{
			{"untouched", false, nil, "ok"},
			{"others insert behind", false, does("insert", 1, 5), "ok"},
			{"others insert before", false, does("insert", 1, 8), "conflict"},
			{"others update it", false, does("update", 1, 6, "v", 2), "conflict"},
		})
	})
}

func validationCases(t *testing.T, s *suite) {
	getOf := func(k int, found string) func(t *testing.T, c *client, x *tx) {
		return func(t *testing.T, c *client, x *tx) { want(t, "get", x.get(c.item(1, k)), found) }
	}
	const old = "v=1 w=old cat=7"
	run(t, "get of an absent record", func(t *testing.T) {
		disturb(t, s, getOf(3, absent), []disturbed{
			{"still absent", false, nil, "ok"},
			{"others insert it", false, does("insert", 1, 3), "conflict"},
			{"others insert another", false, does("insert", 1, 5), "ok"},
			{"own insert", true, does("insert", 1, 3), "ok"},
			{"own delete", true, does("delete", 1, 3), "ok"},
		})
	})
	run(t, "get of a record", func(t *testing.T) {
		disturb(t, s, getOf(4, old), []disturbed{
			{"unchanged", false, nil, "ok"},
			{"others write the same values", false, does("update", 1, 4, "v", 1), "conflict"},
			{"others delete it", false, does("delete", 1, 4), "conflict"},
			{"others replace it", false, all(does("delete", 1, 4), does("insert", 1, 4, "v", 1, "w", "old", "cat", 7)), "conflict"},
			{"own update", true, does("update", 1, 4, "v", 2), "ok"},
		})
	})
	run(t, "scan", func(t *testing.T) {
		whole := func(t *testing.T, c *client, x *tx) { want(t, "scan", x.keys(inPartition(c)), "2 4 6") }
		disturb(t, s, whole, []disturbed{
			{"others insert several", false, all(does("insert", 1, 7), does("insert", 1, 8), does("insert", 1, 9)), "conflict"},
			{"others delete several", false, all(does("delete", 1, 4), does("delete", 1, 6)), "conflict"},
			{"others delete all", false, all(does("delete", 1, 2), does("delete", 1, 4), does("delete", 1, 6)), "conflict"},
			{"own inserts", true, all(does("insert", 1, 7), does("insert", 1, 3), does("insert", 1, 1)), "ok"},
			{"own deletes", true, all(does("delete", 1, 2), does("delete", 1, 6)), "ok"},
			{"own writes of all kinds", true, all(does("insert", 1, 3), does("delete", 1, 2), does("update", 1, 6, "v", 2), does("delete", 1, 9)), "ok"},
		})
	})
	run(t, "index", func(t *testing.T) {
		byIndex := func(t *testing.T, c *client, x *tx) { want(t, "index", x.keys(byCat(c.table(itemTable), 7)), "2 4 6") }
		disturb(t, s, byIndex, []disturbed{
			{"others update", false, does("update", 1, 4, "v", 2), "conflict"},
			{"others move one away", false, does("update", 1, 4, "cat", 8), "conflict"},
			{"others add one", false, does("insert", 1, 9, "cat", 7), "conflict"},
			{"own update", true, does("update", 1, 4, "v", 2), "ok"},
			{"own move away", true, does("update", 1, 4, "cat", 8), "ok"},
			{"own addition", true, does("insert", 1, 9, "cat", 7), "ok"},
		})
	})
	// Imported records have no metadata.
	for _, tt := range []struct {
		name string
		then func(w *world)
		ends string
	}{
		{"imported record, unchanged", func(*world) {}, "ok"},
		{"imported record, written since", func(w *world) { w.otherUpdates(1, 3, "v", 2) }, "conflict"},
		{"imported record, deleted since", func(w *world) { w.otherDeletes(1, 3) }, "conflict"},
	} {
		run(t, tt.name, func(t *testing.T) {
			s.each(t, byIsolation|byMode|byAccess, func(t *testing.T, a axes) {
				w := s.world(t)
				w.write(itemTable, key(1, 3), "v", 1, "cat", 7)
				c := w.client()
				x := c.begin(a.begin()...)
				want(t, "read", x.read(c.item(1, 3), a.Access), "v=1 cat=7")
				tt.then(w)
				ends := tt.ends
				if !a.is(commit.Serializable) {
					ends = "ok"
				}
				want(t, "commit", x.commit(), ends)
			})
		})
	}
}
