package commit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// variedClients share a few engines, which commit in all the ways there are, with
// clocks that may be an hour wrong; beside them run some who finish, recover and
// abort the transactions of others.
func variedClients(w *world, n *network, random *rand.Rand) (clients []*client, others []func()) {
	w.grouped()
	n.hasty = random.IntN(2) == 0
	for i := range 1 + random.IntN(3) {
		s := &site{name: fmt.Sprintf("s%d", i), network: n, world: w, skew: randomSkew(random), narrow: random.IntN(2) == 0}
		s.configure = []func(*Options){randomOptions(random)}
		for range []int{1, 2, 3, 6}[random.IntN(4)] {
			if len(clients) < 8 {
				clients = append(clients, &client{site: s})
			}
		}
	}
	for i := range random.IntN(3) {
		s := &site{name: fmt.Sprintf("o%d", i), network: n, world: w, skew: randomSkew(random)}
		meddler := &meddler{site: s, network: n, random: rand.New(rand.NewPCG(random.Uint64(), 1)), aborts: random.IntN(3) == 0}
		others = append(others, meddler.run)
	}
	return clients, others
}

// hauntedClients make the most of a decision that disappears: some write and leave
// write sets, some take every transaction of others for expired, and some finish
// each transaction as soon as it is decided. Then a transaction can be decided,
// completed and forgotten while somebody is about to abort it.
func hauntedClients(w *world, n *network, random *rand.Rand) (clients []*client, others []func()) {
	w.grouped()
	n.shuns = true
	async := random.IntN(2) == 0
	for i := range 3 {
		s := &site{name: fmt.Sprintf("s%d", i), network: n, world: w}
		s.configure = []func(*Options){withWriteSets, func(o *Options) { o.AsyncCommit = async }}
		if i == 2 {
			s.skew = time.Hour.Milliseconds()
		}
		clients = append(clients, &client{site: s})
	}
	for i := range 2 {
		s := &site{name: fmt.Sprintf("o%d", i), network: n, world: w}
		m := &meddler{site: s, network: n, random: rand.New(rand.NewPCG(random.Uint64(), 1)), finishes: true}
		others = append(others, m.run)
	}
	return clients, others
}

func randomSkew(random *rand.Rand) int64 {
	const hour = int64(time.Hour / time.Millisecond)
	return []int64{0, 0, hour, -hour, random.Int64N(40_000) - 20_000}[random.IntN(5)]
}

func randomOptions(random *rand.Rand) func(*Options) {
	flip := func() bool { return random.IntN(2) == 0 }
	var o Options
	o.OnePhase, o.AsyncCommit, o.AsyncRollback, o.WriteSets = flip(), flip(), flip(), flip()
	o.SingleDecisions, o.AlwaysDecide = random.IntN(4) == 0, random.IntN(4) == 0
	o.PreReads, o.SeparateRecords, o.SeparateValidation = flip(), random.IntN(4) == 0, flip()
	o.SerialPrepare, o.SerialValidate, o.SerialCommit, o.SerialRollback = random.IntN(4) == 0, random.IntN(4) == 0, random.IntN(4) == 0, random.IntN(4) == 0
	o.Wait = []time.Duration{0, 50 * time.Millisecond, 30 * time.Second}[random.IntN(3)]
	if flip() {
		o.GroupCommit = &GroupCommit{Capacity: 1 + random.IntN(4)}
		if random.IntN(4) == 0 {
			o.GroupCommit.AbortAfter = 5 * time.Second
		}
	}
	return func(to *Options) {
		base := *to
		*to = o
		to.Now, to.MetadataTTL, to.NewID = base.Now, base.MetadataTTL, base.NewID
	}
}

// meddler finishes transactions of others, recovers records, and aborts some.
type meddler struct {
	site     *site
	network  *network
	random   *rand.Rand
	aborts   bool
	finishes bool // nothing else, and what is recent
}

func (m *meddler) run() {
	ctx := context.Background()
	rounds, back := 12, 6
	if m.finishes {
		rounds, back = 50, 3
	}
	for range rounds {
		e, _ := m.site.running()
		table, err := e.Table(ctx, itemName)
		if err != nil {
			continue
		}
		known := m.network.known()
		if len(known) == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		id := known[max(0, len(known)-1-m.random.IntN(back))]
		switch {
		case m.finishes:
			_, err = e.Finish(ctx, id)
		case m.random.IntN(4) == 0:
			_, err = e.RecoverRecord(ctx, Ref{Table: table, Key: keyOf(recordID{m.random.IntN(2), m.random.IntN(4)})})
		case m.aborts && m.random.IntN(3) == 0:
			_, err = e.Abort(ctx, id)
		default:
			_, err = e.Finish(ctx, id)
		}
		if typed := (*Error)(nil); err != nil && !errors.As(err, &typed) {
			panic(err)
		}
	}
}

func TestSimulationOfFinishedTransactions(t *testing.T) {
	for _, isolation := range []Isolation{Snapshot, Serializable} {
		t.Run(isolation.String(), func(t *testing.T) {
			aborted := 0
			for _, seed := range seeds() {
				h := simulate(t, seed, isolation, faultRate(seed), hauntedClients)
				problem := h.problem
				switch {
				case problem != "":
				case isolation != Serializable:
					problem = h.recordProblem(isolation)
				case !h.serial():
					problem = "the committed transactions are not serializable"
				}
				if problem != "" {
					t.Log(h.trace)
					h.fail(t, problem)
				}
				aborted += h.reached["aborted after it was finished"]
			}
			t.Logf("%d aborted after they were finished", aborted)
			if len(seeds()) >= 100 && aborted == 0 {
				t.Error("nobody was about to abort a transaction while it was finished")
			}
		})
	}
}

// A seed decides less here than in the other simulations: clients that share an
// engine may wake up at the same moment. So a failure shows its trace.
func TestSimulationOfVariants(t *testing.T) {
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			outcomes, reached := map[string]int{}, map[string]int{}
			for _, seed := range seeds() {
				h := simulate(t, seed, isolation, []float64{0, 0.02, 0.08, 0.2}[seed%4], variedClients)
				problem := h.problem
				switch {
				case problem != "":
				case isolation != Serializable:
					problem = h.recordProblem(isolation)
				case !h.serial():
					problem = "the committed transactions are not serializable"
				}
				if problem != "" {
					t.Log(h.trace)
					h.fail(t, problem)
				}
				for _, tx := range h.txs {
					outcomes[tx.outcome]++
				}
				for what, n := range h.reached {
					reached[what] += n
				}
			}
			t.Log(outcomes, reached)
			for _, what := range []string{"one phase", "batch", "group", "delayed member", "finished", "given up"} {
				if len(seeds()) >= 100 && reached[what] == 0 {
					t.Errorf("no simulation came to: %s", what)
				}
			}
		})
	}
}
