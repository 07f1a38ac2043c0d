package history

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// History is a record of transactions, compact enough for millions of them. It
// is immutable and safe for concurrent use.
type History struct {
	files  []string
	keys   []string
	sorted []int32 // the keys in byte order, filled if there are scans
	txs    []txn
	ops    []op
	// Results of all reads, which ops and rows point into.
	numbers []int64
	rows    []row
	ranges  []Range
	// writers has the operation that wrote a value, of failed transactions too.
	writers map[keyValue]int32
}

type keyValue struct {
	key int32
	n   int64
}

// txn is a transaction. Its operations are ops[from:to].
type txn struct {
	id       string
	from, to int32
	// Positions of the events in the order of the whole history; end is never
	// for a transaction that has no outcome or an unknown one, for it may take
	// effect at any time.
	begin, end int32
	// Lines of the events in file; endLine is 0 without an outcome.
	beginLine, endLine int32
	process            int32
	file               int32
	outcome            Type
}

const never = math.MaxInt32

// op is an operation in a flat form. A write also names the version that it
// makes, by its index in History.ops.
type op struct {
	n      int64 // written, or read from a register
	key    int32 // of a scan: its range
	tx     int32
	offset int32 // of a list in numbers, of rows in rows
	length int32
	kind   Kind
	result ResultKind
}

type row struct {
	key    int32
	offset int32
	length int32
	result ResultKind
	n      int64
}

// result is what one read of one record returned.
type result struct {
	kind ResultKind
	n    int64
	list []int64
}

func (h *History) opResult(o *op) result {
	return h.resultOf(o.result, o.n, o.offset, o.length)
}

func (h *History) rowResult(r *row) result {
	return h.resultOf(r.result, r.n, r.offset, r.length)
}

func (h *History) resultOf(kind ResultKind, n int64, offset, length int32) result {
	if kind == List {
		return result{kind: List, list: h.numbers[offset : offset+length]}
	}
	return result{kind: kind, n: n}
}

// value returns what a where condition looks at: the register or the last list
// element.
func (r *result) value() int64 {
	if r.kind == List {
		return r.list[len(r.list)-1]
	}
	return r.n
}

func (r *result) equal(other *result) bool {
	return r.kind == other.kind && r.n == other.n && slices.Equal(r.list, other.list)
}

func (h *History) opRows(o *op) []row { return h.rows[o.offset : o.offset+o.length] }

// keysOf returns the keys of the history that the range contains.
func (h *History) keysOf(r *Range) []int32 {
	low := r.Prefix + r.From
	from, _ := slices.BinarySearchFunc(h.sorted, low, func(key int32, low string) int {
		return strings.Compare(h.keys[key], low)
	})
	to := from
	for to < len(h.sorted) && r.contains(h.keys[h.sorted[to]]) {
		to++
	}
	return h.sorted[from:to]
}

// Transactions returns the number of transactions.
func (h *History) Transactions() int { return len(h.txs) }

// Builder makes a [History] from its events, in the order in which they
// happened. The zero value is an empty history.
type Builder struct {
	h         History
	files     []string
	keyIDs    map[string]int32
	processes map[processID]process
	ids       map[string]int32 // a transaction by its id
	position  int32
	kinds     []keyKind
}

type processID struct {
	file   int32
	number int
}

type process struct {
	tx      int32 // the transaction that runs, or ran last
	state   processState
	planned []Op
}

type processState uint8

const (
	idle processState = iota
	running
	retired
)

// keyKind tells what a key holds and who said so.
type keyKind struct {
	kind ResultKind
	op   int32
}

// Add takes the next event. An error says what the event contradicts; the
// builder cannot be used after it.
func (b *Builder) Add(e Event) error { return b.add(e, 0) }

