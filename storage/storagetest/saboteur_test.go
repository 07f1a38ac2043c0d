package storagetest

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// saboteur is a correct storage with one fault.
type saboteur struct {
	storage.Storage
	mutate func(s storage.Storage, ctx context.Context, group []storage.Mutation) error
	scan   func(s storage.Storage, ctx context.Context, scan storage.Scan) (*storage.Page, error)
	get    func(s storage.Storage, ctx context.Context, gets []storage.Get) ([]storage.Row, error)
	table  func(t storage.Table) storage.Table
	admin  func(a storage.Admin) storage.Admin
	batch  func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error
}

func (s *saboteur) Mutate(ctx context.Context, group []storage.Mutation) error {
	if s.mutate == nil {
		return s.Storage.Mutate(ctx, group)
	}
	return s.mutate(s.Storage, ctx, slices.Clone(group))
}

func (s *saboteur) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	b := s.Storage.(storage.Batcher)
	if s.batch == nil {
		return b.MutateBatch(ctx, groups)
	}
	return s.batch(b, ctx, slices.Clone(groups))
}

func (s *saboteur) Scan(ctx context.Context, scan *storage.Scan) (*storage.Page, error) {
	if s.scan == nil {
		return s.Storage.Scan(ctx, scan)
	}
	return s.scan(s.Storage, ctx, *scan)
}

func (s *saboteur) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	if s.get == nil {
		return s.Storage.Get(ctx, gets)
	}
	return s.get(s.Storage, ctx, slices.Clone(gets))
}

func (s *saboteur) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	t, err := s.Storage.Table(ctx, name)
	if err != nil || s.table == nil {
		return t, err
	}
	changed := s.table(*t)
	return &changed, nil
}

func (s *saboteur) Admin() storage.Admin {
	if s.admin == nil {
		return s.Storage.Admin()
	}
	return s.admin(s.Storage.Admin())
}

// eachMutation applies a group after changing each of its mutations.
func eachMutation(change func(m *storage.Mutation)) *saboteur {
	return &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
		for i := range group {
			change(&group[i])
		}
		return s.Mutate(ctx, group)
	}}
}

// eachOperator replaces an operator in the conditions of mutations.
func eachOperator(from, to storage.Operator) *saboteur {
	return eachMutation(func(m *storage.Mutation) { m.Where = replaceOperator(m.Where, from, to) })
}

func replaceOperator(predicates []storage.Predicate, from, to storage.Operator) []storage.Predicate {
	out := slices.Clone(predicates)
	for i := range out {
		if out[i].Operator == from {
			out[i].Operator = to
		}
	}
	return out
}

// eachScan changes every scan before it runs.
func eachScan(change func(scan *storage.Scan)) *saboteur {
	return &saboteur{scan: func(s storage.Storage, ctx context.Context, scan storage.Scan) (*storage.Page, error) {
		change(&scan)
		return s.Scan(ctx, &scan)
	}}
}

// eachPage changes every page.
func eachPage(change func(scan *storage.Scan, page *storage.Page)) *saboteur {
	return &saboteur{scan: func(s storage.Storage, ctx context.Context, scan storage.Scan) (*storage.Page, error) {
		page, err := s.Scan(ctx, &scan)
		if err == nil {
			change(&scan, page)
		}
		return page, err
	}}
}

// eachValue changes every value that is written outside the key.
func eachValue(change func(v storage.Value) storage.Value) *saboteur {
	return eachMutation(func(m *storage.Mutation) {
		m.Values = slices.Clone(m.Values)
		for i, v := range m.Values {
			m.Values[i] = change(v)
		}
	})
}

// eachBatch changes what is told of every batch.
func eachBatch(change func(errs []error) []error) *saboteur {
	return &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
		return change(b.MutateBatch(ctx, groups))
	}}
}

// brokenAdmin overrides single methods of an Admin.
type brokenAdmin struct {
	storage.Admin
	truncate func() error
	listed   func(names []string) []string
	drop     func(err error) error
}

func (a *brokenAdmin) TruncateTable(ctx context.Context, name storage.TableName) error {
	if a.truncate != nil {
		return a.truncate()
	}
	return a.Admin.TruncateTable(ctx, name)
}

func (a *brokenAdmin) Tables(ctx context.Context, namespace string) ([]string, error) {
	names, err := a.Admin.Tables(ctx, namespace)
	if a.listed != nil {
		names = a.listed(names)
	}
	return names, err
}

func (a *brokenAdmin) DropNamespace(ctx context.Context, namespace string) error {
	err := a.Admin.DropNamespace(ctx, namespace)
	if a.drop != nil {
		err = a.drop(err)
	}
	return err
}
