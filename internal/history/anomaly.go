package history

import (
	"fmt"
	"strings"
)

// Level is an isolation level.
type Level uint8

const (
	// ReadCommitted as ScalarDB promises it (Consensus Commit specification,
	// section 4): only committed versions are read, and a record that is read and
	// then written has not been written by others in between.
	ReadCommitted Level = iota + 1
	// Snapshot as ScalarDB promises it: ReadCommitted, and reads repeat per
	// record. It is weaker than textbook snapshot isolation: there is no common
	// moment of reading, so read skew across records is allowed, as write skew.
	Snapshot
	// Serializable: the transactions could have run one after the other.
	Serializable
	// StrictSerializable: they could have done so at moments between their
	// invocations and their completions.
	StrictSerializable
)

var levelNames = [...]string{
	ReadCommitted: "read-committed", Snapshot: "snapshot", Serializable: "serializable", StrictSerializable: "strict-serializable",
}

// String returns the name that ParseLevel takes.
func (l Level) String() string {
	if l == 0 || int(l) >= len(levelNames) {
		return "no level"
	}
	return levelNames[l]
}

// ParseLevel returns the level of a name.
func ParseLevel(name string) (Level, error) {
	for l, known := range levelNames {
		if known == name && l > 0 {
			return Level(l), nil
		}
	}
	return 0, fmt.Errorf("history: unknown level %q: it is one of %s", name, strings.Join(levelNames[1:], ", "))
}

// Class is the name of an anomaly: Adya's where he has one, Elle's otherwise.
type Class string

// Anomalies that one transaction or one record shows.
const (
	// GarbageRead: a value was read that nobody wrote.
	GarbageRead Class = "garbage read"
	// AbortedRead (G1a): a version of a failed transaction was read.
	AbortedRead Class = "G1a (aborted read)"
	// IntermediateRead (G1b): a version was read that its own transaction
	// overwrote.
	IntermediateRead Class = "G1b (intermediate read)"
	// Internal: a transaction did not see its own writes.
	Internal Class = "internal inconsistency"
	// UnrepeatableRead: a transaction read a record twice and saw two versions.
	UnrepeatableRead Class = "unrepeatable read"
	// WrongScan: a scan returned rows that it does not select, or not in its
	// order, or too many, or one twice.
	WrongScan Class = "wrong scan"
	// Duplicate: an append took effect twice.
	Duplicate Class = "duplicate elements"
	// IncompatibleOrder: two reads of a list, neither a prefix of the other, or a
	// list that lacks or reorders what one transaction did to it.
	IncompatibleOrder Class = "incompatible orders"
	// LostUpdate: a record was read and then written, and somebody else wrote it
	// in between.
	LostUpdate Class = "lost update"
	// StaleRead: a record was read as it was before a write of it that had been
	// acknowledged before the reader began.
	StaleRead Class = "stale read"
)

// Cycles of the serialization graph. With real-time edges the class ends in
// "-realtime".
const (
	// WriteCycle (G0): of ww edges only.
	WriteCycle Class = "G0 (write cycle)"
	// CircularFlow (G1c): of ww and wr edges.
	CircularFlow Class = "G1c (circular information flow)"
	// ReadSkew (G-single): with exactly one rw edge.
	ReadSkew Class = "G-single (read skew)"
	// WriteSkew (G2-item): with several rw edges, none of them by predicate.
	WriteSkew Class = "G2-item (write skew)"
	// PhantomSkew (G2): with several rw edges, at least one of a scan that did
	// not return a row.
	PhantomSkew Class = "G2 (write skew by phantom)"

	realTimeSuffix Class = "-realtime"
)

// Anomaly is one violation, told in words.
type Anomaly struct {
	Class Class
	// Transactions are the ids of those involved, of a cycle in its order.
	Transactions []string
	// Text tells in lines what happened, and why that is wrong.
	Text string
}

// Verdict is what a check found.
type Verdict uint8

const (
	// OK means that the history keeps the level.
	OK Verdict = iota + 1
	// Violation means that it does not.
	Violation
	// Undecided means that the search was given up, see Options.Effort.
	Undecided
)

var verdictNames = [...]string{OK: "ok", Violation: "violation", Undecided: "undecided"}

// String returns the verdict in a word.
func (v Verdict) String() string { return verdictNames[v] }

// Report is the outcome of a check.
type Report struct {
	Verdict Verdict
	// Anomalies are the violations found, those of one record first, then one
	// cycle for each tangle of transactions. Of many of a class only the first
	// are kept.
	Anomalies []Anomaly
	// Doubt tells, if the verdict is Undecided, a cycle that was not refuted: it
	// is closed by choices of which others may avoid it.
	Doubt string
	// Counts has how many of each class were found.
	Counts map[Class]int
	// What was checked.
	Level                          Level
	RealTime                       bool
	Committed, Failed, Unknown     int
	Operations, Keys, Edges, Nodes int
	// Guesses is how many choices the record leaves open, Rounds how often they
	// were made anew.
	Guesses, Rounds int
}

// String returns the report as a text of several lines.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.Level, r.Verdict)
	if r.RealTime && r.Level != StrictSerializable {
		b.WriteString(" (with real time)")
	}
	fmt.Fprintf(&b, "\ntransactions: %d committed, %d failed, %d unknown; operations: %d; keys: %d; edges: %d",
		r.Committed, r.Failed, r.Unknown, r.Operations, r.Keys, r.Edges)
	if r.Guesses > 0 {
		fmt.Fprintf(&b, "; open choices: %d, rounds: %d", r.Guesses, r.Rounds)
	}
	b.WriteByte('\n')
	if r.Verdict == Undecided {
		b.WriteString("The record leaves too much open: no order of the transactions was found, and not all were refuted. Shorter histories, reads before writes and fewer deletes leave less open.\n")
		if r.Doubt != "" {
			fmt.Fprintf(&b, "\nnot refuted\n%s", r.Doubt)
		}
	}
	for _, a := range r.Anomalies {
		fmt.Fprintf(&b, "\n%s", a.Class)
		if n := r.Counts[a.Class]; n > 1 {
			fmt.Fprintf(&b, " (one of %d)", n)
		}
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(a.Text, "\n"))
	}
	return b.String()
}

// Found reports whether the anomaly was found, with real time or without.
func (r *Report) Found(c Class) bool { return r.Counts[c] > 0 || r.Counts[c+realTimeSuffix] > 0 }
