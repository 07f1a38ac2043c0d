package history

import "fmt"

// Options say what to check.
type Options struct {
	Level Level
	// RealTime asks, below StrictSerializable, that a transaction which began
	// after another was acknowledged comes after it in the cycles that the level
	// forbids, and from Snapshot on that it reads nothing staler.
	RealTime bool
	// Effort bounds the search for what the record leaves open, in edges looked
	// at; 0 is two billions, some minutes. When it is used up the verdict is
	// Undecided. Histories that leave nothing open need no search.
	Effort int64
}

const defaultEffort = 2e9

// Check decides whether the history keeps the level.
func Check(h *History, o Options) *Report {
	c := newChecker(h, o)
	if c.judge() {
		return c.report
	}
	place, chosen, fits := c.replay()
	if fits {
		c.report.Verdict = OK
		return c.report
	}
	c.guess(place, chosen)
	c.search()
	return c.report
}

// newChecker returns a checker that has drawn from the record all but the graph.
func newChecker(h *History, o Options) *checker {
	c := &checker{
		h: h, level: o.Level, realTime: o.RealTime || o.Level == StrictSerializable, effort: o.Effort,
		report: &Report{Level: o.Level, RealTime: o.RealTime || o.Level == StrictSerializable, Counts: map[Class]int{}},
	}
	if c.effort == 0 {
		c.effort = defaultEffort
	}
	c.count()
	c.survey()
	c.observe()
	c.linkVersions()
	c.formChains()
	c.findOverwrites()
	c.domains()
	return c
}

// none stands for "no version", "no operation" and the like.
const none = -1

// checker holds the working state of a check. Versions are numbered: the one
// that a write made has the number of the operation, and the absence of key k
// at the start has the number len(ops)+k.
type checker struct {
	h        *History
	level    Level
	realTime bool
	effort   int64
	report   *Report

	// happened: the transaction is committed, or of unknown outcome and a
	// committed one has read what it wrote.
	happened []bool
	last     []bool  // of a write: its transaction's last of the key
	deaths   []int32 // of a key: transactions that deleted it, or may have

	lives     []life // of lists, see noteList
	lifeOf    map[keyValue]int32
	updates   []update
	seen      []observation
	openScans []int32

	next, prev []int32 // of a version: that which directly follows, or precedes
	// interleaved are ww edges of lists where somebody came between two writes of
	// one transaction.
	interleaved []edge

	// overwritten has for each version, if reads must be fresh, the later one
	// that was acknowledged first, of those that are later in each order.
	overwritten []int32

	chains    []chain
	chainOf   []int32 // of a version, none if it is in no chain
	ofKey     [][]int32
	open      []int32 // those of seen with several versions to choose from
	domainsOf [][]int32

	known   []edge
	graph   *graph // of the known edges
	nodes   int    // transactions, then moments of real time
	choices choices
	// The numbers of the nodes in the present subgraph, and which these are.
	local, inside []int32
}

// strict reports whether the level orders transactions by what they read and
// others overwrote.
func (c *checker) strict() bool { return c.level >= Serializable }

// fresh reports whether the level lets a read of one record miss no write that
// was acknowledged before it. Stricter levels say that of all records at once.
func (c *checker) fresh() bool { return c.realTime && c.level == Snapshot }

func (c *checker) count() {
	r := c.report
	r.Operations, r.Keys = len(c.h.ops), len(c.h.keys)
	c.happened = make([]bool, len(c.h.txs))
	for i := range c.h.txs {
		switch c.h.txs[i].outcome {
		case Committed:
			r.Committed++
			c.happened[i] = true
		case Failed:
			r.Failed++
		default:
			r.Unknown++
		}
	}
}

// keptPerClass is how many anomalies of a class a report tells.
const keptPerClass = 3

// found notes an anomaly. text is called if it is to be told.
func (c *checker) found(class Class, txs []int32, text func() string) {
	r := c.report
	r.Verdict = Violation
	r.Counts[class]++
	if r.Counts[class] > keptPerClass {
		return
	}
	a := Anomaly{Class: class, Text: text()}
	for _, tx := range txs {
		a.Transactions = append(a.Transactions, c.h.txs[tx].id)
	}
	r.Anomalies = append(r.Anomalies, a)
}

// foundf is found with the text of a format.
func (c *checker) foundf(class Class, txs []int32, format string, args ...any) {
	c.found(class, txs, func() string { return fmt.Sprintf(format, args...) })
}

// initial returns the version that a key has before anybody wrote it.
func (c *checker) initial(key int32) int32 { return int32(len(c.h.ops)) + key }

// isInitial reports whether nobody wrote the version.
func (c *checker) isInitial(version int32) bool { return int(version) >= len(c.h.ops) }

// writer returns the transaction that wrote a version, none for an initial one.
func (c *checker) writer(version int32) int32 {
	if c.isInitial(version) {
		return none
	}
	return c.h.ops[version].tx
}

// survey finds the last write of each key in each transaction, and the deletes.
func (c *checker) survey() {
	h := c.h
	c.last = make([]bool, len(h.ops))
	c.deaths = make([]int32, len(h.keys))
	// 1 + the transaction of which the last write, or a delete, was found
	written, deleted := make([]int32, len(h.keys)), make([]int32, len(h.keys))
	for t := range h.txs {
		tx := &h.txs[t]
		for i := tx.to - 1; i >= tx.from; i-- {
			o := &h.ops[i]
			if !o.kind.IsWrite() {
				continue
			}
			if written[o.key] != o.tx+1 {
				written[o.key] = o.tx + 1
				c.last[i] = true
			}
			if o.kind == RecordDelete && tx.outcome != Failed && deleted[o.key] != o.tx+1 {
				deleted[o.key] = o.tx + 1
				c.deaths[o.key]++
			}
		}
	}
}
