package conformance

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

const (
	insertedTwice = "An insert over an own write reports at once that the record exists, as any insert of a record that the transaction knows does; nothing is stored"
	insertOfOther = "That the inserted record exists is ErrAlreadyExists and no conflict: trying again cannot help"
)

var _ = items(
	item{
		ID: "C01", Title: "insert, then insert: the second is refused",
		Verdict: difference, Reason: insertedTwice,
		Test: pairs("insert", secondWrite{
			op:      "insert",
			absent:  pairEnd{second: "exists", commit: "ok", record: "v=10 w=first"},
			present: pairEnd{second: "exists", commit: "exists", record: storedByOther, seen: "v=10 w=first"},
		}),
	},
	item{
		ID: "C02", Title: "insert, then upsert or update: one insert with the columns of both; it fails at commit if the record exists",
		Verdict: difference, Reason: insertOfOther,
		Test: pairs("insert",
			secondWrite{op: "upsert", absent: pairDone("v=11 w=first"), present: failsAtCommit},
			secondWrite{op: "update", absent: pairDone("v=11 w=first"), present: failsAtCommit},
		),
	},
	item{
		ID: "C03", Title: "insert, then delete",
		Verdict: difference, Reason: "An own insert may be deleted: a tombstone is prepared of a record that must not exist. " + insertOfOther,
		Test: pairs("insert", secondWrite{op: "delete", absent: pairDone(absent), present: pairEnd{"ok", "exists", storedByOther, absent}}),
	},
	item{
		ID: "C04", Title: "upsert, then insert: refused; then upsert or update: the columns of both; then delete: deleted",
		Verdict: difference, Reason: insertedTwice,
		Test: pairs("upsert",
			secondWrite{
				op:      "insert",
				absent:  pairEnd{second: "exists", commit: "ok", record: "v=10 w=first"},
				present: pairEnd{second: "exists", commit: "ok", record: "v=10 w=first cat=7"},
			},
			secondWrite{op: "upsert", absent: pairDone("v=11 w=first"), present: pairDone("v=11 w=first cat=7")},
			secondWrite{op: "update", absent: pairDone("v=11 w=first"), present: pairDone("v=11 w=first cat=7")},
			secondWrite{op: "delete", absent: pairDone(absent), present: pairDone(absent)},
		),
	},
	item{
		ID: "C05", Title: "update, then insert or upsert: as if there had been no update where there is no record; otherwise the insert is refused, the upsert merged",
		Verdict: difference, Reason: insertedTwice,
		Test: pairs("update",
			secondWrite{
				op:      "insert",
				absent:  pairDone("v=11"),
				present: pairEnd{second: "exists", commit: "ok", record: "v=10 w=first cat=7"},
			},
			secondWrite{op: "upsert", absent: pairDone("v=11"), present: pairDone("v=11 w=first cat=7")},
		),
	},
	item{
		ID: "C06", Title: "update, then update or delete", Verdict: pass,
		Test: pairs("update",
			secondWrite{op: "update", absent: pairDone(absent), present: pairDone("v=11 w=first cat=7")},
			secondWrite{op: "delete", absent: pairDone(absent), present: pairDone(absent)},
		),
	},
	item{
		ID: "C07", Title: "delete, then insert or upsert: a new record, NULL where it names no value; then update or delete: deleted", Verdict: pass,
		Test: pairs("delete",
			secondWrite{op: "insert", absent: pairDone("v=11"), present: pairDone("v=11")},
			secondWrite{op: "upsert", absent: pairDone("v=11"), present: pairDone("v=11")},
			secondWrite{op: "update", absent: pairDone(absent), present: pairDone(absent)},
			secondWrite{op: "delete", absent: pairDone(absent), present: pairDone(absent)},
		),
	},
	item{
		ID: "C08", Title: "write, then read with a filter: the filter sees the stored record with the own write on top",
		Verdict: difference, Reason: "A get takes no filter; the scan of the one key does, with the results that are asked for",
		Test: filteredOwnWrite,
	},
	item{ID: "C09", Title: "delete, then read: nothing; write, then delete: deleted; delete, then write: the next version of the record, with nothing of the old one", Verdict: pass, Test: versionsOfPairs},
)

