package commit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// recordID names a record of item in a simulation.
type recordID struct{ p, c int }

// simValue is what a record of a simulation holds. v is different in every
// write, so a read tells which write it saw.
type simValue struct{ v, cat int }

// operation is one operation of a transaction with what came of it.
type operation struct {
	kind   string // get, scan, index, full, insert, upsert, update, delete
	record recordID
	write  simValue
	cat    int // index and full: the value asked for
	// partition scans
	from, to, limit int
	backward        bool
	ifCat           int // update and delete: the condition, −1 for none

	rows []simRow // of reads
	err  string   // exists or condition
	hit  bool     // update: there was a record
}

type simRow struct {
	id recordID
	simValue
}

// simTx is one transaction of a simulation.
type simTx struct {
	id         string
	start, end int // in half calls, so that what ends with a call comes before what begins with it; end is beyond all others if the client never heard
	operations []operation
	outcome    string // ok, conflict, …, of the commit or of the operation that ended it
	committed  bool   // in truth
	giveUp     context.CancelFunc
}

func (tx *simTx) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%d,%d] %s committed=%v\n", tx.id, tx.start, tx.end, tx.outcome, tx.committed)
	for _, o := range tx.operations {
		fmt.Fprintf(&b, "    %+v\n", o)
	}
	return b.String()
}

// site runs a program that one or more clients use, again after each crash.
type site struct {
	name      string
	network   *network
	world     *world
	skew      int64 // of its clock, in milliseconds
	configure []func(*Options)
	narrow    bool // one coordinator row at a time, so that others share requests

	mu        sync.Mutex
	processes int
	process   *process
	engine    *Engine
}

// running returns the engine of a process that is alive, starting one if needed.
func (s *site) running() (*Engine, *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.process.dead() {
		s.processes++
		s.process = &process{name: fmt.Sprintf("%s.%d", s.name, s.processes), network: s.network}
		s.engine = s.world.engine(s.process.around, append([]func(*Options){func(o *Options) {
			now := o.Now
			o.Now = func() time.Time { return now().Add(time.Duration(s.skew) * time.Millisecond) }
		}}, s.configure...)...)
		s.network.join(s.engine, s.name)
		if s.narrow {
			s.engine.coordinator.decisions.requests = s.engine.options.MaxRequests - 1
		}
	}
	return s.engine, s.process
}

// client runs transactions one after the other.
type client struct {
	name      string
	site      *site
	network   *network
	random    *rand.Rand
	isolation Isolation
	txs       []*simTx
	count     int
}

// caller is the key of the transaction on whose behalf a context is used.
type caller struct{}

func (c *client) run(transactions int) {
	for range transactions {
		c.transaction()
	}
}

func (c *client) transaction() {
	engine, process := c.site.running()
	c.count++
	record := &simTx{id: fmt.Sprintf("%s-%d", c.name, c.count), end: math.MaxInt}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), caller{}, record))
	defer cancel()
	record.giveUp = cancel
	table, err := engine.Table(ctx, itemName)
	if err != nil {
		return
	}
	readOnly := c.random.IntN(6) == 0
	tx, err := engine.Begin(BeginOptions{ID: record.id, Isolation: c.isolation, ReadOnly: readOnly})
	if err != nil {
		panic(err)
	}
	record.id, record.start = tx.ID(), 2*c.network.now()+1
	c.txs = append(c.txs, record)
	c.network.announce(record.id)
	for range 1 + c.random.IntN(4) {
		o := c.choose(readOnly)
		err := o.run(ctx, tx, table)
		switch outcome(err) {
		case "ok":
		case "exists", "condition":
			o.err = outcome(err)
		case "invalid":
			continue // a scan over own writes without a comparator
		default:
			tx.Rollback()
			record.outcome = outcome(err)
			return
		}
		record.operations = append(record.operations, o)
	}
	err = tx.Commit(ctx)
	if errors.Is(err, errCrashed) || process.dead() {
		record.outcome = "crashed"
		return
	}
	record.outcome = outcome(err)
	if record.outcome != "unknown" { // it may still take effect
		record.end = 2 * c.network.now()
	}
}

// choose picks an operation on a few hot records.
func (c *client) choose(readOnly bool) operation {
	r := c.random
	o := operation{record: recordID{r.IntN(2), r.IntN(4)}, ifCat: -1, from: -1, to: -1}
	c.count++
	o.write = simValue{v: int(c.name[1]-'0'+1)*10000 + c.count, cat: r.IntN(2)}
	kinds := []string{"get", "get", "scan", "scan", "index", "full", "update", "update", "update", "insert", "upsert", "delete"}
	if readOnly {
		kinds = kinds[:6]
	}
	o.kind = kinds[r.IntN(len(kinds))]
	switch o.kind {
	case "scan":
		if r.IntN(2) == 0 {
			o.from = r.IntN(4)
		}
		if r.IntN(2) == 0 {
			o.to = o.from + r.IntN(4)
		}
		o.limit, o.backward = r.IntN(4), r.IntN(2) == 0
		o.cat = r.IntN(4) // 0, 1: with a filter
	case "index", "full":
		o.cat = r.IntN(2)
	case "update", "delete":
		if r.IntN(3) == 0 {
			o.ifCat = r.IntN(2)
		}
	}
	return o
}

