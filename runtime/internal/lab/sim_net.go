package lab

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// simNet holds the storage calls of all processes of a simulation back until
// their time has come, and then lets happen to them what has been drawn.
type simNet struct {
	plan   *simPlan
	store  *memory.Storage
	tables map[storage.TableName]*storage.Table
	begun  time.Time
	// sabotage, unless it is nil, comes between engines and their storage.
	sabotage func(storage.Storage) storage.Storage

	// The scheduler's alone.
	ledger simLedger
	trace  []simLine

	mu        sync.Mutex
	processes []*simProcess // those that run, by their place in the plan
	all       []*simProcess // and those that ran before
	parked    []*simCall
	repeats   map[string]int
	active    int // clients and others that have not ended
	changed   chan struct{}
}

// simCall is a storage call that has not been answered.
type simCall struct {
	process *simProcess
	name    string // who, what, about which records, and which time if it is repeated
	who     string // the transaction
	write   bool
	due     time.Duration // when it arrives
	choice  simChoice
	waiting bool // somebody waits for the answer
	send    func() (outcome string, err error)
	reply   chan error
}

// simLine is a line of a trace: one storage call.
type simLine struct {
	at         time.Duration
	call, what string
}

func (l simLine) String() string {
	return fmt.Sprintf("%12v  %s: %s", l.at.Truncate(time.Microsecond), l.call, l.what)
}

func newSimNet(p *simPlan, sabotage func(storage.Storage) storage.Storage) *simNet {
	n := &simNet{
		plan: p, store: memory.New(p.storage...), tables: map[storage.TableName]*storage.Table{}, begun: time.Now(), sabotage: sabotage,
		repeats: map[string]int{}, changed: make(chan struct{}, 1), processes: make([]*simProcess, len(p.processes)),
	}
	for _, def := range definitions() {
		must(n.store.CreateNamespace(ctxNone, def.Namespace, nil))
		must(n.store.CreateTable(ctxNone, def, nil))
		deployed, err := n.store.Table(ctxNone, def.TableName)
		must(err)
		n.tables[def.TableName] = deployed
	}
	for k := range simKeys() {
		if v := p.records[k]; v != 0 {
			n.keep(k, v)
		}
	}
	n.ledger.begin(p.records)
	for i := range n.processes {
		n.start(i)
	}
	return n
}

// keep stores a record that is there at the start.
func (n *simNet) keep(k Key, v int) {
	t := n.tables[itemName]
	m := storage.Mutation{Table: t, Op: storage.Put, Key: k.values()}
	for _, c := range []struct {
		name  string
		value storage.Value
	}{
		{"v", storage.IntValue(int32(v))}, {"cat", storage.IntValue(int32(simCategory(v)))},
		{"tx_id", storage.TextValue(initial)}, {"tx_state", storage.IntValue(int32(commit.Committed))}, {"tx_version", storage.IntValue(1)},
		{"tx_prepared_at", storage.BigIntValue(1)}, {"tx_committed_at", storage.BigIntValue(2)},
	} {
		m.Columns, m.Values = append(m.Columns, t.Column(c.name)), append(m.Values, c.value)
	}
	must(n.store.Mutate(ctxNone, []storage.Mutation{m}))
}

// running returns the process that a client uses now.
func (n *simNet) running(i int) *simProcess {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.processes[i]
}

// now is the time since the simulation began.
func (n *simNet) now() time.Duration { return time.Since(n.begun) }

// enter and leave count those who run.
func (n *simNet) enter() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.active++
}

func (n *simNet) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.active--
	n.wake()
}

// wake lets the scheduler look again. n.mu must be held.
func (n *simNet) wake() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// simPatience is how long nobody may call the storage, or end. It is far more than
// an engine waits for anything.
const simPatience = 6 * time.Hour

// serve delivers calls until nobody runs or waits for an answer. What is left then
// is still on its way. It reports false if those who run do nothing any more.
func (n *simNet) serve() (ended bool) {
	for {
		synctest.Wait()
		c, idle := n.next()
		if idle {
			return true
		}
		pause := simPatience
		if c != nil {
			pause = c.due - n.now()
		}
		timer := time.NewTimer(pause)
		select {
		case <-n.changed:
			timer.Stop()
			continue
		case <-timer.C:
		}
		if c == nil {
			return false
		}
		n.deliver(c)
	}
}

