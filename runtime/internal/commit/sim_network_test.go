package commit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/groupcommit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// network parks every storage call of a simulation until its scheduler, which
// is seeded, says what becomes of it. Calls are chosen by name, never by the
// order of their arrival, so a seed replays.
type network struct {
	random *rand.Rand
	faults float64 // the share of calls that go wrong

	mu     sync.Mutex
	parked []*parkedCall
	active int // clients that still run
	step   int // calls so far: the simulation's order of events
	trace  strings.Builder
	ledger ledger
	groups int // group commits so far
	ids    []string
	shuns  bool // calls that abort somebody are seldom chosen
	hasty  bool // callers give up
}

type parkedCall struct {
	name    string
	process *process
	mutates bool
	aborts  bool
	tx      *simTx
	send    func() error
	reply   chan error
}

// process is one run of a client's program; after a crash it makes no calls.
type process struct {
	name    string
	network *network
	mu      sync.Mutex
	crashed bool
}

var errCrashed = errors.New("the process is dead")

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.crashed
}

// around is the aroundFunc of the process's engine.
func (p *process) around(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
	if p.dead() {
		return errCrashed
	}
	tx, _ := ctx.Value(caller{}).(*simTx)
	if tx == nil {
		tx = new(simTx)
	}
	call := &parkedCall{
		name: fmt.Sprintf("%s %s %s", p.name, tx.id, describe(c)), process: p, mutates: c.Op == faulty.Mutate || c.Op == faulty.MutateBatch, reply: make(chan error, 1), tx: tx,
		aborts: phase(c) == "decide" && columnOf(c.Mutations[0], "tx_state") == intValue(int(Aborted)),
		send: func() error {
			err := send(context.WithoutCancel(ctx))
			p.network.ledger.note(tx.id, c, err)
			return err
		},
	}
	p.network.mu.Lock()
	p.network.parked = append(p.network.parked, call)
	p.network.mu.Unlock()
	select {
	case err := <-call.reply:
		return err
	case <-ctx.Done():
		return unanswered(call, ctx.Err()) // the request is still under way
	}
}

func unanswered(c *parkedCall, cause error) error {
	if c.mutates {
		return &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: cause}
	}
	return &storage.Error{Op: "read", Err: cause}
}

// join makes the ids of an engine's group commits those of the simulation.
func (n *network) join(e *Engine, site string) {
	g := e.options.GroupCommit
	if g == nil {
		return
	}
	e.groups = groupcommit.New(groupcommit.Options{Capacity: g.Capacity, MaxWindow: g.MaxWindow, AbortAfter: g.AbortAfter, NewParentID: func() string {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.groups++
		return fmt.Sprintf("%s%0*d", site, 24-len(site), n.groups)
	}}, e.coordinator.emit)
}

// announce makes a transaction known to those who meddle.
func (n *network) announce(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids = append(n.ids, id)
}

func (n *network) known() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.ids)
}

// now returns the number of calls so far.
func (n *network) now() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.step
}

// run lets calls through until all clients have ended and nothing is under way.
func (n *network) run() {
	for {
		synctest.Wait()
		n.mu.Lock()
		slices.SortStableFunc(n.parked, func(a, b *parkedCall) int { return strings.Compare(a.name, b.name) })
		waiting, active := len(n.parked), n.active
		n.mu.Unlock()
		switch {
		case waiting == 0 && active == 0:
			return
		case waiting == 0:
			time.Sleep(10 * time.Millisecond) // somebody waits for a timer
			continue
		case n.random.Float64() < n.faults/2:
			d := []time.Duration{time.Second, 6 * time.Second, 16 * time.Second}[n.random.IntN(3)]
			fmt.Fprintf(&n.trace, "%v pass\n", d)
			time.Sleep(d)
			continue
		}
		n.mu.Lock()
		n.step++
		at := n.random.IntN(waiting)
		for range 8 {
			if n.shuns && n.parked[at].aborts {
				at = n.random.IntN(waiting)
			}
		}
		c := n.parked[at]
		n.parked = slices.Delete(n.parked, at, at+1)
		n.mu.Unlock()
		n.let(c)
	}
}

// let decides what becomes of one call.
func (n *network) let(c *parkedCall) {
	if c.process.dead() {
		// What a dead process had sent may still arrive.
		if c.mutates && n.random.IntN(2) == 0 {
			fmt.Fprintf(&n.trace, "%s arrives after the death of its sender: %v\n", c.name, c.send())
		}
		c.reply <- errCrashed
		return
	}
	fate := 0
	if n.random.Float64() < n.faults {
		fates := 6
		if n.hasty && c.tx.giveUp != nil {
			fates = 7
		}
		fate = 1 + n.random.IntN(fates)
	}
	switch fate {
	case 0:
		err := c.send()
		fmt.Fprintf(&n.trace, "%s: %v\n", c.name, err)
		c.reply <- err
	case 1:
		fmt.Fprintf(&n.trace, "%s: request lost\n", c.name)
		c.reply <- unanswered(c, errors.New("request lost"))
	case 2:
		fmt.Fprintf(&n.trace, "%s: reply lost: %v\n", c.name, c.send())
		c.reply <- unanswered(c, errors.New("reply lost"))
	case 3:
		fmt.Fprintf(&n.trace, "%s: failed\n", c.name)
		c.reply <- &storage.Error{Op: "call", Err: errors.New("server busy")}
	case 4:
		fmt.Fprintf(&n.trace, "%s: conflict\n", c.name)
		c.reply <- &storage.Error{Op: "call", Class: storage.ErrConflict}
	case 5: // late: the caller gives up now, the request arrives some time later
		fmt.Fprintf(&n.trace, "%s: late\n", c.name)
		c.reply <- unanswered(c, errors.New("timeout"))
		if c.mutates {
			n.mu.Lock()
			n.parked = append(n.parked, &parkedCall{name: c.name + " (late)", process: c.process, mutates: true, send: c.send, reply: make(chan error, 1), tx: c.tx})
			n.mu.Unlock()
		}
	case 6:
		fmt.Fprintf(&n.trace, "%s crashes in %s\n", c.process.name, c.name)
		c.process.mu.Lock()
		c.process.crashed = true
		c.process.mu.Unlock()
		n.let(c)
	case 7: // the request is still under way, whether its caller waits for it or not
		fmt.Fprintf(&n.trace, "%s: the caller gives up\n", c.name)
		n.ledger.init()
		n.ledger.reached["given up"]++
		n.mu.Lock()
		n.parked = append(n.parked, c)
		n.mu.Unlock()
		c.tx.giveUp()
	}
}
