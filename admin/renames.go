package admin

import (
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// Renames are the tables and columns of a schema that have other names so far,
// which a difference cannot show.
type Renames struct {
	Tables  []TableRename
	Columns []ColumnRename
}

// TableRename says that the table To of the schema is called From so far, in the
// same namespace.
type TableRename struct {
	From storage.TableName
	To   string
}

// ColumnRename says that the column To of a table, which is called as in the
// schema, is called From so far.
type ColumnRename struct {
	Table    storage.TableName
	From, To string
}

// check refuses renames that are none of the schema's, which are mistyped.
func (r Renames) check(tables []*schema.Table) error {
	find := func(name storage.TableName) *schema.Table {
		i := slices.IndexFunc(tables, func(t *schema.Table) bool { return nameOf(t) == name })
		if i < 0 {
			return nil
		}
		return tables[i]
	}
	seen := map[string]bool{}
	again := func(what string) bool {
		was := seen[what]
		seen[what] = true
		return was
	}
	for _, t := range r.Tables {
		to := storage.TableName{Namespace: t.From.Namespace, Name: t.To}
		switch {
		case find(to) == nil:
			return fmt.Errorf("rename of table %s to %s: the schema has no table %s", t.From, t.To, to)
		case find(t.From) != nil:
			return fmt.Errorf("rename of table %s to %s: the schema has a table %s itself", t.From, t.To, t.From)
		case again("from " + t.From.String()), again("to " + to.String()):
			return fmt.Errorf("rename of table %s to %s: one of the names is in two renames", t.From, t.To)
		}
	}
	for _, c := range r.Columns {
		switch t := find(c.Table); {
		case t == nil:
			return fmt.Errorf("rename of column %s of %s: the schema has no such table", c.From, c.Table)
		case t.Column(c.To) == nil:
			return fmt.Errorf("rename of column %s of %s to %s: the schema has no column %s", c.From, c.Table, c.To, c.To)
		case t.Column(c.From) != nil:
			return fmt.Errorf("rename of column %s of %s to %s: the schema has a column %s itself", c.From, c.Table, c.To, c.From)
		case again("from " + c.Table.String() + "." + c.From), again("to " + c.Table.String() + "." + c.To):
			return fmt.Errorf("rename of column %s of %s to %s: one of the names is in two renames", c.From, c.Table, c.To)
		}
	}
	return nil
}
