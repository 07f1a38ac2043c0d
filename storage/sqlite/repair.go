package sqlite

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// RepairTable compares with the table in the file as well as with its metadata:
// Java writes the metadata row by row, so they may be a part.
func (s *Storage) RepairTable(ctx context.Context, want *storage.Table, _ storage.Options) error {
	const op = "repair table"
	if err := storage.CheckTable(want); err != nil {
		return err
	}
	if err := s.checkNames(op, want); err != nil {
		return err
	}
	return s.update(ctx, op, want.TableName, func(ses *session) error {
		whole := want
		defined, err := s.readTable(ses, op, want.TableName)
		switch {
		case err == nil:
			if whole, err = defined.WithMissing(want); err != nil {
				return err
			}
		case !errors.Is(err, storage.ErrTableNotFound):
			return err
		}
		if err := s.repairPhysicalTable(ses, op, whole); err != nil {
			return err
		}
		for _, c := range whole.Indexes {
			if err := createIndex(ses, op, whole, c); err != nil {
				return err
			}
		}
		if whole == defined {
			return nil
		}
		return s.writeMetadata(ses, whole)
	})
}

// repairPhysicalTable creates the table, or the columns that it lacks.
func (s *Storage) repairPhysicalTable(ses *session, op string, t *storage.Table) error {
	exists, err := isTaken(ses, op, t.TableName)
	if err != nil {
		return err
	}
	if !exists {
		return execute(ses, createTableText(t))
	}
	columns, err := physicalColumns(ses, physicalName(t.TableName))
	if err != nil {
		return err
	}
	want := make([]string, 0, t.KeyLen())
	for _, c := range t.PrimaryKey() {
		want = append(want, t.Columns[c].Name)
	}
	if key := keyOf(columns); !slices.Equal(key, want) {
		return storage.Invalidf(op, t.TableName, "the primary key of the table in the file is (%s), and (%s) in the definition", strings.Join(key, ", "), strings.Join(want, ", "))
	}
	for i, c := range t.Columns {
		at := slices.IndexFunc(columns, func(p physicalColumn) bool { return p.name == c.Name })
		if at >= 0 && !columns[at].holds(c.Type) {
			return storage.Invalidf(op, t.TableName, "column %s of the table in the file is of type %s and holds no %s", c.Name, columns[at].declared, c.Type)
		}
		if at < 0 && !t.InPrimaryKey(i) {
			if err := addPhysicalColumn(ses, op, t.TableName, c, columns); err != nil {
				return err
			}
		}
	}
	return nil
}
