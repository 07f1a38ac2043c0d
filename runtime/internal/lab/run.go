package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// expired is by how much a clock jumps: more than a prepared record lives.
const expired = 16 * time.Second

// run is one execution of a scenario.
type run struct {
	scenario *Scenario
	store    *memory.Storage
	defs     map[storage.TableName]*storage.Table
	sites    []*site
	ledger   ledger
	clients  []*Client

	mu      sync.Mutex
	pending []*call
	late    []*call
	left    Faults
	faults  int            // that are still to happen
	active  int            // clients that have not ended
	repeats map[string]int // how often a call of a name was made
	steps   int
	trace   []string
}

// chooser picks one of the actions that may happen now, or nil to give the
// execution up.
type chooser func(actions []*action) *action

// execute runs the scenario once, with so many faults at most, and returns what the oracle finds wrong with it,
// "" for nothing. It reports false if the execution was given up.
func execute(t *testing.T, s *Scenario, faults int, choose chooser) (r *run, verdict string, complete bool) {
	synctest.Test(t, func(t *testing.T) {
		r = newRun(s)
		r.faults = faults
		complete = r.play(t, choose)
		if complete {
			verdict = r.judge()
		}
		for _, site := range r.sites {
			if err := site.engine.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return r, verdict, complete
}

func newRun(s *Scenario) *run {
	r := &run{scenario: s, store: memory.New(s.Storage...), left: s.Faults, repeats: map[string]int{}, defs: map[storage.TableName]*storage.Table{}}
	for _, def := range definitions() {
		must(r.store.CreateNamespace(context.Background(), def.Namespace, nil))
		must(r.store.CreateTable(context.Background(), def, nil))
		deployed, err := r.store.Table(context.Background(), def.TableName)
		must(err)
		r.defs[def.TableName] = deployed
	}
	for _, initial := range s.Records {
		initial.store(r)
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
	s := &site{run: r, name: name, store: r.store}
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

// must is for what cannot fail: a storage in memory that nobody holds back.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// play lets the clients run, one choice at a time.
func (r *run) play(t *testing.T, choose chooser) (complete bool) {
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
	for idle := 0; ; {
		synctest.Wait()
		actions := r.actions()
		if len(actions) == 0 {
			return true
		}
		a := actions[0]
		if len(actions) > 1 || a.kind != wait {
			if a = choose(actions); a == nil {
				r.giveUp()
				return false
			}
		}
		if a.kind != wait {
			idle = 0
			r.steps++
			r.trace = append(r.trace, a.name)
			r.perform(a)
			continue
		}
		const patience = 10_000
		if idle++; idle > patience {
			t.Fatalf("clients neither end nor call the storage:\n%s", strings.Join(r.trace, "\n"))
		}
		time.Sleep(20 * time.Millisecond)
	}
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
		c.name = fmt.Sprintf("%s #%d", c.name, r.repeats[c.name])
	}
	r.pending = append(r.pending, c)
	return true
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
	if def := r.defs[name]; def != nil {
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
