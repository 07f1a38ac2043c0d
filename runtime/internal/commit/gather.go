package commit

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/scalargen/scalargen/storage"
)

// maxBatch bounds the mutations of one request.
const maxBatch = 256

// gatherer gathers groups of mutations of several transactions that are to be
// written at the same time into one request: while all requests are under way,
// groups arrive for the next one. Nobody waits for more of them to come. Each
// stands for itself, as if it had been written alone, so other programs see no
// difference.
type gatherer struct {
	mu       sync.Mutex
	requests int // under way
	waiting  []*gathered
}

// gathered is a group that waits for a request. Its writer gets one element from
// outcome: lead, to send the next request, or what became of the group.
type gathered struct {
	group   []storage.Mutation
	records []string // what tells its records from others
	outcome chan groupOutcome
}

type groupOutcome struct {
	lead bool
	err  error
}

// together applies several groups in one request, and returns what became of
// each. Its context is that of no single caller.
type together func(ctx context.Context, groups [][]storage.Mutation) []error

// send writes a group, alone or with others.
func (g *gatherer) send(ctx context.Context, e *Engine, group []storage.Mutation, write together) error {
	g.mu.Lock()
	if g.requests < e.options.MaxRequests {
		g.requests++
		g.mu.Unlock()
		defer g.passOn()
		return e.storage.Mutate(ctx, group)
	}
	own := &gathered{group: group, records: recordsOf(group), outcome: make(chan groupOutcome, 1)}
	g.waiting = append(g.waiting, own)
	g.mu.Unlock()
	select {
	case outcome := <-own.outcome:
		if !outcome.lead {
			return outcome.err
		}
	case <-ctx.Done():
		return g.leave(ctx, own)
	}
	defer g.passOn()
	if all := g.take(own); len(all) > 1 {
		return g.sendAll(ctx, all, write)
	}
	return e.storage.Mutate(ctx, group)
}

func recordsOf(group []storage.Mutation) []string {
	records := make([]string, len(group))
	for i := range group {
		records[i] = string(appendRecordKey(nil, group[i].Table, group[i].Key))
	}
	return records
}

// take returns the groups of the next request, first and those that wait. A
// request names no record twice: a transaction and those who want to abort it may
// try to decide it at the same time.
func (g *gatherer) take(first *gathered) []*gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []*gathered
	mutations, named := 0, map[string]bool{}
	add := func(next *gathered) bool {
		if mutations > 0 && mutations+len(next.group) > maxBatch || slices.ContainsFunc(next.records, func(r string) bool { return named[r] }) {
			return false
		}
		all = append(all, next)
		mutations += len(next.group)
		for _, r := range next.records {
			named[r] = true
		}
		return true
	}
	add(first)
	g.waiting = slices.DeleteFunc(g.waiting, add)
	return all
}

// passOn ends a request, and lets the first that waits send the next one.
func (g *gatherer) passOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.requests--
		return
	}
	g.waiting[0].outcome <- groupOutcome{lead: true}
	g.waiting = slices.Delete(g.waiting, 0, 1)
}

// leave gives up waiting. A group that has been taken into a request may be
// written all the same.
func (g *gatherer) leave(ctx context.Context, own *gathered) error {
	table := own.group[0].Table.TableName
	g.mu.Lock()
	at := slices.Index(g.waiting, own)
	if at >= 0 {
		g.waiting = slices.Delete(g.waiting, at, at+1)
	}
	g.mu.Unlock()
	if at >= 0 {
		return &storage.Error{Op: "mutate", Table: table, Err: context.Cause(ctx)} // it was not sent
	}
	select {
	case outcome := <-own.outcome:
		if !outcome.lead {
			return outcome.err
		}
		g.passOn()
		return &storage.Error{Op: "mutate", Table: table, Err: context.Cause(ctx)}
	default:
		return &storage.Error{Op: "mutate", Table: table, Class: storage.ErrUnknown, Err: context.Cause(ctx)}
	}
}

// sendAll writes groups, the first of which is the caller's, in one request and
// returns what became of the first. The request serves others than the caller, so
// it does not end with the caller's context.
func (g *gatherer) sendAll(ctx context.Context, all []*gathered, write together) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	groups := make([][]storage.Mutation, len(all))
	for i, a := range all {
		groups[i] = a.group
	}
	errs := slices.Repeat([]error{errNoReply}, len(all)) // should the adapter panic
	defer func() {
		for i, a := range all[1:] {
			a.outcome <- groupOutcome{err: errs[i+1]}
		}
	}()
	errs = write(ctx, groups)
	return errs[0]
}

var errNoReply = &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: errors.New("the storage panicked")}
