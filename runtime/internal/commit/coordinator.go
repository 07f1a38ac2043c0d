package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

// coordinator reads and writes the table of decisions (spec 1.9, 6). A row is
// inserted once, if there is none with its id, and never changed.
type coordinator struct {
	engine    *Engine
	deployed  atomic.Pointer[coordinatorTable]
	decisions gatherer
}

// coordinatorTable is the deployed table with the positions of its columns. The
// optional ones are −1 if it does not have them.
type coordinatorTable struct {
	meta               *storage.Table
	state, createdAt   int
	children, writeSet int
}

// decision is a coordinator row.
type decision struct {
	id        string
	state     State // Committed or Aborted
	createdAt int64
	children  []string // the members of a group commit
	writeSet  []byte   // encoded, nil for no information
}

// CoordinatorTable returns the definition of the coordinator table as ScalarDB
// 3.19 creates it: with columns for the members of group commits and for write
// sets where they are wanted.
func CoordinatorTable(namespace string, groupCommit, writeSets bool) *storage.Table {
	columns := []storage.Column{{Name: "tx_id", Type: storage.Text}}
	if groupCommit {
		columns = append(columns, storage.Column{Name: "tx_child_ids", Type: storage.Text})
	}
	columns = append(columns, storage.Column{Name: "tx_state", Type: storage.Int}, storage.Column{Name: "tx_created_at", Type: storage.BigInt})
	if writeSets {
		columns = append(columns, storage.Column{Name: "tx_write_set", Type: storage.Blob})
	}
	return &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "state"},
		Columns:   columns,
		Partition: []int{0},
	}
}

// table returns the deployed coordinator table. Its optional columns are not
// required, and columns are found by name (spec 1.9).
func (c *coordinator) table(ctx context.Context) (*coordinatorTable, error) {
	name := storage.TableName{Namespace: c.engine.options.CoordinatorNamespace, Name: "state"}
	meta, err := c.engine.StorageTable(ctx, name)
	if e, ok := err.(*Error); ok && e.Kind == ErrInvalid {
		e.Message = "the coordinator table is missing: create it with scalarctl schema create --coordinator"
	}
	if err != nil {
		return nil, err
	}
	if known := c.deployed.Load(); known != nil && known.meta == meta {
		return known, nil
	}
	t := &coordinatorTable{
		meta: meta, state: meta.Column("tx_state"), createdAt: meta.Column("tx_created_at"),
		children: meta.Column("tx_child_ids"), writeSet: meta.Column("tx_write_set"),
	}
	for _, column := range []string{"tx_id", "tx_state", "tx_created_at"} {
		if meta.Column(column) < 0 {
			return nil, &Error{Kind: ErrInvalid, Table: name, Message: "the coordinator table has no column " + column}
		}
	}
	if c.engine.groups != nil && t.children < 0 {
		return nil, &Error{Kind: ErrInvalid, Table: name,
			Message: "group commit needs the column tx_child_ids, which the coordinator table does not have: repair the table with group commit configured, or turn group commit off"}
	}
	if c.engine.options.WriteSets && t.writeSet < 0 {
		c.engine.options.Log.WarnContext(ctx, "write sets are not stored, because the coordinator table has no column tx_write_set: repair the table with write-set logging configured", "table", name.String())
	}
	c.deployed.Store(t)
	return t, nil
}

// read returns the decision on a transaction, nil if there is none (spec 6.2).
func (c *coordinator) read(ctx context.Context, id string) (*decision, error) {
	if isFullID(id) {
		parent, child := splitFullID(id)
		d, err := c.row(ctx, parent)
		if err != nil {
			return nil, err
		}
		if d != nil && slices.Contains(d.children, child) {
			return d, nil
		}
	}
	return c.row(ctx, id)
}

// row reads one coordinator row, nil if there is none, trying several times.
func (c *coordinator) row(ctx context.Context, id string) (*decision, error) {
	t, err := c.table(ctx)
	if err != nil {
		return nil, err
	}
	var rows []storage.Row
	for attempt := range coordinatorAttempts {
		if attempt > 0 && !Pause(ctx, coordinatorPause<<(attempt-1)) {
			break
		}
		rows, err = c.engine.storage.Get(ctx, []storage.Get{{Table: t.meta, Key: []storage.Value{storage.TextValue(id)}}})
		if err == nil || hopeless(err) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the decision on transaction %s: %w", id, err)
	}
	if rows[0] == nil {
		return nil, nil
	}
	return t.parse(id, rows[0])
}

