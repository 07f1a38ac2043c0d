package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// participant does nothing by itself: it is a process in which other clients run
// branches of their transactions.
func participant(*Client) {}

// Together runs one transaction of several processes (spec 2.10) as a coordinator
// does: it lets all prepare, then all validate, then all commit; and if one
// cannot, all roll back. The branches share an id and count as one transaction.
// Each runs in its process, so it may die while the others go on.
func (c *Client) Together(processes []string, run func(branches []*Tx) bool) {
	whole := c.note(fmt.Sprintf("%s%d", c.name, len(c.txs)+1))
	branches := make([]*Tx, len(processes))
	for i, name := range processes {
		branches[i] = whole.branch(name)
	}
	err := errRolledBack
	if run(branches) {
		err = nil
	}
	for _, b := range branches {
		whole.ops = append(whole.ops, b.ops...)
		err = cmp.Or(err, b.err)
	}
	prepare := func(b *Tx) error { return b.tx.Prepare(b.ctx) }
	validate := func(b *Tx) error { return b.tx.Validate(b.ctx) }
	for _, step := range []func(b *Tx) error{prepare, validate} {
		for _, b := range branches {
			if err == nil && !c.site.crashed() {
				err = step(b)
			}
		}
	}
	if err != nil {
		for _, b := range branches {
			if c.site.crashed() {
				break
			}
			if told := b.tx.RollbackPrepared(b.ctx); errors.Is(told, commit.ErrClosed) {
				whole.problem = fmt.Sprintf("%s cannot be rolled back, though nobody has tried to commit it: %v", whole.id, told)
			}
		}
		whole.finish(err)
		return
	}
	whole.finish(whole.commitBranches(branches))
}

// branch begins the part of the transaction in a process.
func (tx *Tx) branch(process string) *Tx {
	c := tx.client
	for _, s := range c.run.sites {
		if s.name == process {
			branch := &Tx{client: &Client{run: c.run, site: s, name: process}, id: tx.id, ctx: context.WithValue(ctxNone, caller{}, tx.id+" at "+process)}
			var err error
			branch.tx, err = s.engine.Begin(commit.BeginOptions{ID: tx.id, Isolation: c.run.scenario.Isolation})
			must(err)
			return branch
		}
	}
	panic("no process " + process)
}

// commitBranches commits one branch after the other, each a second time if it does
// not know the outcome, and returns what they say. All must say the same.
func (tx *Tx) commitBranches(branches []*Tx) error {
	var outcome error = &commit.Error{Kind: commit.ErrUnknownStatus}
	known := false
	for _, b := range branches {
		for range 2 {
			if tx.client.site.crashed() {
				return outcome
			}
			err := b.tx.Commit(b.ctx)
			if errors.Is(err, commit.ErrUnknownStatus) {
				continue
			}
			if known && (err == nil) != (outcome == nil) {
				tx.problem = fmt.Sprintf("one branch of %s was told %v, the other one %v", tx.id, outcome, err)
			}
			outcome, known = err, true
			break
		}
	}
	return outcome
}
