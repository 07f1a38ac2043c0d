package conformance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// backend is a storage to run the suite on.
type backend struct {
	name string
	// serve starts what the storages need for as long as t runs, or skips t, and
	// returns what opens one.
	serve  func(t *testing.T) func() (storage.Storage, error)
	server bool // requests leave the process
	alone  bool // each storage is dear, so that tests follow each other

	missing bool // serve has skipped its test
	open    func() (storage.Storage, error)
	mu      sync.Mutex
	idle    []*pooled // with the tables of newTables, all empty
}

// begin makes the storages available until t has ended.
func (b *backend) begin(t *testing.T) {
	b.open = b.serve(t)
	t.Cleanup(func() { ok(t, b.close()) })
}

// take returns a storage with the empty tables of newTables.
func (b *backend) take() (*pooled, error) {
	b.mu.Lock()
	if n := len(b.idle); n > 0 {
		s := b.idle[n-1]
		b.idle = b.idle[:n-1]
		b.mu.Unlock()
		return s, nil
	}
	b.mu.Unlock()
	s, err := b.open()
	if err != nil {
		return nil, err
	}
	for _, def := range newTables() {
		if err := create(s, def); err != nil {
			return nil, err
		}
	}
	return &pooled{Storage: s, known: map[storage.TableName]*storage.Table{}, written: map[string]storage.Mutation{}}, nil
}

// giveBack empties the tables of a storage for the next test, or closes it if
// they are not what they were.
func (b *backend) giveBack(s *pooled) error {
	if s.altered {
		return s.Close()
	}
	for record, remove := range s.written {
		if err := s.Storage.Mutate(context.Background(), []storage.Mutation{remove}); err != nil {
			return fmt.Errorf("remove %s: %w", record, err)
		}
	}
	clear(s.written)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = append(b.idle, s)
	return nil
}

// close closes the storages that wait for a test.
func (b *backend) close() error {
	for _, s := range b.idle {
		if err := s.Close(); err != nil {
			return err
		}
	}
	b.idle = nil
	return nil
}

// pooled is a storage that serves one test after another. It returns the same
// definition of a table every time, by which storages know the statements that
// they have prepared, and remembers which records were written: to delete them
// takes less time than to empty the tables.
type pooled struct {
	storage.Storage

	mu      sync.Mutex
	known   map[storage.TableName]*storage.Table
	written map[string]storage.Mutation // the delete of each record
	altered bool                        // perhaps: somebody has asked for the Admin
}

func (p *pooled) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.known[name]; known != nil && !p.altered {
		return known, nil
	}
	table, err := p.Storage.Table(ctx, name)
	if err == nil {
		p.known[name] = table
	}
	return table, err
}

func (p *pooled) Mutate(ctx context.Context, group []storage.Mutation) error {
	p.note(group)
	return p.Storage.Mutate(ctx, group)
}

// MutateBatch is for storages whose Info says that they take batches.
func (p *pooled) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	p.note(slices.Concat(groups...))
	return p.Storage.(storage.Batcher).MutateBatch(ctx, groups)
}

func (p *pooled) note(mutations []storage.Mutation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range mutations {
		p.written[m.Table.String()+m.Table.FormatKey(m.Key)] = storage.Mutation{Table: m.Table, Op: storage.Delete, Key: m.Key}
	}
}

func (p *pooled) Admin() storage.Admin {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.altered = true
	return p.Storage.Admin()
}

// create creates a table and its namespace.
func create(s storage.Storage, def *storage.Table) error {
	ctx := context.Background()
	if err := s.Admin().CreateNamespace(ctx, def.Namespace, nil); err != nil {
		return err
	}
	return s.Admin().CreateTable(ctx, def, nil)
}