func (t *coordinatorTable) parse(id string, row storage.Row) (*decision, error) {
	d := &decision{id: id, state: State(row[t.state].Int64()), createdAt: row[t.createdAt].Int64()}
	if d.state != Committed && d.state != Aborted || d.createdAt == 0 {
		return nil, fmt.Errorf("the coordinator row of transaction %s is damaged: state %d, created at %d", id, d.state, d.createdAt)
	}
	if t.children >= 0 && !row[t.children].IsNull() {
		d.children = slices.DeleteFunc(strings.Split(row[t.children].Text(), ","), func(child string) bool { return child == "" })
	}
	if t.writeSet >= 0 && !row[t.writeSet].IsNull() {
		d.writeSet = row[t.writeSet].Bytes()
	}
	return d, nil
}

// insertion is the mutation that writes the decision, if there is none.
func (t *coordinatorTable) insertion(d *decision) storage.Mutation {
	m := storage.Mutation{
		Table: t.meta, Op: storage.Put, Key: []storage.Value{storage.TextValue(d.id)}, Condition: storage.IfNotExists,
		Columns: []int{t.state, t.createdAt},
		Values:  []storage.Value{storage.IntValue(int32(d.state)), storage.BigIntValue(d.createdAt)},
	}
	if len(d.children) > 0 {
		m.Columns = append(m.Columns, t.children)
		m.Values = append(m.Values, storage.TextValue(strings.Join(d.children, ",")))
	}
	if d.writeSet != nil {
		m.Columns = append(m.Columns, t.writeSet)
		m.Values = append(m.Values, storage.BlobValue(d.writeSet))
	}
	return m
}

// errDecided: a row with the id was there already. errDecidedPerhapsByUs: it may
// come from an earlier attempt of the same put, whose reply was lost.
var (
	errDecided            = errors.New("the transaction was decided before")
	errDecidedPerhapsByUs = fmt.Errorf("%w, perhaps by an attempt whose reply was lost", errDecided)
)

// put inserts a coordinator row if there is none, trying several times
// (spec 6.3). It reports errDecided if there is one; after any other error for
// which storage.NotApplied does not hold, the row may be there or still come.
func (c *coordinator) put(ctx context.Context, d *decision) error {
	t, err := c.table(ctx)
	if err != nil {
		return &storage.Error{Op: "mutate", Err: err} // nothing was sent
	}
	m := t.insertion(d)
	var unknown error // the first failure after which the row may be there
	for attempt := range coordinatorAttempts {
		if hopeless(err) || attempt > 0 && !Pause(ctx, coordinatorPause<<(attempt-1)) {
			break
		}
		err = c.send(ctx, m)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, storage.ErrCondition) && unknown != nil:
			return errDecidedPerhapsByUs
		case errors.Is(err, storage.ErrCondition):
			return errDecided
		case unknown == nil && !storage.NotApplied(err):
			unknown = err
		}
	}
	if unknown != nil {
		return &storage.Error{Op: "mutate", Table: t.meta.TableName, Class: storage.ErrUnknown, Err: unknown}
	}
	return err
}

// hopeless reports whether trying again cannot help.
func hopeless(err error) bool {
	return errors.Is(err, storage.ErrClosed) || errors.Is(err, storage.ErrInvalid) || errors.Is(err, storage.ErrTableNotFound)
}

// commit decides that a transaction is committed and returns when (spec 6.4).
func (c *coordinator) commit(ctx context.Context, id string, writeSet []byte) (committedAt int64, err error) {
	d := &decision{id: id, state: Committed, createdAt: c.engine.millis(), writeSet: writeSet}
	return c.committed(ctx, id, d.createdAt, c.put(ctx, d))
}

