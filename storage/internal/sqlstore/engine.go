package sqlstore

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Engine is what [Administration] needs of one database.
type Engine interface {
	// CheckNamespace returns why there can be no namespace of this name, "" if
	// there can.
	CheckNamespace(namespace string) (why string)
	// CheckNames reports, as an [storage.ErrInvalid], what of a definition the
	// database cannot hold: names, and types of keys.
	CheckNames(op string, t *storage.Table) error
	// FoldName returns the form in which the database compares names.
	FoldName(name string) string

	// Read runs body, which only reads and may be run again, and classifies its
	// errors.
	Read(ctx context.Context, op string, table storage.TableName, body func(Session) error) error
	// Update runs body, which may change things, while no other client of this
	// package does, and classifies its errors. It is one transaction where the
	// database can change definitions in one, and body may then be run again
	// after it was rolled back. Under [storage.DryRun] body gets a Session that
	// shows what it would execute.
	Update(ctx context.Context, op string, table storage.TableName, body func(Session) error) error
}

// Session is one connection in the service of one administrative call.
//
// Where the database cannot change definitions in a transaction, a call may be
// cut off between any two statements, and Java's always may: so methods that
// create or drop something do nothing if that was done before.
type Session interface {
	// Execute runs a statement. Arguments are texts, whole numbers, booleans and
	// nil.
	Execute(text string, args ...any) error
	// Query returns the rows of a SELECT as texts. NULL is "".
	Query(text string, args ...any) ([][]string, error)
	// Atomically runs body, which changes rows, in a transaction: that of the
	// session if it is in one.
	Atomically(body func() error) error

	// Columns lists the columns of a table of the database in their order, none
	// if there is no such table.
	Columns(name storage.TableName) ([]PhysicalColumn, error)
	// Taken reports whether a table, or anything else that keeps one from being
	// created, has the name. It reports [storage.ErrInvalid] if the database
	// cannot tell the name from that of another table.
	Taken(op string, name storage.TableName) (bool, error)
	// DeclaredType returns what a column of t is declared as, in the spelling of
	// PhysicalColumn.Declared.
	DeclaredType(t *storage.Table, column int) string

	// CreateTable creates a table without secondary indexes. If its columns are
	// there, it creates what else belongs to it.
	CreateTable(t *storage.Table, there bool) error
	// DropTable does nothing if there is no such table.
	DropTable(name storage.TableName) error
	TruncateTable(name storage.TableName) error
	RenameTable(from, to storage.TableName) error
	// AddColumn adds a column of t, which is not there.
	AddColumn(t *storage.Table, column int) error
	// DropColumn drops a column of t, which is there, with its index. It reports
	// [storage.ErrInvalid] if something that another program has created is in
	// the way.
	DropColumn(op string, t *storage.Table, column int) error
	// RenameColumn renames a column. from and to are the definitions before and
	// after.
	RenameColumn(from, to *storage.Table, column, renamed string) error
	// AlterColumnType gives a column of t the type that it has in t.
	AlterColumnType(op string, t *storage.Table, column int) error
	// CreateIndex creates the index on a column of t. It reports
	// [storage.ErrInvalid] if the name that it must have is that of another
	// index.
	CreateIndex(op string, t *storage.Table, column int) error
	// DropIndex drops the index on a column of t under the name that any version
	// of Java gives it. An index of that name that another table has stays.
	DropIndex(t *storage.Table, column int) error
	// RenameIndex gives the index on a column of t the name that it must have,
	// after the table or the column was called otherwise, or creates it.
	RenameIndex(op string, t *storage.Table, column int, formerTable storage.TableName, formerColumn string) error

	// Namespaces lists the namespaces of the database without those that are its
	// own and without the metadata schema.
	Namespaces() ([]string, error)
	// CreateNamespace does nothing if the namespace is there.
	CreateNamespace(namespace string) error
	// DropNamespace reports [storage.ErrNotEmpty] if any table is left, and does
	// nothing if there is no such namespace.
	DropNamespace(op, namespace string) error

	// ImportObstacle returns why a table of another program could not be served,
	// "" if it can.
	ImportObstacle(name storage.TableName) (why string, err error)
}

// PhysicalColumn is a column of a table of the database.
type PhysicalColumn struct {
	Name     string
	Declared string         // its type, as the database spells it
	InKey    int            // its place in the primary key, from 1; 0 outside
	Computed bool           // it cannot be written
	Types    []storage.Type // as which its values can be read and written, the usual one first; empty if there is none
}

func (c PhysicalColumn) holds(typ storage.Type) bool { return slices.Contains(c.Types, typ) }

// findColumn returns the position of the named column, −1 if there is none.
func findColumn(columns []PhysicalColumn, name string) int {
	return slices.IndexFunc(columns, func(c PhysicalColumn) bool { return c.Name == name })
}

// keyOf returns the names of the primary-key columns in key order.
func keyOf(columns []PhysicalColumn) []string {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c PhysicalColumn) bool { return c.InKey == 0 })
	slices.SortFunc(columns, func(a, b PhysicalColumn) int { return a.InKey - b.InKey })
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// texts returns the first column of the rows of a query.
func texts(ses Session, query string, args ...any) ([]string, error) {
	rows, err := ses.Query(query, args...)
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row[0]
	}
	return out, err
}

// found reports whether a query returns a row.
func found(ses Session, query string, args ...any) (bool, error) {
	rows, err := ses.Query(query, args...)
	return len(rows) > 0, err
}
