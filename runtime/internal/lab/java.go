package lab

import (
	"context"
	"errors"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// java is a client of ScalarDB, as far as it reads and recovers records: an
// implementation of the specification from the storage's calls alone, which shares
// no line with the engine. What is there to be seen by it must be right, and what
// it does must be right for the engine's clients.
type java struct {
	site *site
	ctx  context.Context
}

var (
	errUncommitted = errors.New("the record is prepared by a transaction that is not decided (spec 7.2)")
	errTooOften    = errors.New("the record was prepared again and again (spec 7.2)")
)

// javaReads is a transaction of ScalarDB that reads one record.
func javaReads(k Key) func(c *Client) {
	return func(c *Client) {
		tx := c.note(c.name + "1")
		j := java{site: c.site, ctx: tx.ctx}
		began := c.run.step()
		got, follow, err := j.read(k)
		if err == nil {
			tx.ops = append(tx.ops, op{kind: get, began: began, key: k, got: got})
		}
		tx.finish(err)
		if follow != nil {
			_ = follow() // in the background: nobody waits for it (spec 7.6)
		}
	}
}

// read returns the version of a record that the isolation levels SNAPSHOT and
// SERIALIZABLE show (spec 7.2), and what is left to do for it, nil for nothing.
func (j java) read(k Key) (got *value, follow func() error, err error) {
	row, err := j.get(k)
	if err != nil || !held(row) {
		return shown(row), nil, err
	}
	for range 5 {
		owner := row[columns.id].Text()
		d, err := j.state(owner)
		if err != nil {
			return nil, nil, err
		}
		seen := row
		if d != nil {
			follow = func() error { return j.roll(k, seen, d) }
			switch {
			case d.state != stateCommitted:
				return imageBefore(row), follow, nil
			case row[columns.state].Int64() == stateDeleted:
				return nil, follow, nil
			default:
				return shown(row), follow, nil
			}
		}
		if j.site.clock().UnixMilli() <= row[columns.preparedAt].Int64()+15000 {
			return nil, nil, errUncommitted
		}
		again, other, err := j.lookAgain(k, owner)
		if err != nil || !held(again) {
			return shown(again), nil, err
		}
		if row = again; other {
			continue
		}
		won, err := j.forceAbort(owner)
		if err != nil {
			return nil, nil, err
		}
		if !won {
			continue
		}
		again, other, err = j.lookAgain(k, owner)
		if err != nil || !held(again) {
			return shown(again), nil, err
		}
		if row = again; other {
			continue
		}
		return imageBefore(again), func() error { return j.roll(k, again, &decided{state: stateAborted}) }, nil
	}
	return nil, nil, errTooOften
}

// lookAgain reads a record, and reports whether another one than owner has
// prepared it meanwhile.
func (j java) lookAgain(k Key, owner string) (row storage.Row, other bool, err error) {
	row, err = j.get(k)
	return row, err == nil && held(row) && row[columns.id].Text() != owner, err
}

func (j java) get(k Key) (storage.Row, error) { return j.row(j.site.run.place.item(), k.values()) }

func (j java) row(t *storage.Table, key []storage.Value) (storage.Row, error) {
	rows, err := j.site.Get(j.ctx, []storage.Get{{Table: t, Key: key}})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// state reads how a transaction is decided (spec 6.2), nil for not at all.
func (j java) state(id string) (*decided, error) {
	if parent, child, full := splitGroup(id); full {
		row, err := j.decision(parent)
		if err != nil {
			return nil, err
		}
		if row != nil && lists(row, child) {
			return asDecided(row), nil
		}
	}
	row, err := j.decision(id)
	if err != nil || row == nil {
		return nil, err
	}
	return asDecided(row), nil
}

// splitGroup takes the id of a member of a group apart (spec 8.5).
func splitGroup(id string) (parent, child string, full bool) {
	const parentLength = 24
	if len(id) <= parentLength || id[parentLength] != '$' {
		return "", "", false
	}
	return id[:parentLength], id[parentLength+1:], true
}

func lists(row storage.Row, child string) bool {
	for _, owner := range deciding("", row) {
		if owner == "$"+child {
			return true
		}
	}
	return false
}

func asDecided(row storage.Row) *decided {
	return &decided{state: row[columns.decision].Int64(), at: row[columns.createdAt].Int64()}
}

// decision reads a coordinator row, trying five times (spec 6.3).
func (j java) decision(id string) (row storage.Row, err error) {
	for attempt := range 5 {
		j.pause(attempt)
		if row, err = j.row(j.site.run.place.row(), []storage.Value{storage.TextValue(id)}); err == nil {
			return row, nil
		}
	}
	return nil, err
}

func (j java) pause(attempt int) {
	if attempt > 0 {
		time.Sleep(50 * time.Millisecond << (attempt - 1))
	}
}

// abort inserts an ABORTED row, trying five times (spec 6.3). It reports false if
// there is a row.
func (j java) abort(id string) (won bool, err error) {
	m := storage.Mutation{
		Table: j.site.run.place.row(), Op: storage.Put, Key: []storage.Value{storage.TextValue(id)}, Condition: storage.IfNotExists,
		Columns: []int{columns.decision, columns.createdAt},
		Values:  []storage.Value{storage.IntValue(int32(stateAborted)), storage.BigIntValue(j.site.clock().UnixMilli())},
	}
	for attempt := range 5 {
		j.pause(attempt)
		if err = j.site.Mutate(j.ctx, []storage.Mutation{m}); err == nil || errors.Is(err, storage.ErrCondition) {
			return err == nil, nil
		}
	}
	return false, err
}

// forceAbort decides that somebody else's transaction is aborted, a member of a
// group in two steps (spec 6.5). It reports false if it was decided before.
func (j java) forceAbort(id string) (won bool, err error) {
	if parent, child, full := splitGroup(id); full {
		won, err := j.abort(parent)
		if err != nil {
			return false, err
		}
		if !won {
			row, err := j.decision(parent)
			if err != nil {
				return false, err
			}
			if row != nil && lists(row, child) {
				return asDecided(row).state == stateAborted, nil
			}
		}
	}
	return j.abort(id)
}

// roll rolls a prepared record as its transaction was decided (spec 5.3, 5.4). That
// the condition fails means that somebody else was faster (spec 7.5).
func (j java) roll(k Key, row storage.Row, d *decided) error {
	m := storage.Mutation{
		Table: j.site.run.place.item(), Op: storage.Put, Key: k.values(), Condition: storage.If,
		Where: []storage.Predicate{
			{Column: columns.id, Operator: storage.Eq, Value: row[columns.id]},
			{Column: columns.state, Operator: storage.Eq, Value: row[columns.state]},
		},
	}
	put := func(column int, v storage.Value) {
		m.Columns = append(m.Columns, column)
		m.Values = append(m.Values, v)
	}
	switch {
	case d.state == stateCommitted && row[columns.state].Int64() == stateDeleted, d.state != stateCommitted && !hasBefore(row):
		m.Op = storage.Delete
	case d.state == stateCommitted:
		put(columns.state, storage.IntValue(int32(stateCommitted)))
		put(columns.committedAt, storage.BigIntValue(d.at))
	default:
		for i, c := range columns.after {
			v := row[columns.before[i]]
			if c == columns.version && v.Int64() == 0 {
				v = storage.Null(storage.Int)
			}
			put(c, v)
		}
	}
	if m.Op == storage.Put {
		for _, c := range columns.before {
			put(c, storage.Null(j.site.run.place.item().Columns[c].Type))
		}
	}
	err := j.site.Mutate(j.ctx, []storage.Mutation{m})
	if errors.Is(err, storage.ErrCondition) {
		return nil
	}
	return err
}

// shown is the value of a row, imageBefore that of the version before it.
func shown(row storage.Row) *value {
	if row == nil {
		return nil
	}
	v := valueOf(row)
	return &v
}

func imageBefore(row storage.Row) *value {
	if !hasBefore(row) {
		return nil
	}
	image := func(column int) int {
		for i, c := range columns.after {
			if c == column {
				return int(row[columns.before[i]].Int64())
			}
		}
		return 0
	}
	return &value{image(columns.v), image(columns.cat)}
}
