package commit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// coordinator reads and writes the table of decisions (spec 1.9, 6). A row is
// inserted once, if there is none with its id, and never changed.
type coordinator struct {
	engine *Engine
}

// decision is a coordinator row.
type decision struct {
	state     State // Committed or Aborted
	createdAt int64
	children  []string // the members of a group commit
}

// CoordinatorTable returns the definition of the coordinator table as ScalarDB
// 3.19 creates it without its optional columns.
func CoordinatorTable(namespace string) *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "state"},
		Columns: []storage.Column{
			{Name: "tx_id", Type: storage.Text},
			{Name: "tx_state", Type: storage.Int},
			{Name: "tx_created_at", Type: storage.BigInt},
		},
		Partition: []int{0},
	}
}

// table returns the deployed coordinator table. Its optional columns are not
// required, and columns are found by name (spec 1.9).
func (c *coordinator) table(ctx context.Context) (*storage.Table, error) {
	name := storage.TableName{Namespace: c.engine.options.CoordinatorNamespace, Name: "state"}
	t, err := c.engine.StorageTable(ctx, name)
	if e, ok := err.(*Error); ok && e.Kind == ErrInvalid {
		e.Message = "the coordinator table is missing: create it with scalarctl schema create --coordinator"
	}
	if err != nil {
		return nil, err
	}
	for _, column := range []string{"tx_id", "tx_state", "tx_created_at"} {
		if t.Column(column) < 0 {
			return nil, &Error{Kind: ErrInvalid, Table: name, Message: "the coordinator table has no column " + column}
		}
	}
	return t, nil
}

// A transaction of a group commit has an id of the form parent$child, with a
// parent of 24 characters (spec 8.5). Its decision stands in the row of the
// parent if that row lists the child, else in a row of its own. Ids are told
// apart by their shape only.
const parentIDLength = 24

func isFullID(id string) bool { return len(id) > parentIDLength && id[parentIDLength] == '$' }

func splitFullID(id string) (parent, child string) {
	return id[:parentIDLength], id[parentIDLength+1:]
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
		rows, err = c.engine.storage.Get(ctx, []storage.Get{{Table: t, Key: []storage.Value{storage.TextValue(id)}}})
		if err == nil || errors.Is(err, storage.ErrClosed) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the decision on transaction %s: %w", id, err)
	}
	if rows[0] == nil {
		return nil, nil
	}
	return parseDecision(t, id, rows[0])
}

func parseDecision(t *storage.Table, id string, row storage.Row) (*decision, error) {
	d := &decision{
		state:     State(row[t.Column("tx_state")].Int64()),
		createdAt: row[t.Column("tx_created_at")].Int64(),
	}
	if d.state != Committed && d.state != Aborted || d.createdAt == 0 {
		return nil, fmt.Errorf("the coordinator row of transaction %s is damaged: state %d, created at %d", id, d.state, d.createdAt)
	}
	if at := t.Column("tx_child_ids"); at >= 0 && !row[at].IsNull() {
		d.children = slices.DeleteFunc(strings.Split(row[at].Text(), ","), func(child string) bool { return child == "" })
	}
	return d, nil
}

// errDecided: a row with the id was there already. With a put that is retried
// it may be the caller's own.
var errDecided = errors.New("the transaction was decided before")

// put inserts a coordinator row if there is none, trying several times
// (spec 6.3). It reports errDecided if there is one; after any other error for
// which storage.NotApplied does not hold, the row may be there or still come.
func (c *coordinator) put(ctx context.Context, id string, state State, createdAt int64) error {
	t, err := c.table(ctx)
	if err != nil {
		return &storage.Error{Op: "mutate", Err: err} // nothing was sent
	}
	m := storage.Mutation{
		Table: t, Op: storage.Put, Key: []storage.Value{storage.TextValue(id)}, Condition: storage.IfNotExists,
		Columns: []int{t.Column("tx_state"), t.Column("tx_created_at")},
		Values:  []storage.Value{storage.IntValue(int32(state)), storage.BigIntValue(createdAt)},
	}
	var unknown error // the first failure after which the row may be there
	for attempt := range coordinatorAttempts {
		if errors.Is(err, storage.ErrClosed) || attempt > 0 && !Pause(ctx, coordinatorPause<<(attempt-1)) {
			break
		}
		err = c.engine.storage.Mutate(ctx, []storage.Mutation{m})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, storage.ErrCondition):
			return errDecided
		case unknown == nil && !storage.NotApplied(err):
			unknown = err
		}
	}
	if unknown != nil {
		return &storage.Error{Op: "mutate", Table: t.TableName, Class: storage.ErrUnknown, Err: unknown}
	}
	return err
}

// commit decides that a transaction is committed and returns when (spec 6.4).
//
// A row that is there already is read: it is COMMITTED if an earlier attempt of
// this very call went through. That it is absent again means that an abort won
// and has been cleaned up, since nobody deletes a COMMITTED row before its
// records are complete.
func (c *coordinator) commit(ctx context.Context, id string) (committedAt int64, err error) {
	now := c.engine.millis()
	err = c.put(ctx, id, Committed, now)
	switch {
	case err == nil:
		return now, nil
	case !errors.Is(err, errDecided) && storage.NotApplied(err):
		return 0, &Error{Kind: ErrStorage, Code: "DB-CORE-30036", TxID: id,
			Message: "the decision could not be written; the transaction is not committed", Err: err}
	case !errors.Is(err, errDecided):
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003", TxID: id,
			Message: "the decision was sent, but whether it arrived is not known: ask for the status of the transaction before you act", Err: err}
	}
	d, err := c.read(ctx, id)
	if err != nil {
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40002", TxID: id,
			Message: "the decision is written but cannot be read: ask for the status of the transaction before you act", Err: err}
	}
	if d != nil && d.state == Committed {
		return d.createdAt, nil
	}
	return 0, &Error{Kind: ErrConflict, Code: "DB-CORE-20015", TxID: id,
		Message: "another process has aborted the transaction, as it may after 15 seconds: retry"}
}

// abort decides that a transaction of the caller's own is aborted, if it is not
// decided yet (spec 6.5, self abort). The caller must never have tried to commit
// it, or know that it failed to.
func (c *coordinator) abort(ctx context.Context, id string) error {
	if err := c.put(ctx, id, Aborted, c.engine.millis()); err != nil && !errors.Is(err, errDecided) {
		return err
	}
	return nil
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
		switch err := c.put(ctx, parent, Aborted, now); {
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
	err = c.put(ctx, id, Aborted, now)
	if errors.Is(err, errDecided) {
		return false, nil
	}
	return err == nil, err
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
// cannot be told.
func (e *Engine) Abort(ctx context.Context, id string) (State, error) {
	won, err := e.coordinator.forceAbort(ctx, id)
	if err != nil {
		return 0, &Error{Kind: ErrUnknownStatus, Code: "DB-CORE-40003", TxID: id, Message: "cannot abort the transaction", Err: err}
	}
	if won {
		return Aborted, nil
	}
	return e.Status(ctx, id)
}

// Pause waits for d. It reports false if ctx ends first.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
