package history

import (
	"fmt"
	"io"
	"sync"
)

// Writer writes a history as JSON Lines, one event per call of the underlying
// Write, so that a killed program loses no event. It is safe for concurrent use.
//
// The first error of the underlying writer stays, see [Writer.Err]; events after
// it are dropped, for a history with a hole would accuse a sound store.
type Writer struct {
	mu      sync.Mutex
	out     io.Writer
	clock   func() int64
	index   int64
	process int
	last    int64
	buffer  []byte
	err     error
}

// NewWriter writes to out. The clock tells nanoseconds and must never go back;
// nil is [Monotonic].
func NewWriter(out io.Writer, clock func() int64) *Writer {
	if clock == nil {
		clock = Monotonic
	}
	return &Writer{out: out, clock: clock}
}

// Err returns the first error that the writer met, nil if all events are written.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Process returns a new process: something that runs one transaction at a time,
// such as a goroutine, and must be used by one goroutine at a time.
func (w *Writer) Process() *Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &Process{writer: w, number: w.newProcess()}
}

func (w *Writer) newProcess() int {
	w.process++
	return w.process - 1
}

// write takes the time and writes the event under one lock, so that the order
// of the file is the order of the times.
func (w *Writer) write(e Event) {
	if w.err != nil {
		return
	}
	e.Index, e.Time = w.index, w.clock()
	if e.Time < w.last {
		w.err = fmt.Errorf("history: the clock went back from %d to %d ns: the order of events is lost", w.last, e.Time)
		return
	}
	w.index, w.last = w.index+1, e.Time
	w.buffer = append(appendEvent(w.buffer[:0], &e), '\n')
	if _, err := w.out.Write(w.buffer); err != nil {
		w.err = fmt.Errorf("history: writing event %d: %w", e.Index, err)
	}
}

// Process writes the events of one process.
type Process struct {
	writer *Writer
	number int
	tx     string // the transaction that runs
	busy   bool
}

// Invoke writes that a transaction begins, before its first call. planned are
// its operations with unknown results; list here every write of a client that
// may be killed.
func (p *Process) Invoke(tx string, planned ...Op) {
	if p.busy {
		panic(fmt.Sprintf("history: process %d begins transaction %q while %q runs", p.number, tx, p.tx))
	}
	p.tx, p.busy = tx, true
	if planned == nil {
		planned = []Op{}
	}
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	p.writer.write(Event{Type: Invoke, Process: p.number, Tx: tx, Value: planned})
}

// Commit writes that commit reported success, after it returned. ops are the
// operations with their results.
func (p *Process) Commit(ops ...Op) {
	if ops == nil {
		ops = []Op{}
	}
	p.complete(Committed, ops)
}

// Fail writes that the transaction has certainly not been committed. writes are
// all that were attempted; none at all stands for those of the invocation.
func (p *Process) Fail(writes ...Op) { p.complete(Failed, writes) }

// Unknown writes that nobody knows whether the transaction was committed: after
// a time-out, a lost connection at commit, an error of unknown status. writes as
// for [Process.Fail]. The process goes on under a new number, since the
// transaction may still take effect.
func (p *Process) Unknown(writes ...Op) { p.complete(Unknown, writes) }

func (p *Process) complete(t Type, ops []Op) {
	if !p.busy {
		panic(fmt.Sprintf("history: process %d ends a transaction, but none runs", p.number))
	}
	p.busy = false
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	p.writer.write(Event{Type: t, Process: p.number, Tx: p.tx, Value: ops})
	if t == Unknown {
		p.number = p.writer.newProcess()
	}
}
