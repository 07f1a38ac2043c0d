package commit

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// catalog keeps the definitions of deployed tables for Options.MetadataTTL.
type catalog struct {
	engine *Engine
	mu     sync.RWMutex
	tables map[storage.TableName]catalogEntry
}

type catalogEntry struct {
	meta    *storage.Table
	bound   *Table // nil for a table without transactions
	problem string // why bound is nil
	readAt  time.Time
}

// Table returns the deployed transaction table. It reports [ErrInvalid] if there
// is none. The same pointer comes back as long as the definition stays the same.
func (e *Engine) Table(ctx context.Context, name storage.TableName) (*Table, error) {
	entry, err := e.catalog.lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	if entry.bound == nil {
		return nil, &Error{Kind: ErrInvalid, Code: "DB-CORE-10016", Table: name,
			Message: "the deployed table takes no part in transactions: " + entry.problem +
				`; create it with "transaction": true, or generate code with "transaction": false`}
	}
	return entry.bound, nil
}

// StorageTable returns the deployed definition of a table with or without
// transactions.
func (e *Engine) StorageTable(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	entry, err := e.catalog.lookup(ctx, name)
	return entry.meta, err
}

func (c *catalog) lookup(ctx context.Context, name storage.TableName) (catalogEntry, error) {
	now := c.engine.options.Now()
	c.mu.RLock()
	known, found := c.tables[name]
	c.mu.RUnlock()
	if ttl := c.engine.options.MetadataTTL; found && (ttl < 0 || now.Sub(known.readAt) < ttl) {
		return known, nil
	}
	meta, err := c.engine.storage.Table(ctx, name)
	switch {
	case errors.Is(err, storage.ErrTableNotFound):
		return catalogEntry{}, &Error{Kind: ErrInvalid, Code: "DB-CORE-10016", Table: name,
			Message: "there is no such table in the database: create it with scalarctl schema create"}
	case err != nil:
		return catalogEntry{}, &Error{Kind: ErrStorage, Table: name, Message: "cannot read the definition of the table", Err: err}
	}
	entry := catalogEntry{meta: meta, readAt: now}
	if found && sameLayout(known.meta, meta) {
		entry.meta, entry.bound, entry.problem = known.meta, known.bound, known.problem
	} else {
		entry.bound, entry.problem = newTable(meta)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables = map[storage.TableName]catalogEntry{}
	}
	c.tables[name] = entry
	return entry, nil
}

// sameLayout reports whether positions in a mean the same in b.
func sameLayout(a, b *storage.Table) bool {
	for i := range min(len(a.Columns), len(b.Columns)) {
		if a.Columns[i] != b.Columns[i] {
			return false
		}
	}
	return a.Equal(b)
}

// Forget drops what is known of a table, so that the next use reads its
// definition again.
func (e *Engine) Forget(name storage.TableName) {
	e.catalog.mu.Lock()
	defer e.catalog.mu.Unlock()
	delete(e.catalog.tables, name)
}
