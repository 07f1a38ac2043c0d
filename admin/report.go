package admin

import (
	"context"
	"errors"
	"slices"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// TableReport says how one table differs from the schema.
type TableReport struct {
	Name        storage.TableName
	Differences []Difference // none if it is as the schema says
}

// Compare says how what is deployed differs from the schema: a report for each of
// its tables in its order, then for each other table of its namespaces, then for
// the coordinator table if asked for. It reads the metadata of the storage alone.
// s may be nil and must be free of errors.
func (a *Admin) Compare(ctx context.Context, s *schema.Schema, coordinator bool) ([]TableReport, error) {
	reports, err := a.reports(ctx, s, coordinator, func(*storage.Table) ([]Difference, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	if s == nil {
		return reports, nil
	}
	others, err := a.others(ctx, s)
	return slices.Insert(reports, len(s.Tables), others...), err
}

// Verify says whether programs find the tables of the schema as they need them: a
// report for each, and for the coordinator table if asked for. Other tables do
// not matter to it. Beyond the metadata, it has the database's own tables,
// columns and indexes compared with them, as a repair would: [Layout] is what
// that would do. s may be nil and must be free of errors.
func (a *Admin) Verify(ctx context.Context, s *schema.Schema, coordinator bool) ([]TableReport, error) {
	return a.reports(ctx, s, coordinator, func(deployed *storage.Table) ([]Difference, error) {
		return a.layout(ctx, deployed)
	})
}

// reports compares the tables of the schema and the coordinator table. beyond
// adds differences of a deployed table.
func (a *Admin) reports(ctx context.Context, s *schema.Schema, coordinator bool, beyond func(*storage.Table) ([]Difference, error)) ([]TableReport, error) {
	tables, err := a.tablesOf(s)
	if err != nil {
		return nil, err
	}
	var reports []TableReport
	add := func(name storage.TableName, compare func(*storage.Table) []Difference) error {
		report := TableReport{Name: name, Differences: []Difference{{Kind: TableMissing}}}
		deployed, err := a.deployed(ctx, name)
		if err != nil {
			return err
		}
		if deployed != nil {
			more, err := beyond(deployed)
			if err != nil {
				return err
			}
			report.Differences = append(compare(deployed), more...)
		}
		reports = append(reports, report)
		return nil
	}
	for _, t := range tables {
		if err := add(nameOf(t), func(deployed *storage.Table) []Difference { return a.compare(t, deployed) }); err != nil {
			return nil, err
		}
	}
	if coordinator && !a.direct {
		err = add(a.coordinator.TableName, a.compareCoordinator)
	}
	return reports, err
}

// others reports the tables that are in the namespaces of the schema and not in
// it.
func (a *Admin) others(ctx context.Context, s *schema.Schema) ([]TableReport, error) {
	declared := map[storage.TableName]bool{}
	var namespaces []string
	for _, t := range s.Tables {
		declared[nameOf(t)] = true
		if !slices.Contains(namespaces, t.Namespace) {
			namespaces = append(namespaces, t.Namespace)
		}
	}
	var reports []TableReport
	for _, namespace := range namespaces {
		tables, err := a.storage.Admin().Tables(ctx, namespace)
		if err != nil {
			return nil, err
		}
		for _, table := range tables {
			if name := (storage.TableName{Namespace: namespace, Name: table}); !declared[name] {
				reports = append(reports, TableReport{Name: name, Differences: []Difference{{Kind: TableExtra}}})
			}
		}
	}
	return reports, nil
}

// layout says how the database's own table differs from the metadata: a repair
// of exactly what they say would have nothing to do.
func (a *Admin) layout(ctx context.Context, deployed *storage.Table) ([]Difference, error) {
	var found []Difference
	add := func(detail string) { found = append(found, Difference{Kind: Layout, Detail: detail}) }
	ctx = storage.WithDryRun(ctx, func(statement string) {
		add("the database lacks what the metadata name, and a repair would execute: " + statement)
	})
	err := a.storage.Admin().RepairTable(ctx, deployed, nil)
	if errors.Is(err, storage.ErrInvalid) {
		add("the database contradicts the metadata: " + reason(err))
		err = nil
	}
	return found, err
}
