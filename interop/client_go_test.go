package interop

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// skew is how far past and future are from now: more than the 15 seconds after
// which a prepared record has expired.
const skew = time.Minute

type goClient struct {
	*scalar.DB
	config  scalar.Config
	storage storage.Storage // below its mortality
	mortal  *mortality
}

func openGo(t *testing.T, db *database, o options) client {
	t.Helper()
	c, err := newGoClient(t.Context(), db.with(o.properties), o)
	ok(t, err)
	t.Cleanup(func() {
		if !c.mortal.happened() {
			c.Close(context.Background())
		}
		c.storage.Close()
	})
	return c
}

func newGoClient(ctx context.Context, properties storage.Properties, o options) (*goClient, error) {
	config, err := scalar.ParseConfig(properties)
	if err != nil {
		return nil, err
	}
	s, err := config.OpenStorage(ctx)
	if err != nil {
		return nil, err
	}
	offset := time.Duration(0)
	switch {
	case o.past:
		offset = -skew
	case o.future:
		offset = skew
	}
	mortal := newMortality()
	var below storage.Storage = keptOpen{s}
	if o.byRecord {
		below = byRecord{below}
	}
	dying := faulty.Wrap(below, mortal.script)
	return &goClient{
		DB: scalar.New(dying, scalar.WithConfig(config),
			scalar.WithEnvironment(scalar.Environment{Now: func() time.Time { return time.Now().Add(offset) }})),
		config: config, storage: s, mortal: mortal,
	}, nil
}

// keptOpen is closed by the test, after what has died with it.
type keptOpen struct{ storage.Storage }

func (keptOpen) Close() error { return nil }

// MutateBatch is the storage's.
func (s keptOpen) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	return s.Storage.(storage.Batcher).MutateBatch(ctx, groups)
}

// byRecord is a storage without groups, such as Cassandra for records of several
// partitions.
type byRecord struct{ storage.Storage }

func (s byRecord) Info(namespace string) storage.Info {
	info := s.Storage.Info(namespace)
	info.Atomicity, info.Batch = storage.AtomicRecord, false
	return info
}

// mortality counts storage requests and ends a client at one of them: from then on
// none gets through and no reply comes back.
type mortality struct {
	mu    sync.Mutex
	point java.Point
	count int
	dead  bool
	gate  *faulty.Gate
}

func newMortality() *mortality { return &mortality{gate: faulty.NewGate()} }

func (m *mortality) arm(p java.Point) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.point, m.count = p, 0
}

func (m *mortality) happened() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortality) script(call faulty.Call) faulty.Action {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return faulty.Park(m.gate)
	}
	switch call.Op {
	case faulty.Get, faulty.Scan, faulty.Mutate, faulty.MutateBatch:
		m.count++
	default:
		return nil
	}
	if m.count != m.point.At {
		return nil
	}
	m.dead = true
	switch {
	case m.point.Halt && m.point.Before:
		return func(context.Context, *faulty.Exchange) error { return killOneself() }
	case m.point.Halt:
		return func(ctx context.Context, x *faulty.Exchange) error {
			x.Send(ctx)
			return killOneself()
		}
	case m.point.Before:
		return faulty.Park(m.gate)
	default:
		return faulty.ParkReply(m.gate)
	}
}