// next returns the call that is to arrive next, nil for none.
func (n *simNet) next() (first *simCall, idle bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	idle = n.active == 0
	for _, c := range n.parked {
		if first == nil || cmp.Or(cmp.Compare(c.due, first.due), strings.Compare(c.name, first.name)) < 0 {
			first = c
		}
		idle = idle && !c.waiting
	}
	return first, idle
}

// arriveLate delivers everything that is still on its way.
func (n *simNet) arriveLate() {
	for {
		c, _ := n.next()
		if c == nil {
			return
		}
		if pause := c.due - n.now(); pause > 0 {
			time.Sleep(pause)
		}
		n.deliver(c)
	}
}

// deliver lets happen to a call what has been drawn.
func (n *simNet) deliver(c *simCall) {
	n.take(c)
	if !c.waiting {
		outcome, _ := n.send(c)
		n.ledger.reached["late"]++
		n.tell(c, "late: "+outcome)
		return
	}
	fate := c.choice.fate
	if fate == simRequestLost && !c.write {
		fate = simFailed
	}
	switch fate {
	case simReplyLost:
		outcome, _ := n.send(c)
		n.tell(c, outcome+", but the reply is lost")
		c.reply <- errNoReply
	case simRequestLost:
		n.tell(c, "lost")
		c.reply <- errNoReply
	case simRequestLate:
		n.tell(c, "still on its way when its sender gives up")
		n.postpone(c)
		c.reply <- errNoReply
	case simFailed:
		n.tell(c, "failed")
		c.reply <- errDown
	case simConflict:
		n.tell(c, "conflict")
		c.reply <- &storage.Error{Op: "lab", Class: storage.ErrConflict}
	case simCrash:
		n.tell(c, "on its way when "+c.process.name+" crashes")
		n.postpone(c)
		n.crash(c.process)
		c.reply <- errDead
	case simCrashAfter:
		outcome, _ := n.send(c)
		n.tell(c, outcome+", and "+c.process.name+" crashes")
		n.crash(c.process)
		c.reply <- errDead
	default:
		switch fate {
		case simClockForward:
			n.turn(c.process, time.Minute)
		case simClockBack:
			n.turn(c.process, -time.Minute)
		}
		outcome, err := n.send(c)
		n.tell(c, outcome)
		c.reply <- err
	}
}

func (n *simNet) send(c *simCall) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ledger.sender, n.ledger.now = c.who, n.now()
	return c.send()
}

func (n *simNet) tell(c *simCall, what string) {
	n.trace = append(n.trace, simLine{n.now(), c.name, what})
}

// take removes a call from those that are held back.
func (n *simNet) take(c *simCall) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := slices.Index(n.parked, c)
	n.parked = slices.Delete(n.parked, at, at+1)
}

// postpone lets a write arrive later, when nobody waits for it.
func (n *simNet) postpone(c *simCall) {
	if !c.write {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	late := *c
	late.due, late.waiting = n.now()+c.choice.late, false
	n.parked = append(n.parked, &late)
}

// turn changes the clock of a process.
func (n *simNet) turn(p *simProcess, by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p.skew += by
	n.ledger.reached["clock turned"]++
}

// crash ends a process and starts the program again. Of what it has sent the
// writes arrive, or half of them.
func (n *simNet) crash(p *simProcess) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p.dead = true
	n.ledger.reached["crash"]++
	var rest []*simCall
	for _, c := range n.parked {
		if c.process == p && c.waiting {
			c.waiting = false
			c.reply <- errDead
			if !c.write || c.choice.late%2 == 0 {
				continue
			}
		}
		rest = append(rest, c)
	}
	n.parked = rest
	n.start(slices.Index(n.processes, p))
}

// admit holds a call back. It reports false if its process has crashed.
func (n *simNet) admit(c *simCall, name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.process.dead {
		return false
	}
	c.name = name
	if n.repeats[name]++; n.repeats[name] > 1 {
		c.name = fmt.Sprintf("%s #%d", name, n.repeats[name])
	}
	c.choice = n.plan.choose(c.name)
	c.due = n.now() + c.choice.delay
	n.parked = append(n.parked, c)
	n.wake()
	return true
}

// abandon is called when nobody waits for the answer any more. A write is still on
// its way.
func (n *simNet) abandon(c *simCall) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c.waiting = false
	if at := slices.Index(n.parked, c); at >= 0 && !c.write {
		n.parked = slices.Delete(n.parked, at, at+1)
	}
	n.wake()
}