func (b *Builder) add(e Event, file int32) error {
	if b.keyIDs == nil {
		b.keyIDs, b.ids = map[string]int32{}, map[string]int32{}
		b.processes = map[processID]process{}
		b.h.writers = map[keyValue]int32{}
		if b.files == nil {
			b.files = []string{""}
		}
	}
	if b.position == never-1 || len(b.h.ops) > never/2 || len(b.h.numbers) > never/2 || len(b.h.rows) > never/2 {
		return b.at(file, e.Line, "the history is too large: check it in parts")
	}
	id := processID{file, e.Process}
	p := b.processes[id]
	var err error
	if e.Type == Invoke {
		err = b.invoke(&e, &p, file)
	} else {
		err = b.complete(&e, &p)
	}
	if err != nil {
		return b.at(file, e.Line, "%w", err)
	}
	b.processes[id] = p
	b.position++
	return nil
}

func (b *Builder) at(file int32, line int, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if line == 0 {
		return fmt.Errorf("event %d: %w", b.position, err)
	}
	return fmt.Errorf("%s:%d: %w", b.files[file], line, err)
}

func (b *Builder) invoke(e *Event, p *process, file int32) error {
	switch p.state {
	case running:
		return fmt.Errorf("process %d begins transaction %q while %q runs: a process runs one at a time", e.Process, e.Tx, b.h.txs[p.tx].id)
	case retired:
		return fmt.Errorf("process %d begins transaction %q, but its transaction %q has an unknown outcome and may still run: its worker must go on under a new process number", e.Process, e.Tx, b.h.txs[p.tx].id)
	}
	if earlier, ok := b.ids[e.Tx]; ok {
		return fmt.Errorf("transaction id %q is used a second time (first at %s): a retry is a new transaction", e.Tx, b.h.where(earlier))
	}
	*p = process{tx: int32(len(b.h.txs)), state: running, planned: e.Value}
	b.ids[e.Tx] = p.tx
	b.h.txs = append(b.h.txs, txn{
		id: e.Tx, begin: b.position, end: never, beginLine: int32(e.Line), process: int32(e.Process), file: file, outcome: Unknown,
	})
	return nil
}

func (b *Builder) complete(e *Event, p *process) error {
	switch {
	case p.state != running:
		return fmt.Errorf("%s of transaction %q, which process %d has not begun", e.Type, e.Tx, e.Process)
	case b.h.txs[p.tx].id != e.Tx:
		return fmt.Errorf("%s of transaction %q on process %d, which runs %q", e.Type, e.Tx, e.Process, b.h.txs[p.tx].id)
	}
	t := &b.h.txs[p.tx]
	t.outcome, t.endLine = e.Type, int32(e.Line)
	ops := e.Value
	if ops == nil {
		ops = p.planned
	}
	p.planned = nil
	p.state = idle
	if e.Type == Unknown {
		p.state = retired
	} else {
		t.end = b.position
	}
	return b.operations(p.tx, ops)
}

