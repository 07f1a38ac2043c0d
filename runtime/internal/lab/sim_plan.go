package lab

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// simPlan is everything that a simulation does, drawn from a seed before it
// begins. What becomes of each storage call is drawn from the seed and the name of
// the call, so that a plan from which a transaction has been taken away leaves the
// luck of the others as it was. That is what makes shrinking work.
type simPlan struct {
	seed      uint64
	storage   []memory.Option
	records   map[Key]int // stored at the start
	processes []simProcessPlan
	clients   []simClientPlan
	weather   simWeather
	// chance, unless it is nil, names the calls whose luck is drawn. All others
	// arrive after the same time, and nothing happens to them.
	chance map[string]bool
	// fates are those of calls that a test decides upon.
	fates map[string]simChoice
	// arriveAfter: requests without anybody waiting for them arrive when everything
	// has been recovered.
	arriveAfter bool
}

// simProcessPlan is a program with an engine, which is started again after a
// crash. Clients may share it.
type simProcessPlan struct {
	name   string
	skew   time.Duration // of its clock
	engine commit.Options
}

// simClientPlan is a client, which runs one transaction after the other.
type simClientPlan struct {
	name    string
	process int
	steps   []simStep
}

// simStep is a transaction, or something that an operator does to one.
type simStep struct {
	id        string
	think     time.Duration // before it
	isolation commit.Isolation
	readOnly  bool
	rollback  bool
	ops       []simOp
	deed      simDeed
	other     string // the id that a deed is about
	record    Key    // that recoverRecord is about
}

// simDeed is what an operator or a background job does.
type simDeed uint8

const (
	transact simDeed = iota
	finishOther
	abortOther
	recoverRecord
)

// simOp is one operation as it is planned. Values are positive and written once
// each.
type simOp struct {
	kind opKind
	key  Key
	v    int // what put, insert and update write
	when int // update and remove: only of a record in this category, −1 for any
	scan simScan
}

// simScan is which records a scan returns.
type simScan struct {
	kind      storage.ScanKind
	partition int
	from, to  int // places in the partition, both included
	backward  bool
	limit     int // 0 for none
	category  int // −1 for all
}

// simWeather is how much goes wrong.
type simWeather struct {
	pace  time.Duration // that a call takes on average
	fault float64       // the share of calls to which something happens
	stuck float64       // the share of calls that are held back for long
	pause float64       // the share of transactions before which a client pauses for long
	// haunted: who aborts somebody comes late, and who commits often does not hear
	// of it, so that decisions disappear while somebody is about to ask for them.
	haunted bool
}

// The sizes of a simulation.
const (
	simPartitions = 4
	simPlaces     = 8 // in a partition
	simCategories = 3
)

// simCategory is the category of a record with the value v, which is indexed.
func simCategory(v int) int { return v % simCategories }

// drawPlan draws a plan.
func drawPlan(seed uint64) *simPlan {
	d := &simDrawer{Rand: rand.New(rand.NewPCG(seed, 0))}
	p := &simPlan{seed: seed, records: map[Key]int{}, arriveAfter: d.once(2)}
	p.storage = []memory.Option{
		memory.WithAtomicity(oneOf(d, storage.AtomicRecord, storage.AtomicPartition, storage.AtomicStorage), 0),
		memory.WithPageSize(oneOf(d, 1, 3, 1000)),
	}
	p.weather = simWeather{
		pace:  oneOf(d, time.Millisecond, 20*time.Millisecond),
		fault: oneOf(d, 0, 0.01, 0.03, 0.1),
		stuck: oneOf(d, 0, 0, 0.01, 0.05),
		pause: oneOf(d, 0, 0.05, 0.2),
	}
	d.levels = oneOf(d,
		[]commit.Isolation{commit.Serializable}, []commit.Isolation{commit.Serializable}, []commit.Isolation{commit.Snapshot},
		[]commit.Isolation{commit.ReadCommitted}, []commit.Isolation{commit.Serializable, commit.Snapshot},
		[]commit.Isolation{commit.Serializable, commit.Snapshot, commit.ReadCommitted})
	d.hot = 2 + d.IntN(4)
	for range d.IntN(simPartitions * simPlaces) {
		p.records[Key{d.IntN(simPartitions), d.IntN(simPlaces)}] = d.value()
	}
	d.haunted = d.once(4)
	p.weather.haunted = d.haunted
	p.processes = d.processes()
	p.clients = d.clients(p)
	return p
}

// simDrawer draws the parts of a plan.
type simDrawer struct {
	*rand.Rand
	levels   []commit.Isolation
	hot      int // records that most operations are about
	values   int
	known    []string // transactions that operators may meddle with
	operator bool     // the client that is drawn is one
	haunted  bool     // decisions disappear as soon as they can
	read     []Key    // by the transaction that is drawn
}

func oneOf[T any](d *simDrawer, of ...T) T { return of[d.IntN(len(of))] }

// once is true once in n times.
func (d *simDrawer) once(n int) bool { return d.IntN(n) == 0 }

// value returns one that has not been written.
func (d *simDrawer) value() int {
	d.values++
	return d.values*simCategories + d.IntN(simCategories)
}

func (d *simDrawer) processes() (all []simProcessPlan) {
	for i := range oneOf(d, 1, 1, 2, 3, 4) {
		all = append(all, simProcessPlan{name: string(rune('P' + i)), skew: d.skew(), engine: d.engine()})
	}
	if d.haunted {
		// Somebody takes everything for expired.
		all = append(all, simProcessPlan{name: "Z", skew: time.Hour})
	}
	return all
}

