// Package sqlite stores records in a SQLite file, in the tables of Java
// ScalarDB's JDBC storage: a Go and a Java program may share the file. It uses
// modernc.org/sqlite, which needs no C compiler.
//
// Importing the package makes the storage available to [storage.Open] as
// scalar.db.storage=sqlite with scalar.db.contact_points=FILE, and as
// scalar.db.storage=jdbc with scalar.db.contact_points=jdbc:sqlite:FILE.
//
// # Layout
//
// Table t of namespace n is the SQLite table "n$t"; a namespace is nothing but
// that prefix and comes into being with its first table. Definitions are rows of
// "scalardb$metadata". DATE, TIME, TIMESTAMP and TIMESTAMPTZ are packed
// integers, BOOLEAN is 1 or 0, FLOAT is widened to binary64 (storage spec,
// sections 3 and 4.4). SQLite does not tell names that differ in the case of
// ASCII letters apart, so such tables and columns are refused.
//
// Two floating-point values have no place in SQLite: NaN would become NULL and
// is refused; −0.0 becomes 0.0, and equals it in keys and conditions.
//
// Reading is strict. A stored value that no adapter can have written (a time of
// day with nanoseconds, text in an INT column) is an error that names table,
// key and column.
//
// # Concurrency and durability
//
// The file is kept in WAL mode: readers do not wait for the writer, nor it for
// them. Within a process one connection writes, and writers queue for it in
// Go, where a cancelled context ends the wait; so SQLITE_BUSY comes only from
// other processes, and is waited for up to the busy timeout. Every acknowledged
// write is on disk: synchronous is FULL, because with the NORMAL that is usual
// beside WAL, a power failure takes the last commits back, which the coordinator
// of a transaction would have announced already.
//
// No connection holds a lock or a read transaction between two calls, so a
// program may write while it scans, even in ":memory:", which is one connection.
//
// POSIX drops all locks of a process on a file when the process closes any
// descriptor of it. Do not open the database file by other means than SQLite in
// a program that has it open here.
package sqlite