func killOneself() error {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

func (c *goClient) begin(ctx context.Context, b begin) (transaction, error) {
	var options []scalar.TxOption
	if b.id != "" {
		options = append(options, scalar.WithID(b.id))
	}
	if b.readOnly {
		options = append(options, scalar.ReadOnly())
	}
	if b.isolation != "" {
		options = append(options, scalar.WithAttribute("cc-transaction-isolation", b.isolation))
	}
	tx, err := c.Begin(ctx, options...)
	return &goTx{tx, c.mortal}, err
}

func (c *goClient) status(ctx context.Context, id string) (string, error) {
	s, err := c.Status(ctx, id)
	return strings.ToUpper(s.String()), err
}

func (c *goClient) abort(ctx context.Context, id string) (string, error) {
	s, err := c.Abort(ctx, id)
	return strings.ToUpper(s.String()), err
}

func (c *goClient) finish(ctx context.Context, id string) (bool, error) { return c.Finish(ctx, id) }

func (c *goClient) recoverRecord(ctx context.Context, t *storage.Table, key []storage.Value) (bool, error) {
	return c.RecoverRecord(ctx, t.TableName, key...)
}

func (c *goClient) arm(_ context.Context, p java.Point) error {
	c.mortal.arm(p)
	return nil
}

func (c *goClient) close(ctx context.Context) error { return c.Close(ctx) }

func (c *goClient) raw() rawStorage { return goRaw{c.storage} }

type goRaw struct{ storage.Storage }

func (r goRaw) get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error) {
	rows, err := r.Get(ctx, []storage.Get{{Table: t, Key: key}})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func (r goRaw) scan(ctx context.Context, q *storage.Scan) (rows []storage.Row, err error) {
	next := *q
	for {
		page, err := r.Scan(ctx, &next)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if page.Next == nil {
			return rows, nil
		}
		next.After = page.Next
	}
}

func (r goRaw) mutate(ctx context.Context, group []storage.Mutation) error {
	return r.Mutate(ctx, group)
}

type goTx struct {
	*scalar.Tx
	mortal *mortality
}

func (tx *goTx) table(t *storage.Table) *scalar.Table { return &scalar.Table{Def: t} }

// decoder returns what makes a row of a record of t.
func decoder(t *storage.Table) func(*scalar.Row, *storage.Row) {
	return func(from *scalar.Row, row *storage.Row) {
		*row = make(storage.Row, len(t.Columns))
		for i, c := range t.Columns {
			(*row)[i] = decodeColumn(from, i, c.Type)
		}
	}
}

func decodeColumn(from *scalar.Row, i int, t storage.Type) storage.Value {
	switch t {
	case storage.Boolean:
		return scalar.NullBooleanValue(from.NullBoolean(i))
	case storage.Int:
		return scalar.NullIntValue(from.NullInt(i))
	case storage.BigInt:
		return scalar.NullBigIntValue(from.NullBigInt(i))
	case storage.Float:
		return scalar.NullFloatValue(from.NullFloat(i))
	case storage.Double:
		return scalar.NullDoubleValue(from.NullDouble(i))
	case storage.Text:
		return scalar.NullTextValue(from.NullText(i))
	case storage.Blob:
		return scalar.NullBlobValue(from.NullBlob(i))
	case storage.Date:
		return scalar.NullDateValue(from.NullDate(i))
	case storage.Time:
		return scalar.NullTimeValue(from.NullTime(i))
	case storage.Timestamp:
		return scalar.NullTimestampValue(from.NullTimestamp(i))
	default:
		return scalar.NullTimestampTZValue(from.NullTimestampTZ(i))
	}
}

func (tx *goTx) get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error) {
	row, err := scalar.GetRecord(ctx, tx.table(t).On(tx.Tx), key, decoder(t))
	if errors.Is(err, scalar.ErrNotFound) {
		return nil, nil
	}
	return row, err
}

func (tx *goTx) scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error) {
	return scalar.Collect(scalar.ScanRecords(ctx, tx.table(q.Table).On(tx.Tx), scannable(q), decoder(q.Table)))
}

// scannable makes a range or selection of a scan.
func scannable(q *storage.Scan) scalar.Scannable[storage.Row] {
	if q.Kind != storage.PartitionScan {
		selection := scalar.SelectAll[storage.Row]()
		if q.Kind == storage.IndexScan {
			selection = scalar.SelectIndex[storage.Row](q.Index, q.IndexValue)
		}
		if q.Limit > 0 {
			selection = selection.Limit(q.Limit)
		}
		return selection
	}
	r := scalar.RangeOf[storage.Row](q.Partition...)
	longest := q.Start.Values
	if len(longest) == 0 {
		longest = q.End.Values
	}
	if n := len(longest); n > 0 {
		for _, v := range longest[:n-1] {
			r = scalar.RangeIs(r, v)
		}
		if len(q.Start.Values) > 0 {
			r = scalar.RangeStart(r, q.Start.Values[n-1], q.Start.Inclusive)
		}
		if len(q.End.Values) > 0 {
			r = scalar.RangeEnd(r, q.End.Values[n-1], q.End.Inclusive)
		}
	}
	if q.Backward {
		r = r.Reverse()
	}
	if q.Limit > 0 {
		r = r.Limit(q.Limit)
	}
	return r
}

func (tx *goTx) insert(ctx context.Context, t *storage.Table, record storage.Row) error {
	return tx.table(t).Insert(ctx, tx.Tx, record)
}

func (tx *goTx) upsert(ctx context.Context, t *storage.Table, record storage.Row) error {
	return tx.table(t).Upsert(ctx, tx.Tx, record)
}

func (tx *goTx) update(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	set := make([]scalar.Assignment, len(columns))
	for i, c := range columns {
		column := scalar.Column[struct{}, storage.Value, scalar.Data, scalar.NullText]{
			Pos: c, Encode: func(v storage.Value) storage.Value { return v },
		}
		set[i] = scalar.Set(column, values[i])
		if values[i].IsNull() {
			set[i] = scalar.SetNull(column)
		}
	}
	return tx.table(t).Update(ctx, tx.Tx, key, set)
}

func (tx *goTx) remove(ctx context.Context, t *storage.Table, key []storage.Value) error {
	return tx.table(t).Delete(ctx, tx.Tx, key)
}

func (tx *goTx) commit(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- tx.Commit(ctx) }()
	select {
	case err := <-done:
		return err
	case <-tx.mortal.gate.Arrived():
		return java.ErrDead
	}
}

func (tx *goTx) rollback(ctx context.Context) error {
	tx.Rollback(ctx)
	return nil
}
