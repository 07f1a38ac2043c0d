package commit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// The pauses between two looks at a record that somebody else has prepared: the
// first, and the longest; each is twice the one before.
const (
	firstLook = time.Millisecond
	lastLook  = 50 * time.Millisecond
)

// queue lets reads wait for the decision of transactions that have prepared a
// record (Options.Wait). Those of one record stand in line: only the first of
// them looks at the storage, and when it has found the record free, or gives up,
// the next one looks, so that the first to come is the first to go on.
//
// Nobody waits with anything prepared: a transaction reads before it prepares.
// So waits cannot form a circle.
type queue struct {
	waiters atomic.Int32 // in all lines
	mu      sync.Mutex
	lines   map[string][]*waiter // by record, never empty
}

// waiter is one read in a line.
type waiter struct {
	turn chan struct{} // closed when the waiter is the first of its line
	look chan struct{} // has an element when a look is likely to be worth it
}

// join puts a waiter at the end of the line for a record.
func (q *queue) join(record string) *waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := &waiter{turn: make(chan struct{}), look: make(chan struct{}, 1)}
	q.waiters.Add(1)
	if q.lines == nil {
		q.lines = map[string][]*waiter{}
	}
	if q.lines[record] = append(q.lines[record], w); len(q.lines[record]) == 1 {
		close(w.turn)
	}
	return w
}

// quit takes a waiter out of the line, and lets the next one look if it was the
// first.
func (q *queue) quit(record string, w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiters.Add(-1)
	line := q.lines[record]
	at := slices.Index(line, w)
	line = slices.Delete(line, at, at+1)
	switch {
	case len(line) == 0:
		delete(q.lines, record)
		return
	case at == 0:
		close(line[0].turn)
	}
	q.lines[record] = line
}

// released tells those who wait for one of the records that the transaction has
// let go of it.
func (q *queue) released(records []*record) {
	if q.waiters.Load() == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var buffer [128]byte
	for _, r := range records {
		if line := q.lines[string(appendRecordKey(buffer[:0], r.table.meta, r.key))]; line != nil {
			select {
			case line[0].look <- struct{}{}:
			default:
			}
		}
	}
}

// patience is how long one call of a transaction still waits for others,
// whatever number of records it meets. It begins to run out with the first wait.
type patience struct{ until time.Time }

// left returns what is left of limit, and no more than half of the time that ctx
// leaves, so that the caller can still act on the answer.
func (p *patience) left(ctx context.Context, limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	if p.until.IsZero() {
		if deadline, limited := ctx.Deadline(); limited {
			limit = min(limit, time.Until(deadline)/2)
		}
		p.until = time.Now().Add(limit)
	}
	return time.Until(p.until)
}

// place is the place of a read in the line for one record. It keeps it if the
// record passes from one holder to the next.
type place struct {
	queue  *queue
	record string
	w      *waiter // nil before the first wait
}

func (p *place) take() *waiter {
	if p.w == nil {
		p.w = p.queue.join(p.record)
	}
	return p.w
}

func (p *place) leave() {
	if p.w != nil {
		p.queue.quit(p.record, p.w)
	}
}

// waitForDecision waits until the transaction that holds row prepared has been
// decided, or no longer holds it, or has expired, and returns the record as it is
// then. It reports [ErrUncommittedRecord] if the time given ends first.
func (tx *Tx) waitForDecision(ctx context.Context, t *Table, key []storage.Value, row storage.Row, at *place, left time.Duration) (again storage.Row, err error) {
	if left <= 0 {
		return nil, tx.uncommitted(ctx, t, key, row)
	}
	e := tx.engine
	ctx, end := e.observe(ctx, observe.Event{Phase: observe.Wait, TxID: tx.id, Table: t.Name(), Size: 1})
	defer func() { end(err) }()
	until := time.Now().Add(left)
	timeout := time.NewTimer(left)
	defer timeout.Stop()
	// What ends the wait goes before what else came at the same moment, so that
	// equal runs are equal.
	over := func() bool { return ctx.Err() != nil || !time.Now().Before(until) }
	w := at.take()
	select {
	case <-w.turn:
	case <-timeout.C:
	case <-ctx.Done():
	}
	for pause := firstLook; !over(); pause = min(2*pause, lastLook) {
		again, free, err := e.lookAgain(ctx, t, key, row)
		if err != nil || free {
			return again, err
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
		case <-w.look:
		case <-timeout.C:
		case <-ctx.Done():
		}
		next.Stop()
	}
	return nil, tx.uncommitted(ctx, t, key, row)
}

// lookAgain reads the record, and reports whether there is no reason any more to
// wait for the transaction that holds row prepared.
func (e *Engine) lookAgain(ctx context.Context, t *Table, key []storage.Value, row storage.Row) (storage.Row, bool, error) {
	again, err := e.readRecord(ctx, t, key)
	if err != nil {
		return nil, false, recoveryFailed(t, key, err)
	}
	if again == nil || t.isCommitted(again) || again[t.txID] != row[t.txID] || t.expired(again, e.millis()) {
		return again, true, nil
	}
	d, err := e.coordinator.read(ctx, t.idOf(row))
	if err != nil {
		return nil, false, recoveryFailed(t, key, err)
	}
	return again, d != nil, nil
}
