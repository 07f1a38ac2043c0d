// Package postgres stores records in a PostgreSQL database, in the tables of Java
// ScalarDB's JDBC storage: a Go and a Java program may share the database. It
// uses pgx. PostgreSQL 13 and later are served, and what speaks and behaves like
// it (AlloyDB, Aurora).
//
// Importing the package makes the storage available to [storage.Open] as
// scalar.db.storage=postgres with a URL or keywords of libpq in
// scalar.db.contact_points (postgres://host/database?sslmode=verify-full), and
// as scalar.db.storage=jdbc with scalar.db.contact_points=jdbc:postgresql://….
//
// # Layout
//
// Table t of namespace n is "n"."t": a namespace is a schema. Definitions are
// rows of "scalardb"."metadata", in one transaction with the change of the table;
// that table stays when the last row goes. BOOLEAN, INT, BIGINT, DOUBLE, DATE and
// TIME are the types of the same name, FLOAT is real, TEXT is text, or
// varchar(10485760) in a key or with an index, BLOB is bytea, TIMESTAMP and
// TIMESTAMPTZ are timestamp without and with time zone. Everything is bound in
// binary form, so no setting of the session has a say (storage spec, sections 3,
// 4.1 and 4.2).
//
// A text with U+0000 has no place in PostgreSQL and is refused. −0.0 and NaN are
// kept; 0.0 equals −0.0, and NaN equals itself and is greater than all others.
// Texts are ordered by the collation of the database, so Info has a comparator
// only if that is C or POSIX. An entry of an index, so also a key, holds about
// 2700 bytes.
//
// Reading is strict. A stored value that no adapter can have written (a timestamp
// with microseconds, infinity) is an error that names table, key and column.
//
// # Writes
//
// A mutation is one statement that commits by itself. A group is a pipeline of
// statements before one synchronization point, which PostgreSQL makes one
// transaction, so that it takes one round trip and one commit. The commit is sent
// before the client knows whether all preconditions hold. Hence a statement in a
// group fails where its precondition is false, by making a number of a text that
// is none; the server then skips the rest and rolls back. (Its log shows these
// errors, as it does those of any statement.)
//
// Each statement decides by itself: under READ COMMITTED an UPDATE, a DELETE and
// a SELECT FOR SHARE that have waited for a row's lock look at the row again, and
// an INSERT with ON CONFLICT waits for the other insert of its key to end. What
// they have found stays so up to the commit, since they hold the lock: that of
// the row, for a check a shared one. So all preconditions are true at the moment
// of the commit, and the group is atomic for those who write. Under REPEATABLE
// READ and SERIALIZABLE the same statements report a conflict where they would
// have looked again, so any level is right. A check that there is no record finds
// nothing to lock: it inserts the record and deletes it again, which lets all
// others wait who insert it.
//
// All clients of this package touch the records of a group in the order of
// namespace, table and key, and so never wait for each other in a circle. Java
// has another order: with it a deadlock is possible, which the server detects and
// which is [storage.ErrConflict], as are serialization failures and lock
// timeouts.
//
// In a batch every group is a transaction of its own in one common pipeline; one
// commits before the next begins. If all groups are inserts into the same columns
// of one table, they are one statement and one commit, whose answer tells which
// records it has inserted.
//
// # What became of a write
//
// An answer of severity ERROR is the server's word that nothing was applied. The
// answer to a statement is not yet that to its commit: only when the
// synchronization point is answered is a write acknowledged. Anything else after
// a byte was sent, a connection cut, a context that ended, a FATAL answer of a
// server that shuts down, is [storage.ErrUnknown], and the connection is closed.
// Nothing is ever sent twice but a statement that the server has refused since it
// was prepared for another schema, or has lost.
//
// Every acknowledged write is on disk: a session whose synchronous_commit is off
// turns it on. A server that runs with fsync=off is beyond help.
package postgres
