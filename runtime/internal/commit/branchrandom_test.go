package commit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// participant is a branch that a random driver drives.
type participant struct {
	engine   *Engine
	tx       *Tx
	record   int  // its partition
	prepared bool // Prepare has succeeded
}

// branchRun is a transaction of several participants whose driver calls whatever
// it likes, as often as it likes, while calls fail and others abort and recover.
type branchRun struct {
	mu           sync.Mutex
	random       *rand.Rand // of the calls
	driver       *rand.Rand
	world        *world
	participants []*participant
	ledger       ledger
	told         map[string]string // committed or aborted, by whom
	log          strings.Builder
}

func (r *branchRun) around(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
	r.mu.Lock() // a completion in the background may run beside the driver
	defer r.mu.Unlock()
	if c.Op == faulty.Table || r.random.IntN(4) > 0 {
		err := send(ctx)
		r.ledger.note("mine", c, err)
		return err
	}
	fate := r.random.IntN(5)
	fmt.Fprintf(&r.log, "    %s: fate %d\n", describe(c), fate)
	switch fate {
	case 0:
		return unclear(c, "request lost")
	case 1:
		r.ledger.note("mine", c, send(ctx))
		return unclear(c, "reply lost")
	case 2:
		return &storage.Error{Op: "call", Err: errors.New("server busy")}
	case 3:
		return &storage.Error{Op: "call", Class: storage.ErrConflict}
	default:
		d := []time.Duration{time.Second, 20 * time.Second}[r.random.IntN(2)]
		time.AfterFunc(d, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ledger.note("mine", c, send(context.WithoutCancel(ctx)))
		})
		return unclear(c, "timeout")
	}
}

func (r *branchRun) logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.log, format, args...)
}

func (r *branchRun) run(t *testing.T) {
	w := r.world
	async := r.driver.IntN(2) == 0
	for i := range 2 + r.driver.IntN(2) {
		e := w.engine(nil, func(o *Options) { o.AsyncCommit, o.AsyncRollback, o.WriteSets = async, async, true })
		e.must(t, itemName)
		p := &participant{engine: e, record: i, tx: begin(t, e, Snapshot, withID("mine"))}
		ok(t, insert(t.Context(), p.tx, item(t, e, i, 1), 50))
		e.storage = faulty.Wrap(w.store, aroundFunc(r.around).script)
		r.participants = append(r.participants, p)
	}
	other := w.engine(nil)
	for range 20 {
		p := r.participants[r.driver.IntN(len(r.participants))]
		step, err := "", error(nil)
		switch n := r.driver.IntN(12); {
		case n < 5 && p.tx.Active():
			step, err = "prepare", p.tx.Prepare(t.Context())
			p.prepared = p.prepared || err == nil
		case n < 8 && !p.tx.Active():
			step, err = "commit", p.tx.Commit(t.Context())
			if err == nil {
				r.told["committed"] += fmt.Sprint(" participant ", p.record)
			} else if errors.Is(err, ErrConflict) {
				r.told["aborted"] += fmt.Sprint(" participant ", p.record)
			}
		case n < 9 && !p.tx.Active():
			step, err = "rollback", p.tx.RollbackPrepared(t.Context())
			if err == nil {
				r.told["aborted"] += fmt.Sprint(" participant ", p.record)
			} else if errors.Is(err, ErrClosed) {
				r.told["committed"] += fmt.Sprint(" participant ", p.record)
			}
		case n == 9:
			step = "finish"
			_, err = other.Finish(t.Context(), "mine")
		case n == 10:
			step = "read"
			_, err = begin(t, other, Snapshot).Get(t.Context(), item(t, other, p.record, 1))
		case n == 11:
			d := []time.Duration{time.Second, 6 * time.Second, 16 * time.Second}[r.driver.IntN(3)]
			step = fmt.Sprint(d, " pass")
			time.Sleep(d)
		}
		if step != "" {
			r.logf("%s of participant %d: %v\n", step, p.record, err)
		}
	}
	time.Sleep(time.Minute)
}

// verdict returns what contradicts the decision.
func (r *branchRun) verdict(t *testing.T) string {
	decided := r.ledger.decided["mine"]
	switch {
	case r.ledger.problem != "":
		return r.ledger.problem
	case r.told["committed"] != "" && r.told["aborted"] != "":
		return fmt.Sprintf("committed, says%s; aborted, says%s", r.told["committed"], r.told["aborted"])
	case r.told["committed"] != "" && decided != Committed:
		return fmt.Sprintf("committed, says%s; it is %v", r.told["committed"], decided)
	case r.told["aborted"] != "" && decided == Committed:
		return fmt.Sprintf("aborted, says%s; it is committed", r.told["aborted"])
	}
	e := r.world.engine(nil)
	for _, p := range r.participants {
		there := get(t, begin(t, e, Snapshot), item(t, e, p.record, 1))
		wanted := []string{"absent"}
		if decided == Committed && p.prepared {
			wanted = []string{fmt.Sprintf("p=%d c=1 v=50 cat=1", p.record)}
		} else if decided == Committed {
			// A prepare that was reported as failed may have been applied. The driver
			// has committed without it.
			wanted = append(wanted, fmt.Sprintf("p=%d c=1 v=50 cat=1", p.record))
		}
		if !slices.Contains(wanted, there) {
			return fmt.Sprintf("the record of participant %d is %s, the transaction is %v", p.record, there, decided)
		}
	}
	return ""
}

// Whatever a driver does with the participants, all that they are told agrees, and
// what has been prepared follows the decision.
func TestRandomBranches(t *testing.T) {
	t.Parallel()
	outcomes := map[string]int{}
	for _, seed := range seeds() {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.now.Store(0)
			w.grouped()
			r := &branchRun{random: rand.New(rand.NewPCG(seed, 7)), driver: rand.New(rand.NewPCG(seed, 8)), world: w, told: map[string]string{}}
			r.run(t)
			if problem := r.verdict(t); problem != "" {
				t.Fatalf("seed %d: %s\n%s", seed, problem, r.log.String())
			}
			for told := range r.told {
				outcomes[told]++
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Log(outcomes)
}