// storedByOther is the record of the tests that is there before the transaction.
const storedByOther = "v=1 w=old cat=7"

// secondWrite is a second write of a record, and how the transaction ends with
// it if the record is absent or present before.
type secondWrite struct {
	op              string
	absent, present pairEnd
}

// pairEnd is what the second write and the commit report, the record after them,
// and what the transaction sees of it before it commits, "" for the same.
type pairEnd struct{ second, commit, record, seen string }

// pairDone is the end where everything succeeds.
func pairDone(record string) pairEnd { return pairEnd{second: "ok", commit: "ok", record: record} }

// failsAtCommit is the end of an insert and another write where somebody else
// has stored the record. What the transaction sees has nothing of that one.
var failsAtCommit = pairEnd{"ok", "exists", storedByOther, "v=11 w=first"}

// write does the write of that name.
func (x *tx) write(op string, ref commit.Ref, pairs ...any) string {
	switch op {
	case "insert":
		return x.insert(ref, pairs...)
	case "upsert":
		return x.upsert(ref, pairs...)
	case "update":
		return x.update(ref, pairs...)
	default:
		return x.delete(ref)
	}
}

// pairs writes a record with first, v=10 and w=first, and then with the second,
// v=11. A second write that is refused leaves the first one as it is.
func pairs(first string, seconds ...secondWrite) func(t *testing.T, s *suite) {
	return func(t *testing.T, s *suite) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			for _, second := range seconds {
				for state, end := range map[string]pairEnd{"absent": second.absent, "present": second.present} {
					run(t, fmt.Sprintf("%s %s, %s", first, second.op, state), func(t *testing.T) {
						w := s.world(t)
						if state == "present" {
							w.committed(itemTable, 1, 1, "v", 1, "w", "old", "cat", 7)
						}
						c := w.client()
						x, ref := c.begin(a.begin()...), c.item(1, 1)
						want(t, first, x.write(first, ref, "v", 10, "w", "first"), "ok")
						want(t, "then "+second.op, x.write(second.op, ref, "v", 11), end.second)
						sees := cmp.Or(end.seen, end.record)
						want(t, "seen before the commit", x.get(ref), sees)
						for _, by := range []access{byScan, byTable, byGet} {
							want(t, fmt.Sprint("seen by ", by), x.read(ref, by), sees)
						}
						want(t, "commit", x.commit(), end.commit)
						c.drain()
						c = w.client()
						want(t, "stored", c.begin().get(c.item(1, 1)), end.record)
						if row := w.item(1, 1); strings.Contains(row, "before_") {
							t.Errorf("the record was not completed: %s", row)
						}
					})
				}
			}
		})
	}
}

