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

// Admin creates and removes what Storage reads and writes. Its methods are not
// atomic on every database; each may be repeated after a failure.
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
	// DropTable reports [ErrTableNotFound] if there is no such table.
	DropTable(ctx context.Context, name TableName) error
	// TruncateTable removes all records. It reports [ErrTableNotFound].
	TruncateTable(ctx context.Context, name TableName) error
	// Tables lists the tables of a namespace in byte order, empty if there is
	// no such namespace.
	Tables(ctx context.Context, namespace string) ([]string, error)
}
