package commit

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/storage"
)

// prepareMutation is the first write of a record by a transaction (spec 5.1):
// the new values with state PREPARED, or DELETED for a delete, and the previous
// version beside them, on condition that the record is still the version that
// was read. tx_id alone tells versions apart, since ids never repeat.
func (r *record) prepareMutation(id string, preparedAt int64) storage.Mutation {
	t := r.table
	prev := r.replaced()
	m := storage.Mutation{Table: t.meta, Op: storage.Put, Key: r.key}
	size := len(r.columns) + 5
	if prev != nil {
		size += len(t.before)
	}
	if r.replace {
		size += len(t.data)
	}
	m.Columns = append(make([]int, 0, size), r.columns...)
	m.Values = append(make([]storage.Value, 0, size), r.values...)
	if r.replace {
		for _, c := range t.data {
			if !contains(r.columns, c) {
				m.Columns = append(m.Columns, c)
				m.Values = append(m.Values, storage.Null(t.meta.Columns[c].Type))
			}
		}
		m.Columns = append(m.Columns, t.committedAt)
		m.Values = append(m.Values, storage.Null(storage.BigInt))
	}
	state, version := Prepared, int32(1)
	if r.op == deleteWrite {
		state = Deleted
	}
	if prev == nil {
		m.Condition = storage.IfNotExists
	} else {
		m.Condition = storage.If
		m.Where = []storage.Predicate{t.versionIs(prev[t.txID])}
		version = int32(prev[t.version].Int64()) + 1
		for i, c := range t.after {
			v := prev[c]
			if c == t.version && v.IsNull() {
				v = storage.IntValue(0)
			}
			m.Columns = append(m.Columns, t.before[i])
			m.Values = append(m.Values, v)
		}
	}
	m.Columns = append(m.Columns, t.txID, t.state, t.version, t.preparedAt)
	m.Values = append(m.Values, storage.TextValue(id), storage.IntValue(int32(state)), storage.IntValue(version), storage.BigIntValue(preparedAt))
	return m
}

// versionIs holds for the version with this tx_id; an imported record has none.
func (t *Table) versionIs(id storage.Value) storage.Predicate {
	if id.IsNull() {
		return storage.Predicate{Column: t.txID, Operator: storage.IsNull}
	}
	return storage.Predicate{Column: t.txID, Operator: storage.Eq, Value: id}
}

func contains(columns []int, c int) bool {
	for _, x := range columns {
		if x == c {
			return true
		}
	}
	return false
}

// prepare writes all records of the write set. After an error some may be
// prepared, some not, and some may still become so.
func (tx *Tx) prepare(ctx context.Context) error {
	now := tx.engine.millis()
	mutations := make([]storage.Mutation, len(tx.writes))
	for i, r := range tx.writes {
		mutations[i] = r.prepareMutation(tx.id, now)
	}
	groups := tx.engine.group(mutations)
	return each(len(groups), tx.engine.options.SerialPrepare, func(i int) error {
		err := tx.engine.storage.Mutate(ctx, groups[i])
		if err == nil {
			return nil
		}
		m := groups[i][0]
		failure := storageError("DB-CORE-30036", m.Table.TableName, "", "cannot prepare the record", err)
		switch {
		case errors.Is(err, storage.ErrCondition):
			failure.Kind, failure.Code, failure.Message = ErrConflict, "DB-CORE-20013", "another transaction has written the record since it was read: retry"
		case errors.Is(err, storage.ErrConflict):
			failure.Kind, failure.Code, failure.Message = ErrConflict, "DB-CORE-20014", "the database gave up preparing the record for a concurrent request: retry"
		}
		if len(groups[i]) == 1 {
			failure.Key = m.Table.FormatKey(m.Key)
		} else {
			failure.Message += " (one of several records)"
		}
		return failure
	})
}

// alreadyExists tells a conflict that will not go away from one that will: a
// record that the transaction inserted is there, committed by somebody else. If
// the transaction has read before that there is none, trying again does help:
// it will see the record. It is asked after a failed prepare has been rolled
// back.
func (tx *Tx) alreadyExists(ctx context.Context) error {
	for _, r := range tx.writes {
		if !r.insert || r.read && r.prev == nil {
			continue
		}
		row, err := tx.engine.readRecord(ctx, r.table, r.key)
		if err != nil || row == nil || !r.table.isCommitted(row) {
			continue
		}
		return &Error{Kind: ErrAlreadyExists, Code: "DB-CORE-20013", TxID: tx.id, Table: r.table.Name(),
			Key: r.table.meta.FormatKey(r.key), Message: "the record to insert exists"}
	}
	return nil
}
