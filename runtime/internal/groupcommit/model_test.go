package groupcommit

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	modelSeeds = flag.Uint64("model.seeds", 300, "seeds that the model test runs")
	modelSeed  = flag.Uint64("model.seed", 0, "the only seed that the model test runs")
)

// verdict is what the owner of a transaction was told.
type verdict uint8

const (
	nothing verdict = iota // it crashed
	committed
	aborted
	unknown
)

// owned is a transaction as its owner knows it.
type owned struct {
	id    string
	asked bool // Commit was called
	late  bool // after the slot may have been dropped
	told  verdict
	at    int64
}

const abortAfter = time.Second

// model is the module CoordinatorWithGroupCommit of spec 10.1: clients, the
// committer, and others who abort what they find.
type model struct {
	*coordinator
	committer *Committer[string]

	txMu    sync.Mutex
	txs     []*owned
	written map[string]int // calls of Emit by row
	seen    map[string]int // how often the test met a situation
}

func (m *model) note(situation string) {
	m.txMu.Lock()
	defer m.txMu.Unlock()
	m.seen[situation]++
}

func (m *model) emit(ctx context.Context, id string, delayed bool, members []Member[string]) (int64, error) {
	d := decision{committed: true, createdAt: time.Now().UnixMilli()}
	for _, member := range members {
		want := id + "$" + member.Child
		if delayed {
			want = id
		} else {
			d.children = append(d.children, member.Child)
		}
		if member.Value != want || delayed && len(members) != 1 {
			m.report("row %s (delayed %t) has member %+v of %d", id, delayed, member, len(members))
		}
	}
	m.txMu.Lock()
	m.written[id]++
	m.txMu.Unlock()
	switch {
	case delayed:
		m.note("delayed group")
	case len(members) > 1:
		m.note("group of several")
	}
	return d.createdAt, m.put(ctx, id, d)
}

// client runs n transactions, one after the other.
func (m *model) client(random *rand.Rand, n int) {
	for range n {
		pause(random, 2*time.Millisecond)
		id, err := m.committer.Reserve(fmt.Sprintf("tx%d", random.IntN(20))) // often an id in use
		if err != nil {
			m.report("Reserve: %v", err)
			return
		}
		began, tx := time.Now(), &owned{id: id}
		m.txMu.Lock()
		if slices.ContainsFunc(m.txs, func(other *owned) bool { return other.id == id }) {
			m.txMu.Unlock()
			m.report("%s was handed out twice", id)
			return
		}
		m.txs = append(m.txs, tx)
		m.txMu.Unlock()

		switch p := random.IntN(100); {
		case p < 80:
			pause(random, 5*time.Millisecond)
		case p < 95:
			pause(random, 200*time.Millisecond)
		default:
			pause(random, 3*time.Second)
		}
		var told verdict
		var at int64
		switch p := random.IntN(100); {
		case p < 5:
			continue // crash
		case p < 20:
			told, at = m.abort(id)
		default:
			tx.asked, tx.late = true, time.Since(began) >= abortAfter
			told, at = m.commit(random, id)
		}
		m.txMu.Lock()
		tx.told, tx.at = told, at
		m.txMu.Unlock()
	}
}

func pause(random *rand.Rand, most time.Duration) {
	time.Sleep(time.Duration(random.Int64N(int64(most))))
}

// abort is the self abort of spec 6.5: first the slot, then the row.
func (m *model) abort(id string) (verdict, int64) {
	m.committer.Remove(id)
	switch err := m.put(context.Background(), id, decision{createdAt: time.Now().UnixMilli()}); {
	case err == nil:
		return aborted, 0
	case errors.Is(err, errDecided):
		return m.resolve(id)
	default:
		return unknown, 0
	}
}

// commit is the decision of spec 6.4 with the rules of 8.5 for errors.
func (m *model) commit(random *rand.Rand, id string) (verdict, int64) {
	ctx := context.Background()
	if random.IntN(10) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(5*time.Millisecond))))
		defer cancel()
	}
	at, err := m.committer.Commit(ctx, id, id)
	switch {
	case err == nil:
		m.note("committed")
		return committed, at
	case errors.Is(err, ErrGone):
		m.note("gone")
		return m.resolve(id)
	case errors.Is(err, errDecided):
		m.note("decided before")
		return m.resolve(id)
	case errors.Is(err, ErrUnknown):
		m.note("impatient client")
		m.committer.Remove(id) // must do nothing
		return unknown, 0
	default:
		m.note("unknown outcome")
		return unknown, 0
	}
}

// resolve is the end of spec 6.4: no row means that an abort won.
func (m *model) resolve(id string) (verdict, int64) {
	switch d, err := m.state(id); {
	case err != nil:
		return unknown, 0
	case d != nil && d.committed:
		return committed, d.createdAt
	default:
		return aborted, 0
	}
}

