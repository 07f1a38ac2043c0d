package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Option declares what an adapter honestly lacks, with the reason. An empty
// config is a storage that can do everything.
type Option func(*config)

// Use is a role that a value can play.
type Use uint8

// The uses of a value.
const (
	AsValue         Use = iota // in a column outside the key
	AsPartitionKey             // in a partition key
	AsClusteringKey            // in a clustering key, its bounds included
	AsIndex                    // in a column with a secondary index
	AsOrdered                  // compared by <, <=, > or >= in a condition or filter
)

var useNames = [...]string{
	AsValue: "value", AsPartitionKey: "partition key", AsClusteringKey: "clustering key", AsIndex: "index", AsOrdered: "ordered comparison",
}

// String returns the use in plain words.
func (u Use) String() string { return useNames[u] }

// Without says that columns of the types cannot play the role. AsValue leaves
// the types out altogether.
func Without(reason string, use Use, types ...storage.Type) Option {
	return func(c *config) {
		for _, t := range types {
			c.without = append(c.without, lack{use, t, reason})
		}
	}
}

// Refuses says that the storage reports [storage.ErrInvalid] for the values
// that refused names. The suite checks that it does.
func Refuses(reason string, refused func(use Use, v storage.Value) bool) Option {
	return func(c *config) { c.refuses = append(c.refuses, refusal{refused, reason}) }
}

// Folds says that the storage keeps v as fold(v), for instance −0.0 as 0.0.
func Folds(reason string, fold func(v storage.Value) storage.Value) Option {
	return func(c *config) { c.folds, c.foldReason = fold, reason }
}

// RefusesName says that the storage cannot hold the names of namespaces, tables
// or columns that refused names. The suite checks that creating them is
// [storage.ErrInvalid].
func RefusesName(reason string, refused func(kind NameKind, name string) bool) Option {
	return func(c *config) { c.refusesName, c.nameReason = refused, reason }
}

// NameKind says what is named.
type NameKind uint8

// The kinds of names.
const (
	NamespaceName NameKind = iota
	TableName
	ColumnName
)

// FoldsCase says that names of tables, or of columns of one table, that differ
// in letter case alone cannot stand side by side. The suite checks that the
// second one is [storage.ErrInvalid].
func FoldsCase(reason string) Option { return func(c *config) { c.foldsCase = reason } }

// ImplicitNamespaces says that a namespace exists only while a table is in it.
func ImplicitNamespaces(reason string) Option {
	return func(c *config) { c.implicitNamespaces = reason }
}

// MaxValue says that a value may have at most so many bytes; the default is
// 1 MiB, beyond which the suite does not go.
func MaxValue(reason string, bytes int) Option {
	return func(c *config) { c.maxValue, c.maxValueReason = bytes, reason }
}

// CreationOptions are given to every CreateNamespace and CreateTable.
func CreationOptions(options storage.Options) Option {
	return func(c *config) { c.creation = options }
}

// Change is a kind of change of a deployed table.
type Change uint8

// The kinds of changes.
const (
	ChangeIndexes        Change = iota // CreateIndex and DropIndex
	AddColumns                         // AddColumn
	DropColumns                        // DropColumn
	RenameColumns                      // RenameColumn of a column without an index outside the key
	RenameIndexedColumns               // RenameColumn of a column with an index
	RenameKeyColumns                   // RenameColumn of a column of the primary key
	AlterTypes                         // AlterColumnType
	RenameTables                       // RenameTable
	ImportTables                       // ForeignTable and ImportTable
)

var changeNames = [...]string{
	ChangeIndexes: "create and drop index", AddColumns: "add column", DropColumns: "drop column", RenameColumns: "rename column",
	RenameIndexedColumns: "rename indexed column", RenameKeyColumns: "rename key column", AlterTypes: "alter column type",
	RenameTables: "rename table", ImportTables: "import table",
}

// String returns the change in plain words.
func (c Change) String() string { return changeNames[c] }

// CannotChange says that the storage cannot make these changes. The suite checks
// that it reports [storage.ErrInvalid] for them and changes nothing.
func CannotChange(reason string, changes ...Change) Option {
	return func(c *config) {
		if c.cannotChange == nil {
			c.cannotChange = map[Change]string{}
		}
		for _, change := range changes {
			c.cannotChange[change] = reason
		}
	}
}

// ForeignTables says how to create a table as another program would, without
// metadata. The suite imports such tables.
func ForeignTables(create func(s storage.Storage, definition *storage.Table) error) Option {
	return func(c *config) { c.foreign = create }
}

// Skip leaves out the named check: the last resort.
func Skip(check, reason string) Option {
	return func(c *config) {
		if c.skips == nil {
			c.skips = map[string]string{}
		}
		c.skips[check] = reason
	}
}

type config struct {
	without            []lack
	refuses            []refusal
	folds              func(storage.Value) storage.Value
	foldReason         string
	refusesName        func(NameKind, string) bool
	nameReason         string
	foldsCase          string
	implicitNamespaces string
	maxValue           int
	maxValueReason     string
	creation           storage.Options
	cannotChange       map[Change]string
	foreign            func(s storage.Storage, definition *storage.Table) error
	skips              map[string]string
}

type lack struct {
	use    Use
	typ    storage.Type
	reason string
}

type refusal struct {
	refused func(Use, storage.Value) bool
	reason  string
}

// lacks returns why columns of type t cannot play the role, "" if they can.
func (c *config) lacks(use Use, t storage.Type) string {
	i := slices.IndexFunc(c.without, func(l lack) bool { return l.typ == t && (l.use == use || l.use == AsValue) })
	if i < 0 {
		return ""
	}
	return c.without[i].reason
}

// refusedBecause returns why v cannot play the role, "" if it can.
func (c *config) refusedBecause(use Use, v storage.Value) string {
	i := slices.IndexFunc(c.refuses, func(r refusal) bool { return r.refused(use, v) })
	if i < 0 {
		return ""
	}
	return c.refuses[i].reason
}

// fold returns what the storage makes of v.
func (c *config) fold(v storage.Value) storage.Value {
	if c.folds == nil || v.IsNull() {
		return v
	}
	return c.folds(v)
}