// operations takes the operations of a transaction: of a committed one all, of
// others what they wrote, for nobody vouches for what they read.
func (b *Builder) operations(tx int32, ops []Op) error {
	t := &b.h.txs[tx]
	t.from = int32(len(b.h.ops))
	for i := range ops {
		o := &ops[i]
		if t.outcome != Committed && !o.Kind.IsWrite() {
			continue
		}
		flat := op{kind: o.Kind, tx: tx, n: o.N}
		id := int32(len(b.h.ops))
		var err error
		switch {
		case o.Kind == RangeScan:
			flat.key = int32(len(b.h.ranges))
			b.h.ranges = append(b.h.ranges, o.Range)
			if o.Rows == nil {
				return fmt.Errorf("transaction %q is ok, but its scan has no result: a scan that finds nothing returns []", t.id)
			}
			flat.offset, flat.length = int32(len(b.h.rows)), int32(len(o.Rows))
			for _, r := range o.Rows {
				key := b.key(r.Key)
				stored := row{key: key, result: r.Result.Kind, n: r.Result.N}
				stored.offset, stored.length = b.list(r.Result.List)
				b.h.rows = append(b.h.rows, stored)
				if err = b.holds(key, r.Result.Kind, id); err != nil {
					return err
				}
			}
		case o.Kind == PointRead:
			flat.key = b.key(o.Key)
			flat.result = o.Result.Kind
			flat.n = o.Result.N
			flat.offset, flat.length = b.list(o.Result.List)
			err = b.holds(flat.key, o.Result.Kind, id)
		case o.Kind == RecordDelete:
			flat.key = b.key(o.Key)
		default:
			flat.key = b.key(o.Key)
			kind := Register
			if o.Kind == ListAppend {
				kind = List
			}
			value := keyValue{flat.key, o.N}
			if other, ok := b.h.writers[value]; ok {
				return fmt.Errorf("transactions %q and %q both write %d to %q: values must be unique per key over the whole history", b.h.txs[b.h.ops[other].tx].id, t.id, o.N, o.Key)
			}
			b.h.writers[value] = id
			err = b.holds(flat.key, kind, id)
		}
		b.h.ops = append(b.h.ops, flat)
		if err != nil {
			return err
		}
	}
	t.to = int32(len(b.h.ops))
	return nil
}

// holds checks that a key holds either a list or a register all the time.
func (b *Builder) holds(key int32, kind ResultKind, op int32) error {
	known := &b.kinds[key]
	switch {
	case kind == Absent:
	case known.kind == Absent:
		*known = keyKind{kind, op}
	case known.kind != kind:
		other := "this transaction"
		if int(known.op) < len(b.h.ops) {
			other = fmt.Sprintf("transaction %q", b.h.txs[b.h.ops[known.op].tx].id)
		}
		return fmt.Errorf("key %q holds a list and a register: %s uses it otherwise", b.h.keys[key], other)
	}
	return nil
}

func (b *Builder) key(key string) int32 {
	id, ok := b.keyIDs[key]
	if !ok {
		id = int32(len(b.h.keys))
		b.keyIDs[key] = id
		b.h.keys = append(b.h.keys, key)
		b.kinds = append(b.kinds, keyKind{})
	}
	return id
}

func (b *Builder) list(list []int64) (offset, length int32) {
	offset = int32(len(b.h.numbers))
	b.h.numbers = append(b.h.numbers, list...)
	return offset, int32(len(list))
}

// History returns the history of the events so far. Transactions that still run
// count as unknown. The builder is used up.
func (b *Builder) History() (*History, error) {
	var open []process
	for _, p := range b.processes {
		if p.state == running {
			open = append(open, p)
		}
	}
	slices.SortFunc(open, func(a, b process) int { return cmp.Compare(a.tx, b.tx) })
	for _, p := range open {
		if err := b.operations(p.tx, p.planned); err != nil {
			return nil, b.at(b.h.txs[p.tx].file, int(b.h.txs[p.tx].beginLine), "%w", err)
		}
	}
	h := &b.h
	h.files = b.files
	if len(h.ranges) > 0 {
		h.sorted = make([]int32, len(h.keys))
		for i := range h.sorted {
			h.sorted[i] = int32(i)
		}
		slices.SortFunc(h.sorted, func(a, b int32) int { return strings.Compare(h.keys[a], h.keys[b]) })
	}
	return h, nil
}

// where says in which lines of which file a transaction stands, or which of the
// history's events it is if it was never in a file.
func (h *History) where(tx int32) string {
	t := &h.txs[tx]
	first, last, what, name := t.beginLine, t.endLine, "line", ""
	if first == 0 {
		first, last, what = t.begin, t.end, "event"
		if last == never {
			last = 0
		}
	}
	if len(h.files) > 1 {
		name = h.files[t.file] + " "
	}
	if last == 0 {
		return fmt.Sprintf("%s%s %d", name, what, first)
	}
	return fmt.Sprintf("%s%ss %d and %d", name, what, first, last)
}
