package commit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// maxBatch bounds the coordinator rows of one request, and maxRequests the
// requests that are under way. More requests would not be sooner back: a
// database makes rows durable one after the other, or several at once in the
// same time as one.
const (
	maxBatch    = 256
	maxRequests = 4
)

// decisions gathers the coordinator rows that are to be written at the same time
// into one request, where the storage offers that (storage.Batcher): while all
// requests are under way, rows arrive for the next one. Nobody waits for more
// rows to come. Each row stands for itself, as if it had been written alone, so
// this is no group commit, and other programs see no difference.
type decisions struct {
	mu       sync.Mutex
	requests int // under way
	waiting  []*pendingRow
}

// pendingRow is a row that waits for a request. Its writer gets one element from
// outcome: lead, to send the next request, or what became of the row.
type pendingRow struct {
	mutation storage.Mutation
	outcome  chan rowOutcome
}

func (r *pendingRow) id() string { return r.mutation.Key[0].Text() }

type rowOutcome struct {
	lead bool
	err  error
}

// send writes a coordinator row, alone or with others.
func (c *coordinator) send(ctx context.Context, m storage.Mutation) error {
	e := c.engine
	batcher, able := e.storage.(storage.Batcher)
	if !able || e.options.SingleDecisions || !e.storage.Info(m.Table.Namespace).Batch {
		return e.storage.Mutate(ctx, []storage.Mutation{m})
	}
	q := &c.decisions
	q.mu.Lock()
	if q.requests < maxRequests {
		q.requests++
		q.mu.Unlock()
		defer q.passOn()
		return e.storage.Mutate(ctx, []storage.Mutation{m})
	}
	row := &pendingRow{mutation: m, outcome: make(chan rowOutcome, 1)}
	q.waiting = append(q.waiting, row)
	q.mu.Unlock()
	select {
	case outcome := <-row.outcome:
		if !outcome.lead {
			return outcome.err
		}
	case <-ctx.Done():
		return q.leave(ctx, row, m.Table.TableName)
	}
	defer q.passOn()
	return c.sendBatch(ctx, batcher, q.take(row))
}

// take returns the rows of the next request, first and those that wait. A
// request names no row twice: a transaction and those who want to abort it may
// try to decide it at the same time.
func (q *decisions) take(first *pendingRow) []*pendingRow {
	q.mu.Lock()
	defer q.mu.Unlock()
	rows, ids := []*pendingRow{first}, map[string]bool{first.id(): true}
	q.waiting = slices.DeleteFunc(q.waiting, func(row *pendingRow) bool {
		if len(rows) == maxBatch || ids[row.id()] {
			return false
		}
		ids[row.id()] = true
		rows = append(rows, row)
		return true
	})
	return rows
}

// passOn ends a request, and lets the first row that waits send the next one.
func (q *decisions) passOn() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.requests--
		return
	}
	q.waiting[0].outcome <- rowOutcome{lead: true}
	q.waiting = slices.Delete(q.waiting, 0, 1)
}

// leave gives up waiting. A row that has been taken into a request may be
// written all the same.
func (q *decisions) leave(ctx context.Context, row *pendingRow, table storage.TableName) error {
	q.mu.Lock()
	at := slices.Index(q.waiting, row)
	if at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	}
	q.mu.Unlock()
	if at >= 0 {
		return &storage.Error{Op: "mutate", Table: table, Err: context.Cause(ctx)} // it was not sent
	}
	select {
	case outcome := <-row.outcome:
		if !outcome.lead {
			return outcome.err
		}
		q.passOn()
		return &storage.Error{Op: "mutate", Table: table, Err: context.Cause(ctx)}
	default:
		return &storage.Error{Op: "mutate", Table: table, Class: storage.ErrUnknown, Err: context.Cause(ctx)}
	}
}

// sendBatch writes rows, the first of which is the caller's, in one request and
// returns what became of the first. The order by id keeps two programs that
// write the same rows from locking each other out. The request serves others
// than the caller, so it does not end with the caller's context; each of them
// reads its own row if the reply is lost (coordinator.put).
func (c *coordinator) sendBatch(ctx context.Context, batcher storage.Batcher, rows []*pendingRow) error {
	if len(rows) == 1 {
		return c.engine.storage.Mutate(ctx, []storage.Mutation{rows[0].mutation})
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	ctx, end := c.engine.observe(ctx, observe.Event{Phase: observe.Group, Size: len(rows)})
	first := rows[0]
	slices.SortFunc(rows, func(a, b *pendingRow) int { return strings.Compare(a.id(), b.id()) })
	groups := make([][]storage.Mutation, len(rows))
	for i, row := range rows {
		groups[i] = []storage.Mutation{row.mutation}
	}
	errs := slices.Repeat([]error{errNoReply}, len(rows)) // should the adapter panic
	var own, failure error
	defer func() {
		for i, row := range rows {
			if row != first {
				row.outcome <- rowOutcome{err: errs[i]}
			}
		}
		end(failure)
	}()
	errs = batcher.MutateBatch(ctx, groups)
	for i, row := range rows {
		if row == first {
			own = errs[i]
		}
		if errs[i] != nil && !errors.Is(errs[i], storage.ErrCondition) {
			failure = errs[i]
		}
	}
	return own
}

var errNoReply = &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: errors.New("the storage panicked")}