func filteredOwnWrite(t *testing.T, s *suite) {
	for _, tt := range []struct {
		name   string
		stored string // w of the stored record, "" for none
		op     string
		own    []any
		column string
		value  any
		want   string
	}{
		{"nothing stored, own matches", "", "insert", []any{"v", 10, "w", "yes"}, "w", "yes", "1: v=10 w=yes;"},
		{"nothing stored, own matches", "", "upsert", []any{"v", 10, "w", "yes"}, "w", "yes", "1: v=10 w=yes;"},
		{"nothing stored, own does not match", "", "insert", []any{"v", 10, "w", "no"}, "w", "yes", ""},
		{"nothing stored, own does not set the column", "", "upsert", []any{"v", 10}, "w", "yes", ""},
		{"stored matches, own does not", "yes", "upsert", []any{"w", "no"}, "w", "yes", ""},
		{"stored matches, own does not", "yes", "update", []any{"w", "no"}, "w", "yes", ""},
		{"both match", "yes", "upsert", []any{"v", 10, "w", "yes"}, "w", "yes", "1: v=10 w=yes cat=7;"},
		{"both match", "yes", "update", []any{"v", 10, "w", "yes"}, "w", "yes", "1: v=10 w=yes cat=7;"},
		{"stored matches, own leaves the column", "yes", "update", []any{"v", 10}, "w", "yes", "1: v=10 w=yes cat=7;"},
		{"stored does not match, own does", "no", "update", []any{"w", "yes"}, "w", "yes", "1: v=1 w=yes cat=7;"},
		{"neither matches", "no", "update", []any{"v", 10}, "w", "yes", ""},
		{"own NULL does not match", "yes", "update", []any{"w", nil}, "w", "yes", ""},
		{"own NULL is asked for", "yes", "update", []any{"w", nil}, "w", nil, "1: v=1 cat=7;"},
		{"deleted", "yes", "delete", nil, "w", "yes", ""},
	} {
		run(t, tt.op+", "+tt.name, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				for _, before := range []bool{false, true} {
					w := s.world(t)
					if tt.stored != "" {
						w.committed(itemTable, 1, 1, "v", 1, "w", tt.stored, "cat", 7)
					}
					c := w.client()
					x, ref := c.begin(a.begin()...), c.item(1, 1)
					scan := filtered(rangeOf(ref.Table, 1, 1, 1), where(ref.Table, tt.column, storage.Eq, tt.value))
					if before { // what the read found must not stand in the way of the own write
						x.rows(scan)
					}
					want(t, tt.op, x.write(tt.op, ref, tt.own...), "ok")
					want(t, fmt.Sprint("filtered, read before=", before), x.rows(scan), tt.want)
					if tt.want != "" {
						want(t, "without a filter", x.rows(rangeOf(ref.Table, 1, 1, 1)), tt.want)
					}
					want(t, "commit", x.commit(), "ok")
				}
			})
		})
	}
}

func versionsOfPairs(t *testing.T, s *suite) {
	run(t, "delete, get", func(t *testing.T) {
		s.each(t, byIsolation|byAccess, func(t *testing.T, a axes) {
			w := s.world(t)
			w.committed(itemTable, 1, 1, "v", 1, "cat", 7)
			c := w.client()
			x, ref := c.begin(a.begin()...), c.item(1, 1)
			want(t, "before", x.read(ref, a.Access), "v=1 cat=7")
			want(t, "delete", x.delete(ref), "ok")
			want(t, "after", x.read(ref, a.Access), absent)
			want(t, "commit", x.commit(), "ok")
			c.drain()
			want(t, "stored", w.item(1, 1), absent)
		})
	})
	for _, tt := range []struct{ first, second, want, version string }{
		{"insert", "delete", absent, ""},
		{"upsert", "delete", absent, ""},
		{"update", "delete", absent, ""},
		{"delete", "insert", "v=11", "2"},
		{"delete", "upsert", "v=11", "2"},
	} {
		run(t, tt.first+", "+tt.second, func(t *testing.T) {
			s.each(t, byIsolation, func(t *testing.T, a axes) {
				w := s.world(t)
				if tt.first != "insert" {
					w.committed(itemTable, 1, 1, "v", 1, "w", "old", "cat", 7)
				}
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				want(t, tt.first, x.write(tt.first, ref, "v", 10), "ok")
				want(t, tt.second, x.write(tt.second, ref, "v", 11), "ok")
				want(t, "commit", x.commit(), "ok")
				c.drain()
				meta := w.meta(itemTable)
				row := w.values(meta, key(1, 1))
				if tt.want == absent {
					want(t, "nothing stored", row == nil, true)
					return
				}
				want(t, "stored", render(meta, row, []string{"v", "w", "cat", "tx_version"}), tt.want+" tx_version="+tt.version)
			})
		})
	}
}