// run runs the operation and notes what it returns.
func (o *operation) run(ctx context.Context, tx *Tx, t *Table) error {
	ref := Ref{Table: t, Key: keyOf(o.record)}
	changes := Changes{Columns: []int{colV, colCat}, Values: []storage.Value{intValue(o.write.v), intValue(o.write.cat)}}
	var condition []storage.Predicate
	if o.ifCat >= 0 {
		condition = []storage.Predicate{{Column: colCat, Operator: storage.Eq, Value: intValue(o.ifCat)}}
	}
	switch o.kind {
	case "get":
		rows, err := tx.Get(ctx, ref)
		if err == nil && rows[0] != nil {
			o.rows = []simRow{simRowOf(rows[0])}
		}
		return err
	case "insert":
		return tx.Insert(ctx, ref, changes)
	case "upsert":
		return tx.Upsert(ctx, ref, changes)
	case "update":
		err := tx.Update(ctx, ref, changes, condition)
		o.hit = err == nil && tx.records.find(t, ref.Key).op == putWrite
		return err
	case "delete":
		return tx.Delete(ctx, ref, condition)
	}
	for row, err := range tx.Scan(ctx, o.scan(t)) {
		if err != nil {
			return err
		}
		o.rows = append(o.rows, simRowOf(row))
	}
	return nil
}

func (o *operation) scan(t *Table) Scan {
	switch o.kind {
	case "index":
		return Scan{Table: t, Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(o.cat)}
	case "full":
		return Scan{Table: t, Kind: storage.FullScan, Where: catIs(o.cat)}
	}
	scan := partition(t, o.record.p)
	if o.from >= 0 {
		scan.Start = storage.Bound{Values: []storage.Value{intValue(o.from)}, Inclusive: true}
	}
	if o.to >= 0 {
		scan.End = storage.Bound{Values: []storage.Value{intValue(o.to)}, Inclusive: true}
	}
	if o.cat < 2 {
		scan.Where = catIs(o.cat)
	}
	scan.Limit, scan.Backward = o.limit, o.backward
	return scan
}

func keyOf(id recordID) []storage.Value { return []storage.Value{intValue(id.p), intValue(id.c)} }

func catIs(cat int) storage.Filter {
	return storage.Filter{{{Column: colCat, Operator: storage.Eq, Value: intValue(cat)}}}
}

func simRowOf(row storage.Row) simRow {
	n := func(c int) int { return int(row[c].Int64()) }
	return simRow{recordID{n(colP), n(colC)}, simValue{n(colV), n(colCat)}}
}

// state is the content of item in the model.
type state map[recordID]simValue

// selected returns what the operation's scan returns in the model, in its order.
func (s state) selected(o *operation) []simRow {
	var rows []simRow
	for id, v := range s {
		inPartition := o.kind != "scan" || id.p == o.record.p && (o.from < 0 || id.c >= o.from) && (o.to < 0 || id.c <= o.to)
		if inPartition && (o.kind == "scan" && o.cat > 1 || v.cat == o.cat) {
			rows = append(rows, simRow{id, v})
		}
	}
	slices.SortFunc(rows, compareRows)
	if o.backward {
		slices.Reverse(rows)
	}
	if o.limit > 0 && len(rows) > o.limit {
		rows = rows[:o.limit]
	}
	return rows
}

func compareRows(a, b simRow) int {
	if a.id.p != b.id.p {
		return a.id.p - b.id.p
	}
	return a.id.c - b.id.c
}

// replay runs a transaction in the model and reports whether every operation
// returns what it did return. The state is changed.
func (s state) replay(tx *simTx) bool {
	for i := range tx.operations {
		o := &tx.operations[i]
		current, exists := s[o.record]
		conditionHolds := o.ifCat < 0 || exists && current.cat == o.ifCat
		switch o.kind {
		case "get":
			if exists != (len(o.rows) == 1) || exists && o.rows[0].simValue != current {
				return false
			}
		case "scan":
			if !slices.Equal(s.selected(o), o.rows) {
				return false
			}
		case "index", "full":
			rows := slices.Clone(o.rows)
			slices.SortFunc(rows, compareRows)
			if !slices.Equal(s.selected(o), rows) {
				return false
			}
		case "insert":
			if exists != (o.err == "exists") {
				return false
			}
			if !exists {
				s[o.record] = o.write
			}
		case "upsert":
			s[o.record] = o.write
		case "update", "delete":
			if o.ifCat >= 0 && conditionHolds == (o.err == "condition") {
				return false
			}
			switch {
			case !conditionHolds || !exists:
			case o.kind == "update":
				s[o.record] = o.write
			default:
				delete(s, o.record)
			}
		}
	}
	return true
}

func (s state) String() string {
	var rows []simRow
	for id, v := range s {
		rows = append(rows, simRow{id, v})
	}
	slices.SortFunc(rows, compareRows)
	return fmt.Sprint(rows)
}
