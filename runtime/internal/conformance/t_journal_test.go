package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// journal notes the mutations that a client sends.
type journal struct {
	mu    sync.Mutex
	calls []journalCall
}

type journalCall struct {
	phase     string
	mutations []storage.Mutation
}

// around is for clientWith. Calls go on as they are.
func (j *journal) around(ctx context.Context, phase string, call faulty.Call, send func(context.Context) error) error {
	j.note(phase, call)
	return send(ctx)
}

func (j *journal) note(phase string, call faulty.Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(call.Mutations) > 0 {
		j.calls = append(j.calls, journalCall{phase, slices.Clone(call.Mutations)})
	}
}

// of renders the mutations of some phases so far, ordered by table and key.
func (j *journal) of(phases ...string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var shown []string
	for _, call := range j.calls {
		if slices.Contains(phases, call.phase) {
			for _, m := range call.mutations {
				shown = append(shown, describe(m))
			}
		}
	}
	slices.Sort(shown)
	return strings.Join(shown, "\n")
}

// groups returns the groups of mutations of a phase so far.
func (j *journal) groups(phase string) [][]storage.Mutation {
	j.mu.Lock()
	defer j.mu.Unlock()
	var groups [][]storage.Mutation
	for _, call := range j.calls {
		if call.phase == phase {
			groups = append(groups, call.mutations)
		}
	}
	return groups
}

// describe renders a mutation, as in "shop.item 1 2 put if tx_id=T0: v=2 w=NULL".
func describe(m storage.Mutation) string {
	var b strings.Builder
	b.WriteString(m.Table.String())
	for _, v := range m.Key {
		b.WriteString(" " + strings.Trim(v.String(), `"`))
	}
	b.WriteString(map[storage.Op]string{storage.Put: " put", storage.Delete: " delete", storage.Check: " check"}[m.Op])
	switch m.Condition {
	case storage.IfNotExists:
		b.WriteString(" if absent")
	case storage.If:
		b.WriteString(" if")
		for _, p := range m.Where {
			name := m.Table.Columns[p.Column].Name
			switch p.Operator {
			case storage.IsNull:
				b.WriteString(" " + name + " is null")
			case storage.Eq:
				b.WriteString(" " + name + "=" + strings.Trim(p.Value.String(), `"`))
			default:
				fmt.Fprintf(&b, " %s (operator %d) %s", name, p.Operator, p.Value)
			}
		}
	}
	if len(m.Columns) > 0 {
		b.WriteString(":")
	}
	order := slices.Clone(m.Columns)
	rank := func(c int) int {
		if at := slices.Index(columnOrder, m.Table.Columns[c].Name); at >= 0 {
			return at
		}
		return len(columnOrder) + c
	}
	slices.SortFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	for _, c := range order {
		fmt.Fprintf(&b, " %s=%s", m.Table.Columns[c].Name, strings.Trim(m.Values[slices.Index(m.Columns, c)].String(), `"`))
	}
	return b.String()
}

// Parts of what describe returns.
const (
	// beforeOfCommitted is the before image of committed with v = 1 and cat = 7,
	// beforeOfImported that of a record without metadata.
	beforeOfCommitted = " before_tx_id=T0 before_tx_state=3 before_tx_version=1 before_tx_prepared_at=10 before_tx_committed_at=20 before_v=1 before_w=NULL before_cat=7"
	beforeOfImported  = " before_tx_id=NULL before_tx_state=NULL before_tx_version=0 before_tx_prepared_at=NULL before_tx_committed_at=NULL before_v=1 before_w=NULL before_cat=7"
	nothingBefore     = " before_tx_id=NULL before_tx_state=NULL before_tx_version=NULL before_tx_prepared_at=NULL before_tx_committed_at=NULL before_v=NULL before_w=NULL before_cat=NULL"
)

// present, imported and missing are what item (1, 1) can be.
func present(w *world)  { w.committed(itemTable, 1, 1, "v", 1, "cat", 7) }
func imported(w *world) { w.write(itemTable, key(1, 1), "v", 1, "cat", 7) }
func missing(*world)    {}

// composed is a transaction on item (1, 1) and the mutation that it makes.
type composed struct {
	name  string
	setUp func(w *world)
	write func(x *tx, ref commit.Ref) string
	want  string // without the table and the key
	// levels are those in which the transaction can do this; none means all.
	levels []commit.Isolation
}

func (c composed) on() string { return "shop.item 1 1 " + c.want }

func putV(x *tx, ref commit.Ref) string { return x.upsert(ref, "v", 2) }

// insertOverRead inserts a record that the transaction has read, which
// READ_COMMITTED allows: the record may be gone meanwhile.
func insertOverRead(x *tx, ref commit.Ref) string {
	x.get(ref)
	return x.insert(ref, "v", 2)
}

func (c composed) run(t *testing.T, s *suite, test func(t *testing.T, a axes, w *world)) {
	run(t, c.name, func(t *testing.T) {
		s.each(t, byIsolation, func(t *testing.T, a axes) {
			if c.levels == nil || a.is(c.levels...) {
				w := s.world(t)
				c.setUp(w)
				test(t, a, w)
			}
		})
	})
}