// committed says what became of the attempt to write that a transaction is
// committed, which ended with err.
//
// A row that is there already is read: it is COMMITTED if an earlier attempt of
// this very call went through. That it is absent again means that an abort won
// and has been cleaned up, or that the group of the transaction does not list it;
// but if it may have been our own, with a write set, somebody may have finished
// the transaction (spec 2.7) and removed the row of a commit, and a slow reader
// may have put an ABORTED one in its place: then neither is a verdict.
func (c *coordinator) committed(ctx context.Context, id string, at int64, err error) (committedAt int64, _ error) {
	switch {
	case err == nil:
		return at, nil
	case !errors.Is(err, errDecided) && storage.NotApplied(err):
		return 0, &Error{Kind: ErrStorage, Code: "DB-CORE-30036", TxID: id,
			Message: "the decision could not be written; the transaction is not committed", Err: err}
	case !errors.Is(err, errDecided):
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003", TxID: id,
			Message: "the decision was sent, but whether it arrived is not known: ask for the status of the transaction before you act", Err: err}
	}
	d, readErr := c.read(ctx, id)
	switch {
	case readErr != nil:
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40002", TxID: id,
			Message: "the decision is written but cannot be read: ask for the status of the transaction before you act", Err: readErr}
	case d != nil && d.state == Committed:
		return d.createdAt, nil
	case errors.Is(err, errDecidedPerhapsByUs) && (d == nil && !isFullID(id) || c.engine.options.WriteSets):
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003", TxID: id,
			Message: "the decision was written and is not there any more: the transaction was finished, or aborted; read a record that it writes before you act"}
	}
	return 0, &Error{Kind: ErrConflict, Code: "DB-CORE-20015", TxID: id,
		Message: "the transaction, or the group that it was to be committed with, has been aborted by another process, as may happen after 15 seconds: retry"}
}

// abort decides that a transaction of the caller's own is aborted, if it is not
// decided yet (spec 6.5, self abort). The caller must never have tried to commit
// it, or know that it failed to.
func (c *coordinator) abort(ctx context.Context, id string, writeSet []byte) error {
	err := c.put(ctx, &decision{id: id, state: Aborted, createdAt: c.engine.millis(), writeSet: writeSet})
	if errors.Is(err, errDecided) {
		return nil
	}
	return err
}

// forceAbort decides that somebody else's transaction is aborted. It reports
// false if the transaction was decided before (spec 6.5).
//
// A member of a group commit may be decided in the row of its group at any
// moment, so the group's row is taken first; that aborts all members that have
// not been decided yet.
func (c *coordinator) forceAbort(ctx context.Context, id string) (won bool, err error) {
	now := c.engine.millis()
	if isFullID(id) {
		parent, child := splitFullID(id)
		switch err := c.put(ctx, &decision{id: parent, state: Aborted, createdAt: now}); {
		case errors.Is(err, errDecided):
			d, err := c.row(ctx, parent)
			if err != nil {
				return false, err
			}
			if d != nil && slices.Contains(d.children, child) {
				return d.state == Aborted, nil
			}
		case err != nil:
			return false, err
		}
	}
	err = c.put(ctx, &decision{id: id, state: Aborted, createdAt: now})
	if errors.Is(err, errDecided) {
		return false, nil
	}
	return err == nil, err
}

// remove deletes a coordinator row whose records are all complete.
func (c *coordinator) remove(ctx context.Context, d *decision) error {
	t, err := c.table(ctx)
	if err != nil {
		return err
	}
	return c.engine.storage.Mutate(ctx, []storage.Mutation{{Table: t.meta, Op: storage.Delete, Key: []storage.Value{storage.TextValue(d.id)}}})
}

// Status returns the decision on a transaction: Committed, Aborted, or 0 if
// there is none (spec 2.6).
func (e *Engine) Status(ctx context.Context, id string) (State, error) {
	d, err := e.coordinator.read(ctx, id)
	if err != nil {
		return 0, &Error{Kind: ErrStorage, TxID: id, Message: "cannot read the status of the transaction", Err: err}
	}
	if d == nil {
		return 0, nil
	}
	return d.state, nil
}

// Abort decides that a transaction is aborted unless it is decided, and returns
// how (spec 2.6). Its records are left to lazy recovery. It returns 0 if that
// cannot be told. It has no power over a transaction that commits in one phase,
// which asks no coordinator.
func (e *Engine) Abort(ctx context.Context, id string) (State, error) {
	won, err := e.coordinator.forceAbort(ctx, id)
	switch {
	case errors.Is(err, storage.ErrInvalid):
		return 0, &Error{Kind: ErrInvalid, TxID: id, Message: "this is no id of a transaction", Err: err}
	case err != nil:
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003", TxID: id, Message: "cannot abort the transaction", Err: err}
	}
	if won {
		return Aborted, nil
	}
	return e.Status(ctx, id)
}