func (d *simDrawer) clients(p *simPlan) (all []simClientPlan) {
	clients, steps := 3+d.IntN(8), 2+d.IntN(4)
	for i := range clients {
		c := simClientPlan{name: string(rune('A' + i)), process: d.IntN(len(p.processes))}
		d.operator = i >= 3 && d.once(3)
		most := steps
		if d.operator {
			most *= oneOf(d, 2, 4, 12)
		}
		for n := range most {
			c.steps = append(c.steps, d.step(fmt.Sprintf("%s%d", c.name, n+1), p.weather))
		}
		all = append(all, c)
	}
	return all
}

func (d *simDrawer) skew() time.Duration {
	return oneOf(d, 0, 0, 0, time.Hour, -time.Hour, time.Duration(d.Int64N(int64(40*time.Second)))-20*time.Second)
}

func (d *simDrawer) engine() commit.Options {
	o := commit.Options{
		OnePhase: d.once(2), AsyncCommit: d.once(2), AsyncRollback: d.once(2), WriteSets: d.haunted || d.once(2), AlwaysDecide: d.once(5), PreReads: d.once(2), SeparateValidation: d.once(2),
		SerialPrepare: d.once(4), SerialValidate: d.once(4), SerialCommit: d.once(4), SerialRollback: d.once(4),
		Wait: oneOf(d, 0, 50*time.Millisecond, 30*time.Second),
	}
	if d.once(2) {
		o.GroupCommit = &commit.GroupCommit{Capacity: oneOf(d, 1, 2, 2, 3, 5)}
		if d.once(3) {
			o.GroupCommit.AbortAfter = 5 * time.Second
		}
	}
	return o
}

// step draws a transaction, or a deed of an operator.
func (d *simDrawer) step(id string, w simWeather) simStep {
	s := simStep{id: id, think: time.Duration(d.ExpFloat64() * float64(w.pace)), isolation: oneOf(d, d.levels...)}
	if d.Float64() < w.pause {
		s.think += time.Duration(d.Int64N(int64(20 * time.Second)))
	}
	if d.operator && len(d.known) > 0 {
		s.deed, s.other, s.record = oneOf(d, finishOther, finishOther, abortOther, recoverRecord), oneOf(d, d.known...), d.key()
		if d.haunted {
			s.deed, s.think = finishOther, min(s.think, w.pace)
		}
		return s
	}
	d.known = append(d.known, id)
	s.readOnly, s.rollback = d.once(8), d.once(20)
	d.read = nil
	for range 1 + d.IntN(6) {
		s.ops = append(s.ops, d.op(s.readOnly))
	}
	return s
}

// key is mostly one of the hot ones.
func (d *simDrawer) key() Key {
	if n := d.IntN(simPartitions * simPlaces * 2); n < simPartitions*simPlaces {
		return Key{n % simPartitions, n / simPartitions}
	}
	n := min(d.IntN(d.hot), d.IntN(d.hot))
	return Key{n % 2, n / 2}
}

func (d *simDrawer) op(readOnly bool) simOp {
	o := simOp{key: d.key(), when: -1}
	kinds := []opKind{get, get, get, scan, put, update, update, insert, remove}
	if readOnly {
		kinds = kinds[:4]
	}
	o.kind = oneOf(d, kinds...)
	// Often what is read is written afterwards.
	if o.kind != get && o.kind != scan && len(d.read) > 0 && d.once(2) {
		o.key = oneOf(d, d.read...)
	}
	switch o.kind {
	case scan:
		o.scan = d.scan(o.key.P)
		d.read = append(d.read, o.key)
	case get:
		d.read = append(d.read, o.key)
	default:
		o.v = d.value()
		if (o.kind == update || o.kind == remove) && d.once(4) {
			o.when = d.IntN(simCategories)
		}
	}
	return o
}

func (d *simDrawer) scan(partition int) simScan {
	s := simScan{kind: storage.PartitionScan, partition: partition, to: simPlaces - 1, category: -1}
	switch d.IntN(6) {
	case 0:
		s.kind, s.category = storage.FullScan, d.IntN(simCategories+1)-1
		return s
	case 1:
		s.kind, s.category = storage.IndexScan, d.IntN(simCategories)
		return s
	}
	if d.once(3) {
		s.from = d.IntN(3)
		s.to = s.from + d.IntN(simPlaces-s.from)
	}
	s.backward = d.once(3)
	if d.once(3) {
		s.limit = 1 + d.IntN(3)
	}
	if d.once(4) {
		s.category = d.IntN(simCategories)
	}
	return s
}

// simKeys iterates over all keys of a simulation.
func simKeys() func(yield func(Key) bool) {
	return func(yield func(Key) bool) {
		for p := range simPartitions {
			for c := range simPlaces {
				if !yield(Key{p, c}) {
					return
				}
			}
		}
	}
}

// selects reports whether the scan's range has the key, and whether a record
// with the value v would be returned; v is 0 for no record.
func (s *simScan) selects(k Key, v int) (inRange, returned bool) {
	inRange = s.kind != storage.PartitionScan || k.P == s.partition && k.C >= s.from && k.C <= s.to
	return inRange, inRange && v != 0 && (s.category < 0 || simCategory(v) == s.category)
}
