package commit

import (
	"cmp"
	"context"
	"errors"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// commitMutation completes a prepared record of a committed transaction
// (spec 5.2, 5.4): a put becomes COMMITTED and loses its before image, a delete
// is carried out.
func (t *Table) commitMutation(key []storage.Value, id string, state State, committedAt int64, hasBefore bool) storage.Mutation {
	m := storage.Mutation{Table: t.meta, Key: key, Condition: storage.If, Where: t.heldBy(id, state)}
	if state == Deleted {
		m.Op = storage.Delete
		return m
	}
	m.Op = storage.Put
	values := []storage.Value{storage.BigIntValue(committedAt), storage.IntValue(int32(Committed))}
	m.Columns = t.completed[:len(values)]
	if hasBefore {
		m.Columns = t.completed
		values = append(values, t.nulls...)
	}
	m.Values = values
	return m
}

// heldBy holds as long as the transaction has the record in state. Nothing
// weaker may guard a completion (spec 7.8).
func (t *Table) heldBy(id string, state State) []storage.Predicate {
	return []storage.Predicate{
		{Column: t.txID, Operator: storage.Eq, Value: storage.TextValue(id)},
		{Column: t.state, Operator: storage.Eq, Value: storage.IntValue(int32(state))},
	}
}

// rollbackMutation takes a prepared record of an aborted transaction back to
// the version before, or removes it if there was none (spec 5.3).
func (t *Table) rollbackMutation(key []storage.Value, row storage.Row) storage.Mutation {
	m := storage.Mutation{Table: t.meta, Key: key, Condition: storage.If, Where: t.heldBy(t.idOf(row), t.stateOf(row))}
	if !t.hasBeforeImage(row) {
		m.Op = storage.Delete
		return m
	}
	m.Op = storage.Put
	m.Columns = make([]int, 0, 2*len(t.after))
	m.Values = make([]storage.Value, 0, 2*len(t.after))
	for _, c := range t.after {
		m.Columns = append(m.Columns, c)
		m.Values = append(m.Values, t.beforeValue(row, c))
	}
	m.Columns = append(m.Columns, t.before...)
	m.Values = append(m.Values, t.nulls...)
	return m
}

// commitRecords completes the records of the committed transaction. What fails
// is left to lazy recovery; the transaction is committed either way.
func (tx *Tx) commitRecords(ctx context.Context, committedAt int64) {
	ctx, end := tx.observe(ctx, observe.Complete, len(tx.writes))
	mutations := make([]storage.Mutation, len(tx.writes))
	for i, r := range tx.writes {
		state, hasBefore := Prepared, r.overwrites()
		if r.op == deleteWrite {
			state = Deleted
		}
		// Records of one table have all but the key in common.
		if i > 0 && tx.writes[i-1].table == r.table && tx.writes[i-1].op == r.op && tx.writes[i-1].overwrites() == hasBefore {
			mutations[i] = mutations[i-1]
			mutations[i].Key = r.key
			continue
		}
		mutations[i] = r.table.commitMutation(r.key, tx.id, state, committedAt, hasBefore)
	}
	o := &tx.engine.options
	end(tx.finish(ctx, mutations, o.SerialCommit, o.AsyncCommit && !o.SeparateRecords))
}

// rollbackRecords takes back the records of the aborted transaction, as far as
// they were prepared: each is read again, since a failed prepare may have been
// applied in part. One that arrives later still is left to lazy recovery.
func (tx *Tx) rollbackRecords(ctx context.Context) {
	if len(tx.writes) == 0 {
		return
	}
	ctx, end := tx.observe(ctx, observe.RollBack, len(tx.writes))
	rows, err := tx.engine.storage.Get(ctx, tx.written())
	if err != nil {
		tx.engine.options.Log.WarnContext(ctx, "records of an aborted transaction are left to lazy recovery", "tx", tx.id, "error", err)
		end(err)
		return
	}
	var mutations []storage.Mutation
	for i, r := range tx.writes {
		if row := rows[i]; row != nil && r.table.idOf(row) == tx.id && !r.table.isCommitted(row) {
			mutations = append(mutations, r.table.rollbackMutation(r.key, row))
		}
	}
	end(tx.finish(ctx, mutations, tx.engine.options.SerialRollback, false))
}

// written returns the reads of the records that the transaction writes.
func (tx *Tx) written() []storage.Get {
	gets := make([]storage.Get, len(tx.writes))
	for i, r := range tx.writes {
		gets[i] = storage.Get{Table: r.table.meta, Key: r.key}
	}
	return gets
}

// finish applies completions, in groups first, which are gathered with those of
// other transactions if gathering is set. A record that somebody else has
// completed already fails its whole group, whose records then go one by one. It
// returns the first failure, after all has been tried.
func (tx *Tx) finish(ctx context.Context, mutations []storage.Mutation, serial, gathering bool) error {
	groups := tx.engine.group(mutations)
	failures := make([]error, len(groups))
	each(len(groups), serial, func(i int) error {
		err := tx.engine.complete(ctx, groups[i], gathering)
		if errors.Is(err, storage.ErrCondition) && len(groups[i]) > 1 {
			err = nil
			for j := range groups[i] {
				if e := tx.engine.storage.Mutate(ctx, groups[i][j:j+1]); e != nil && !errors.Is(e, storage.ErrCondition) {
					err = e
				}
			}
		}
		if err != nil && !errors.Is(err, storage.ErrCondition) {
			failures[i] = err
			tx.engine.options.Log.WarnContext(ctx, "records are left to lazy recovery", "tx", tx.id,
				"table", groups[i][0].Table.String(), "records", len(groups[i]), "error", err)
		}
		return nil
	})
	tx.engine.queue.released(tx.writes)
	return cmp.Or(failures...)
}

// follow runs what makes the records follow the decision: at once, or in the
// background if async is set and there is room.
func (tx *Tx) follow(ctx context.Context, async bool, work func(ctx context.Context)) {
	if async && len(tx.writes) > 0 && tx.engine.background.start(ctx, work) {
		return
	}
	work(ctx)
}
