package lab

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// expired is by how much a clock jumps: more than a prepared record lives.
const expired = 16 * time.Second

// longDelay is how long calls are held back by a delay: longer than any window
// of a group commit, and shorter than a prepared record lives.
const longDelay = 3 * time.Second

// run is one execution of a scenario.
type run struct {
	scenario *Scenario
	place    *place
	sites    []*site
	ledger   ledger
	clients  []*Client
	final    state // what is stored in the end, set by judge

	mu      sync.Mutex
	pending []*call
	late    []*call
	left    Faults
	faults  int            // that are still to happen
	active  int            // clients that have not ended
	repeats map[string]int // how often a call of a name was made
	steps   int
	shared  bool // a request was made for several transactions
	trace   []string
	room    []action
}

// chooser picks one of the actions that may happen now by its index, or returns
// giveUp.
type chooser func(actions []action) int

const giveUp = -1

// execute runs the scenario once, with so many faults at most, and returns what
// the oracle finds wrong with it, "" for nothing. It reports false if the
// execution was given up. What observers look at is not yet torn down.
func execute(t *testing.T, p *place, s *Scenario, faults int, choose chooser, observers ...func(r *run, verdict string)) (r *run, verdict string, complete bool) {
	synctest.Test(t, func(t *testing.T) {
		r = newRun(p, s)
		r.faults = faults
		complete = r.play(choose)
		if complete {
			verdict = r.judge()
			for _, observe := range observers {
				observe(r, verdict)
			}
		}
		for _, site := range r.sites {
			if err := site.engine.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r, verdict, complete
}

func newRun(p *place, s *Scenario) *run {
	p.clear()
	r := &run{scenario: s, place: p, left: s.Faults, repeats: map[string]int{}}
	r.ledger.begin(p.item())
	for i := range s.Records {
		s.Records[i].store(r)
	}
	for _, c := range s.Clients {
		r.clients = append(r.clients, &Client{run: r, site: r.process(c), name: c.Name, script: c.Run})
	}
	return r
}

// process returns the site of an actor.
func (r *run) process(c Actor) *site {
	name := cmp.Or(c.Process, c.Name)
	if at := slices.IndexFunc(r.sites, func(s *site) bool { return s.name == name }); at >= 0 {
		return r.sites[at]
	}
	o := r.scenario.Engine
	if c.Engine != nil {
		o = *c.Engine
	}
	s := &site{run: r, name: name}
	o.Now, o.NewID, o.MetadataTTL, o.CoordinatorNamespace = s.clock, s.newID, -1, coordinatorNamespace
	if o.GroupCommit != nil {
		groups := *o.GroupCommit
		groups.NewID = s.newGroupID
		o.GroupCommit = &groups
	}
	s.engine = commit.New(s, o)
	r.sites = append(r.sites, s)
	return s
}

// play lets the clients run, one choice at a time.
func (r *run) play(choose chooser) (complete bool) {
	r.active = len(r.clients)
	for _, c := range r.clients {
		go func() {
			c.script(c)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.active--
		}()
		synctest.Wait() // those who share an engine begin in this order
	}
	for {
		synctest.Wait()
		actions := r.actions()
		if len(actions) == 0 {
			return true
		}
		a := &actions[0]
		if len(actions) > 1 || a.kind != wait {
			at := choose(actions)
			if at == giveUp {
				r.giveUp()
				return false
			}
			a = &actions[at]
			r.steps++
			r.trace = append(r.trace, a.String())
		}
		r.perform(a)
	}
}

// await lets time pass until a client calls the storage, or all have ended. What
// arrives meanwhile may as well arrive before.
func (r *run) await() {
	const tick, patience = 20 * time.Millisecond, 10_000
	for range patience {
		time.Sleep(tick)
		synctest.Wait()
		r.mu.Lock()
		over := len(r.pending) > 0 || r.active == 0
		r.mu.Unlock()
		if over {
			return
		}
	}
	panic("clients neither end nor call the storage:\n" + quoted(r.trace))
}

// giveUp ends an execution whose rest need not be seen.
func (r *run) giveUp() {
	for _, s := range r.sites {
		r.kill(s, false)
	}
	r.late = nil
	for {
		synctest.Wait()
		r.mu.Lock()
		done := r.active == 0
		r.mu.Unlock()
		if done {
			return
		}
		time.Sleep(time.Second)
	}
}

// admit holds a call back. It reports false if its client has crashed.
func (r *run) admit(c *call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.site.dead {
		return false
	}
	if r.repeats[c.name]++; r.repeats[c.name] > 1 {
		c.name += " #" + strconv.Itoa(r.repeats[c.name])
	}
	r.pending = append(r.pending, c)
	return true
}

// shares notes that a request is made for several transactions.
func (r *run) shares() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shared = true
}

// abandon is called when a client does not wait for a reply any more.
func (r *run) abandon(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.Index(r.pending, c)
	if at < 0 {
		return
	}
	r.pending = slices.Delete(r.pending, at, at+1)
	if c.write {
		r.late = append(r.late, c)
	}
}

func (r *run) take(c *call, from *[]*call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.Index(*from, c)
	*from = slices.Delete(*from, at, at+1)
}

// kill lets a client's calls fail from now on. What it has sent may still arrive
// if inFlight is set.
func (r *run) kill(s *site, inFlight bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.dead = true
	var rest []*call
	for _, c := range r.pending {
		if c.site != s {
			rest = append(rest, c)
			continue
		}
		if c.write && inFlight {
			r.late = append(r.late, c)
		}
		c.reply <- errDead
	}
	r.pending = rest
}

func (r *run) table(_ context.Context, name storage.TableName) (*storage.Table, error) {
	if def := r.place.defs[name]; def != nil {
		return def, nil
	}
	return nil, &storage.Error{Op: "table", Table: name, Class: storage.ErrTableNotFound}
}

// step is the number of choices made so far.
func (r *run) step() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.steps
}
