package commit

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// onePhaseMutation writes a record as COMMITTED at once (spec 5.5), on the
// condition that prepare would have.
func (r *record) onePhaseMutation(a *arena, id string, now int64) storage.Mutation {
	t, prev := r.table, r.replaced()
	op := storage.Put
	if r.op == deleteWrite {
		op = storage.Delete
	}
	d := a.draft(t, op, r.key)
	switch {
	case !r.unseen:
		d.provided(t, prev)
	case op == storage.Delete:
		d.providedCommitted(t, nil)
	default:
		d.providedCommitted(t, t.countUp)
	}
	if op == storage.Delete {
		return d.mutation()
	}
	d.put(r)
	if r.overwrites() {
		d.setAll(t.before, t.nulls)
	}
	d.set(t.txID, storage.TextValue(id))
	d.set(t.state, storage.IntValue(int32(Committed)))
	if !r.unseen {
		d.set(t.version, storage.IntValue(r.nextVersion()))
	}
	d.set(t.preparedAt, storage.BigIntValue(now))
	d.set(t.committedAt, storage.BigIntValue(now))
	return d.mutation()
}

// onePhaseGroup returns the mutations that commit the transaction in one phase,
// nil if that cannot be (spec 8.3): they must be one group, since there is no
// decision to complete the rest by. A delete of a record that was not there
// needs the tombstone of a prepare.
//
// Java excludes transactions that must be validated. Here their reads become
// checks of the same group, as far as they can.
func (tx *Tx) onePhaseGroup() []storage.Mutation {
	if !tx.engine.options.OnePhase {
		return nil
	}
	for _, r := range tx.writes {
		if r.op == deleteWrite && !r.overwrites() {
			return nil
		}
	}
	now, a := tx.engine.millis(), newArena(tx.writes)
	mutations := make([]storage.Mutation, 0, len(tx.writes))
	for _, r := range tx.writes {
		mutations = append(mutations, r.onePhaseMutation(a, tx.id, now))
	}
	if tx.validationNeeded() {
		var able bool
		if mutations, able = tx.withChecks(mutations, a); !able {
			return nil
		}
	}
	groups := tx.engine.group(mutations)
	if len(groups) != 1 {
		return nil
	}
	return groups[0]
}

// errUnseen is the end of a commit in one phase that failed, and may succeed once
// the records are known that it has written without a look at them.
var errUnseen = errors.New("a condition did not hold, perhaps that of a record that was not read")

// commitOnePhase commits the transaction by one atomic request, without a
// decision in the coordinator table. It reports errUnseen if nothing was applied
// and another look may help.
func (tx *Tx) commitOnePhase(ctx context.Context, group []storage.Mutation) (err error) {
	tx.releaseSlot()
	if err := ctx.Err(); err != nil {
		return &Error{Kind: ErrStorage, Message: "the transaction was given up before it was decided", Err: err}
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	ctx, end := tx.observe(ctx, observe.OnePhase, len(group))
	defer func() { end(err) }()
	err = tx.engine.storage.Mutate(ctx, group)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrCondition) && len(tx.unseen(group)) > 0:
		return errUnseen
	case storage.NotApplied(err):
		failure := writeFailed(group, "DB-CORE-20026", err)
		if failure.Kind == ErrConflict {
			if err := tx.alreadyExists(ctx); err != nil {
				return err
			}
		}
		return failure
	case tx.foundCommitted(ctx):
		return nil
	}
	return &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40005",
		Message: "the one request that commits was sent, but whether it was applied is not known: read a record that it writes; " +
			"if tx_id is this transaction's, all is committed, otherwise a later writer may have been there",
		Err: err}
}

// foundCommitted looks for a record that the transaction has written, which
// proves that it has written all. It reports false if it finds none: the request
// may still be under way, and another transaction may have written since.
func (tx *Tx) foundCommitted(ctx context.Context) bool {
	gets := tx.written()
	for attempt := range coordinatorAttempts {
		if attempt > 0 && !Pause(ctx, coordinatorPause<<(attempt-1)) {
			return false
		}
		rows, err := tx.engine.storage.Get(ctx, gets)
		for i := range rows {
			if t := tx.writes[i].table; err == nil && rows[i] != nil && t.idOf(rows[i]) == tx.id {
				return true
			}
		}
	}
	return false
}
