package memory

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

var _ storage.Transactor = (*Storage)(nil)

// Begin starts a SERIALIZABLE transaction. It reads a copy of the database as it
// is now, writes another one, and never waits: its commit repeats the reads and is
// [storage.ErrConflict] if one of them has another result by then. A transaction
// that has only read needs no such check, since its copy is of one moment.
//
// To copy takes time in proportion to the number of records.
func (s *Storage) Begin(ctx context.Context, options storage.TransactionOptions) (storage.Transaction, error) {
	if err := s.ready(ctx, "begin", storage.TableName{}); err != nil {
		return nil, err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	before := s.over(s.db.clone())
	return &transaction{storage: s, readOnly: options.ReadOnly, before: before, now: before}, nil
}

// over returns a handle on another database.
func (s *Storage) over(db *database) *Storage {
	return &Storage{db: db, info: s.info, pageSize: s.pageSize}
}

// transaction is a transaction over private copies of the database.
type transaction struct {
	storage  *Storage // nil when the transaction has ended
	readOnly bool
	before   *Storage // as it was when the transaction began
	now      *Storage // with the transaction's writes; before if there are none
	gets     []storage.Get
	scans    []storage.Scan
	writes   []storage.Mutation
}

func (tx *transaction) ready(ctx context.Context, op string, table storage.TableName) error {
	if tx.storage == nil {
		return &storage.Error{Op: op, Table: table, Class: storage.ErrClosed}
	}
	return tx.ended(tx.storage.ready(ctx, op, table))
}

// ended passes err on and ends the transaction unless err leaves it as it is.
func (tx *transaction) ended(err error) error {
	if err != nil {
		tx.storage = nil
	}
	return err
}

// Table reads a definition from the copy.
func (tx *transaction) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	if err := tx.ready(ctx, "table", name); err != nil {
		return nil, err
	}
	return tx.before.Table(ctx, name)
}

// Get reads records.
func (tx *transaction) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	if err := tx.ready(ctx, "get", nameOf(gets)); err != nil {
		return nil, err
	}
	tx.gets = append(tx.gets, gets...)
	rows, err := tx.now.Get(ctx, gets)
	return rows, tx.ended(err)
}

// Scan reads a page.
func (tx *transaction) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	if err := tx.ready(ctx, "scan", storage.TableName{}); err != nil {
		return nil, err
	}
	tx.scans = append(tx.scans, *scan)
	page, err := tx.now.Scan(ctx, scan)
	return page, tx.ended(err)
}

// Mutate writes a record of the copy.
func (tx *transaction) Mutate(ctx context.Context, m *storage.Mutation) error {
	if err := tx.ready(ctx, "mutate", storage.TableName{}); err != nil {
		return err
	}
	if tx.readOnly {
		return tx.ended(storage.Invalidf("mutate", m.Table.TableName, "the transaction is read-only"))
	}
	if err := storage.CheckGroup(tx.storage.info, []storage.Mutation{*m}); err != nil {
		return tx.ended(err)
	}
	if m.Condition != storage.Always {
		tx.gets = append(tx.gets, storage.Get{Table: m.Table, Key: m.Key})
	}
	if tx.now == tx.before {
		tx.now = tx.storage.over(tx.before.db.clone())
	}
	db := tx.now.db
	t, v, err := db.view("mutate", m.Table)
	if err != nil {
		return tx.ended(err)
	}
	if !holds(m, v, t.rows.get(m.Key)) {
		return &storage.Error{Op: "mutate", Table: m.Table.TableName, Class: storage.ErrCondition}
	}
	t.apply(m, v)
	tx.writes = append(tx.writes, *m)
	return nil
}

// Commit repeats the reads and applies the writes, at one moment.
func (tx *transaction) Commit(ctx context.Context) error {
	if err := tx.ready(ctx, "commit", storage.TableName{}); err != nil {
		return err
	}
	db, live := tx.storage.db, tx.storage.over(&database{namespaces: tx.storage.db.namespaces})
	tx.storage = nil
	if len(tx.writes) == 0 {
		return nil
	}
	db.mu.Lock() // for live, too, which has a lock of its own
	defer db.mu.Unlock()
	if err := tx.unchanged(live); err != nil {
		return err
	}
	for i := range tx.writes {
		m := &tx.writes[i]
		t, v, err := live.db.view("commit", m.Table)
		if err != nil {
			return err // before the first write: see unchanged
		}
		t.apply(m, v)
	}
	return nil
}

// unchanged reports a conflict if something that the transaction has read, or the
// definition of a table that it has written, is not in live as it was before.
func (tx *transaction) unchanged(live *Storage) error {
	ctx := context.Background() // nothing here waits
	for i := range tx.gets {
		g := tx.gets[i : i+1]
		was, _ := tx.before.Get(ctx, g) // has succeeded
		is, err := live.Get(ctx, g)
		if err != nil || !slices.Equal(was[0], is[0]) || (was[0] == nil) != (is[0] == nil) {
			return conflict(g[0].Table.TableName)
		}
	}
	for i := range tx.scans {
		scan := &tx.scans[i]
		was, _ := tx.before.Scan(ctx, scan)
		is, err := live.Scan(ctx, scan)
		if err != nil || !slices.EqualFunc(was.Rows, is.Rows, func(a, b storage.Row) bool { return slices.Equal(a, b) }) || !sameEnd(was.Next, is.Next) {
			return conflict(scan.Table.TableName)
		}
	}
	for i := range tx.writes {
		table := tx.writes[i].Table
		if _, _, err := live.db.view("commit", table); err != nil {
			return conflict(table.TableName)
		}
	}
	return nil
}

// sameEnd reports whether two pages end in the same place.
func sameEnd(a, b storage.Cursor) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.(cursor), b.(cursor))
}

// Rollback forgets the copies.
func (tx *transaction) Rollback(context.Context) error {
	*tx = transaction{}
	return nil
}

func conflict(table storage.TableName) error {
	return &storage.Error{Op: "commit", Table: table, Class: storage.ErrConflict}
}

// clone returns a copy that has the rows in common with db. The caller holds the
// lock.
func (db *database) clone() *database {
	copied := newDatabase()
	for namespace, tables := range db.namespaces {
		copied.namespaces[namespace] = make(map[string]*table, len(tables))
		for name, t := range tables {
			copied.namespaces[namespace][name] = t.clone()
		}
	}
	return copied
}

func (t *table) clone() *table {
	copied := newTable(t.definition)
	copied.foreign = t.foreign
	copied.rows.chunks = t.rows.cloneChunks()
	for i := range t.indexes {
		copied.indexes[i].entries.chunks = t.indexes[i].entries.cloneChunks()
	}
	return copied
}

func (s *rowSet) cloneChunks() [][]storage.Row {
	chunks := make([][]storage.Row, len(s.chunks))
	for i, rows := range s.chunks {
		chunks[i] = append(make([]storage.Row, 0, chunkSize), rows...)
	}
	return chunks
}