// recover aborts transactions that it comes across.
func (m *model) recover(random *rand.Rand, n int) {
	for range n {
		pause(random, 20*time.Millisecond)
		m.txMu.Lock()
		var id string
		if n := len(m.txs); n > 0 {
			id = m.txs[n-1-random.IntN(min(n, 10))].id
		}
		m.txMu.Unlock()
		if id != "" {
			_ = m.forceAbort(context.Background(), id, time.Duration(random.Int64N(int64(50*time.Millisecond))))
		}
	}
}

// run lets clients and recoverers work and then compares what they were told
// with the rows.
func (m *model) run(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	m.coordinator = &coordinator{seed: seed, rows: map[string]decision{}, calls: map[string]uint64{}}
	m.written = map[string]int{}
	if random.IntN(4) > 0 {
		m.faults = []float64{0.02, 0.2, 0.6}[random.IntN(3)]
	}
	m.committer = New(Options{Capacity: 1 + random.IntN(8), AbortAfter: abortAfter, NewParentID: counter()}, m.emit)
	recoverers := random.IntN(3)
	calm := m.faults == 0 && recoverers == 0

	var running sync.WaitGroup
	for i := range 1 + random.IntN(8) {
		running.Go(func() { m.client(rand.New(rand.NewPCG(seed, uint64(100+i))), 12) })
	}
	for i := range recoverers {
		running.Go(func() { m.recover(rand.New(rand.NewPCG(seed, uint64(200+i))), 20) })
	}
	running.Wait()
	if err := m.committer.Close(t.Context()); err != nil {
		m.report("Close: %v", err)
	}
	time.Sleep(2 * time.Second) // late requests
	if len(m.committer.slots) > 0 || m.committer.groups > 0 || m.committer.open != nil {
		m.report("%d slots and %d groups are left", len(m.committer.slots), m.committer.groups)
	}
	m.faults = 0
	for _, tx := range m.txs {
		if d, _ := m.state(tx.id); d == nil {
			_ = m.forceAbort(t.Context(), tx.id, 0)
		}
	}
	m.check(calm)
}

// check is the invariant of spec 10.1.
func (m *model) check(calm bool) {
	owner := map[string]*owned{}
	for _, tx := range m.txs {
		owner[tx.id] = tx
		own, hasOwn := m.rows[tx.id]
		group := m.rows[tx.id[:parentIDLength]]
		listed := slices.Contains(group.children, tx.id[parentIDLength+1:])
		d := own
		if listed {
			d = group
		}
		switch {
		case listed && hasOwn:
			m.report("%s is decided in two rows", tx.id)
		case !listed && !hasOwn:
			m.report("%s is not decided", tx.id)
		case d.committed && !tx.asked:
			m.report("%s is committed, which nobody asked for", tx.id)
		case tx.told == committed && (!d.committed || d.createdAt != tx.at):
			m.report("%s was told committed at %d, the row says %+v", tx.id, tx.at, d)
		case tx.told == aborted && d.committed:
			m.report("%s was told aborted, the row says %+v", tx.id, d)
		case calm && tx.asked && tx.told == aborted && !tx.late:
			m.report("%s was aborted without a reason", tx.id)
		}
	}
	for id, d := range m.rows {
		for _, child := range d.children {
			if owner[id+"$"+child] == nil {
				m.report("row %s lists %s, which nobody owns", id, child)
			}
		}
	}
	for id, n := range m.written {
		if n > 1 {
			m.report("row %s was written %d times", id, n)
		}
	}
}

// TestModel runs random histories of spec 10.1, CoordinatorWithGroupCommit:
// every transaction is decided in exactly one row, and whoever was told
// something was told what that row says.
func TestModel(t *testing.T) {
	first, last := uint64(1), *modelSeeds
	if *modelSeed != 0 {
		first, last = *modelSeed, *modelSeed
	}
	seen := map[string]int{}
	for seed := first; seed <= last; seed++ {
		synctest.Test(t, func(t *testing.T) {
			m := &model{seen: seen}
			m.run(t, seed)
			if len(m.problems) > 0 {
				t.Errorf("seed %d: %s", seed, strings.Join(m.problems, "\n\t"))
			}
		})
		if t.Failed() {
			t.Fatalf("repeat with -model.seed=%d", seed)
		}
	}
	for _, situation := range []string{
		"committed", "group of several", "delayed group", "gone", "decided before", "impatient client", "unknown outcome",
	} {
		if *modelSeed == 0 && seen[situation] == 0 {
			t.Errorf("no history had: %s", situation)
		}
	}
	t.Logf("%v", seen)
}
