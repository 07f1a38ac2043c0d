package storage

import "context"

// Storage is one database. All methods may be called concurrently.
//
// A cancelled context ends a call early. For Mutate that is [ErrUnknown] unless
// the storage knows that the request had no effect.
type Storage interface {
	// Info describes what the storage promises for the tables of namespace.
	Info(namespace string) Info

	// Table reads the definition of a deployed table from the storage's own
	// metadata. It reports [ErrTableNotFound] if there is none.
	Table(ctx context.Context, name TableName) (*Table, error)

	// Get reads the records in one round trip where the database can. The
	// result has one Row per element of gets, nil where there is no record.
	// The reads are independent of each other: together they are no snapshot.
	Get(ctx context.Context, gets []Get) ([]Row, error)

	// Scan reads one page. Rows of a page were all in the table at some time
	// during the scan; a record that is written meanwhile may be seen before
	// or after the write, and one whose key order is not that of the page's
	// path may be seen twice.
	Scan(ctx context.Context, scan *Scan) (*Page, error)

	// Mutate applies all mutations or none, and then durably. They must lie in
	// one atomicity unit, be no more than Info.MaxMutations, and name no record
	// twice. It reports [ErrCondition] if a precondition was false,
	// [ErrConflict] if the database chose it as victim of a conflict,
	// [ErrUnknown] if it may or may not have been applied; after any other
	// [*Error] it was not applied. [NotApplied] tells.
	Mutate(ctx context.Context, group []Mutation) error

	// Admin returns the administration side of the storage.
	Admin() Admin

	// Close releases all connections. Calls in flight may fail.
	Close() error
}

// Options are creation options of a namespace or table, by the names that the
// schema JSON uses (ru, replication-factor, …). A storage ignores options it
// does not know.
type Options map[string]string

// Admin creates, changes and removes what Storage reads and writes. Its methods
// are not atomic on every database; each may be repeated after a failure, and
// then finishes what it began.
//
// A method that names a table reports [ErrTableNotFound] if there is none, and
// one whose change the database cannot make reports [ErrInvalid] with the
// reason and has changed nothing. A change that is there already is no failure.
// The With methods of [Table] say what each change makes of a definition.
//
// Requests with a definition from before the change are still served as far as
// the deployed table has the columns that they name; if it has not, they report
// [ErrInvalid]. Whoever keeps definitions must let them expire.
type Admin interface {
	// CreateNamespace does nothing if the namespace exists.
	CreateNamespace(ctx context.Context, namespace string, options Options) error
	// DropNamespace does nothing if the namespace does not exist. It reports
	// [ErrNotEmpty] if tables remain in it, also such as this storage did not
	// create.
	DropNamespace(ctx context.Context, namespace string) error
	// NamespaceExists reports whether the namespace exists.
	NamespaceExists(ctx context.Context, namespace string) (bool, error)
	// Namespaces lists the namespaces in byte order.
	Namespaces(ctx context.Context) ([]string, error)

	// CreateTable creates the table with its indexes and metadata. It reports
	// [ErrTableExists] if its metadata are there already, and finishes the work
	// of an earlier call that was cut off before it wrote them.
	CreateTable(ctx context.Context, table *Table, options Options) error
	// DropTable removes the table with its records, indexes and metadata.
	DropTable(ctx context.Context, name TableName) error
	// TruncateTable removes all records.
	TruncateTable(ctx context.Context, name TableName) error
	// Tables lists the tables of a namespace in byte order, empty if there is
	// no such namespace.
	Tables(ctx context.Context, namespace string) ([]string, error)

	// CreateIndex creates the secondary index on a column, also of the records
	// that are there. It does nothing if the column has one.
	CreateIndex(ctx context.Context, name TableName, column string, options Options) error
	// DropIndex does nothing if the column has no secondary index.
	DropIndex(ctx context.Context, name TableName, column string) error
	// AddColumn adds a column outside the primary key, NULL in the records that
	// are there. It does nothing if there is a column of this name and type.
	AddColumn(ctx context.Context, name TableName, column Column) error
	// DropColumn removes a column outside the primary key with its values and
	// its index. It does nothing if there is no such column.
	DropColumn(ctx context.Context, name TableName, column string) error
	// RenameColumn renames a column, also of the primary key, and its index. It
	// does nothing if there is no column from and one that is called to, as an
	// earlier call leaves it.
	RenameColumn(ctx context.Context, name TableName, from, to string) error
	// AlterColumnType changes the type of a column outside the primary key and
	// without an index: INT to BIGINT, FLOAT to DOUBLE, and any type to TEXT,
	// where the text of a value is that which the database makes of it. It does
	// nothing if the column has the type.
	AlterColumnType(ctx context.Context, name TableName, column string, typ Type) error
	// RenameTable renames a table and its indexes within the namespace. It
	// reports [ErrTableExists] if there is a table of the new name.
	RenameTable(ctx context.Context, name TableName, to string) error

	// RepairTable creates what is missing of the table: the table itself,
	// columns outside the key, indexes, metadata. It never removes anything:
	// records stay, and so do columns and indexes that the definition does not
	// name. It reports [ErrInvalid], and changes nothing, if what is there
	// contradicts the definition: a column of another type, another primary key.
	RepairTable(ctx context.Context, table *Table, options Options) error
	// ForeignTable describes a table that is in the database and has no
	// metadata, since another program has created it. All columns of its primary
	// key are the partition key, and it has no indexes. types choose another
	// type than the default one for columns whose database type stands for
	// several. It reports [ErrTableExists] if there are metadata, and
	// [ErrInvalid] if there is no primary key, if a column's type has no
	// counterpart, or if the type chosen for it does not fit.
	ForeignTable(ctx context.Context, name TableName, types map[string]Type) (*Table, error)
	// ImportTable writes metadata that define the table as ForeignTable
	// describes it, and reports what ForeignTable does. The table itself stays
	// as it is.
	ImportTable(ctx context.Context, name TableName, types map[string]Type) error
}
