package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// model is what a program believes that itemTable holds which writes to a map
// instead.
type model struct {
	*rand.Rand
	records map[modelKey]modelRecord
}

type modelKey struct{ p, c int }

type modelRecord struct {
	v, cat int
	w      string
}

// The space of the model: small, so that writes and scans meet.
const modelPartitions, modelKeys = 2, 6

func newModel(r *rand.Rand) *model { return &model{r, map[modelKey]modelRecord{}} }

func (m *model) record() modelRecord {
	return modelRecord{v: m.IntN(4), cat: m.IntN(3), w: fmt.Sprint("w", m.IntN(2))}
}

func (r modelRecord) pairs() []any { return []any{"v", r.v, "w", r.w, "cat", r.cat} }

// write does one random write in both worlds.
func (m *model) write(t *testing.T, x *tx, c *client) {
	t.Helper()
	k := modelKey{m.IntN(modelPartitions), m.IntN(modelKeys)}
	old, exists := m.records[k]
	fresh, ref := m.record(), c.item(k.p, k.c)
	switch m.IntN(5) {
	case 0:
		if exists {
			return
		}
		x.did("insert", ref, fresh.pairs()...)
	case 1:
		x.did("upsert", ref, fresh.pairs()...)
	case 2: // a part of the columns
		x.did("update", ref, "v", fresh.v)
		if !exists {
			return
		}
		fresh.w, fresh.cat = old.w, old.cat
	case 3:
		x.did("update", ref, "w", fresh.w, "cat", fresh.cat)
		if !exists {
			return
		}
		fresh.v = old.v
	case 4:
		x.did("delete", ref)
		delete(m.records, k)
		return
	}
	m.records[k] = fresh
}

// check asks both worlds one random question.
func (m *model) check(t *testing.T, x *tx, c *client, kind storage.ScanKind) {
	t.Helper()
	table := c.table(itemTable)
	var scan commit.Scan
	var reach func(k modelKey, r modelRecord) bool
	switch kind {
	case storage.IndexScan:
		cat := m.IntN(3)
		scan, reach = byCat(table, cat), func(_ modelKey, r modelRecord) bool { return r.cat == cat }
	case storage.FullScan:
		scan, reach = wholeTable(table), func(modelKey, modelRecord) bool { return true }
	default:
		p, low, high := m.IntN(modelPartitions), 0, modelKeys-1
		scan = scanOf(table, p)
		scan.Backward = m.IntN(2) == 0
		if m.IntN(2) == 0 {
			low = m.IntN(modelKeys)
			scan.Start = storage.Bound{Values: []storage.Value{storage.IntValue(int32(low))}, Inclusive: m.IntN(2) == 0}
			if !scan.Start.Inclusive {
				low++
			}
		}
		if m.IntN(2) == 0 {
			high = m.IntN(modelKeys)
			scan.End = storage.Bound{Values: []storage.Value{storage.IntValue(int32(high))}, Inclusive: m.IntN(2) == 0}
			if !scan.End.Inclusive {
				high--
			}
		}
		reach = func(k modelKey, _ modelRecord) bool { return k.p == p && k.c >= low && k.c <= high }
	}
	passes := func(modelKey, modelRecord) bool { return true }
	if m.IntN(2) == 0 {
		v, w := m.IntN(3), fmt.Sprint("w", m.IntN(2))
		scan = filtered(scan, where(table, "v", storage.Ge, v), where(table, "w", storage.Eq, w))
		scan = filtered(scan, where(table, "c", storage.Gt, 3), where(table, "cat", storage.Ne, 1))
		passes = func(k modelKey, r modelRecord) bool { return r.v >= v && r.w == w || k.c > 3 && r.cat != 1 }
	}
	if m.IntN(2) == 0 {
		scan.Limit = 1 + m.IntN(4)
	}

	var selected []string
	for _, k := range slices.SortedFunc(maps.Keys(m.records), compareModelKeys) {
		if r := m.records[k]; reach(k, r) && passes(k, r) {
			selected = append(selected, fmt.Sprintf("%d/%d v=%d w=%s cat=%d", k.p, k.c, r.v, r.w, r.cat))
		}
	}
	if scan.Backward {
		slices.Reverse(selected)
	}
	var got []string
	for row, err := range x.Scan(t.Context(), scan) {
		ok(t, err)
		got = append(got, fmt.Sprintf("%d/%d %s", intOf(table, row, "p"), intOf(table, row, "c"), user(table, row)))
	}
	runs.checked(t)
	if scan.Kind == storage.PartitionScan {
		if scan.Limit > 0 && len(selected) > scan.Limit {
			selected = selected[:scan.Limit]
		}
		if !slices.Equal(got, selected) {
			t.Fatalf("scan %+v returned\n\t%s\nwant\n\t%s", scan, strings.Join(got, "\n\t"), strings.Join(selected, "\n\t"))
		}
		return
	}
	// Without an order, a limit takes any of them.
	count := len(selected)
	if scan.Limit > 0 {
		count = min(count, scan.Limit)
	}
	some := func(row string) bool { return slices.Contains(selected, row) }
	distinct := slices.Compact(slices.Sorted(slices.Values(got)))
	if len(got) != count || len(distinct) != count || slices.ContainsFunc(got, func(row string) bool { return !some(row) }) {
		t.Fatalf("scan %+v returned\n\t%s\nwant %d of\n\t%s", scan, strings.Join(got, "\n\t"), count, strings.Join(selected, "\n\t"))
	}
}

func compareModelKeys(a, b modelKey) int { return (a.p-b.p)*modelKeys + a.c - b.c }
