package memory

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// Mutate applies the group at one moment. It never reports a conflict or an
// unknown outcome.
func (s *Storage) Mutate(ctx context.Context, group []storage.Mutation) error {
	if err := s.ready(ctx, "mutate", tableOf(group)); err != nil {
		return err
	}
	if err := storage.CheckGroup(s.info, group); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	return s.db.apply(group)
}

// MutateBatch applies the groups under one lock, each as Mutate does. A context
// that ends meanwhile cuts off the groups that are left.
func (s *Storage) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	errs := storage.CheckBatch(s.info, groups)
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	for i, group := range groups {
		if err := s.ready(ctx, "mutate", tableOf(group)); err != nil {
			errs[i] = err
		} else if errs[i] == nil {
			errs[i] = s.db.apply(group)
		}
	}
	return errs
}

func tableOf(group []storage.Mutation) storage.TableName {
	if len(group) == 0 || group[0].Table == nil {
		return storage.TableName{}
	}
	return group[0].Table.TableName
}

// apply applies a valid group. The caller holds the lock.
func (db *database) apply(group []storage.Mutation) error {
	for i := range group {
		m := &group[i]
		t, v, err := db.view("mutate", m.Table)
		if err != nil {
			return err
		}
		row := t.rows.get(m.Key)
		if !holds(m, v, row) {
			return &storage.Error{Op: "mutate", Table: m.Table.TableName, Class: storage.ErrCondition}
		}
		for _, c := range m.Copies {
			if _, fits := c.Of(row[v.position(c.From)]); !fits {
				return storage.Invalidf("mutate", m.Table.TableName, "record %s: column %s would be out of the range of INT", m.Table.FormatKey(m.Key), m.Table.Columns[c.To].Name)
			}
		}
	}
	// Nothing is written before all preconditions held, and nothing below fails.
	for i := range group {
		m := &group[i]
		t, v, err := db.view("mutate", m.Table)
		if err != nil {
			return err
		}
		t.apply(m, v)
	}
	return nil
}

// holds reports whether the precondition holds for the record's row, nil if
// there is no record.
func holds(m *storage.Mutation, v *view, row storage.Row) bool {
	switch m.Condition {
	case storage.Always:
		return true
	case storage.IfNotExists:
		return row == nil
	}
	if row == nil {
		return false
	}
	for i := range m.Where {
		if p := &m.Where[i]; !p.Holds(row[v.position(p.Column)]) {
			return false
		}
	}
	return true
}

func (t *table) apply(m *storage.Mutation, v *view) {
	if m.Op == storage.Check {
		return
	}
	old := t.rows.get(m.Key)
	if m.Op == storage.Delete {
		t.replace(m.Key, old, nil)
		return
	}
	row := make(storage.Row, len(t.blank))
	if old != nil {
		copy(row, old)
	} else {
		copy(row, t.blank)
		copy(row, m.Key)
	}
	for _, c := range m.Copies {
		row[v.position(c.To)], _ = c.Of(old[v.position(c.From)])
	}
	for i, c := range m.Columns {
		row[v.position(c)] = m.Values[i]
	}
	t.replace(m.Key, old, row)
}
