// Package mysql stores records on MySQL (5.7 and later), MariaDB (10.0 and
// later) and TiDB, in the tables of Java ScalarDB's JDBC storage: Go and Java
// programs may share a server. It uses github.com/go-sql-driver/mysql.
//
// Importing the package makes the storage available to [storage.Open] as
// scalar.db.storage=mysql or mariadb with a data source name of the driver in
// scalar.db.contact_points, and as scalar.db.storage=jdbc with a URL
// jdbc:mysql://… or jdbc:mariadb://….
//
// # Layout
//
// A namespace is a database, and definitions are rows of scalardb.metadata. TEXT
// and BLOB columns of keys and indexes are VARCHAR(n) and VARBINARY(n), n being
// [WithKeySize]; TIMESTAMP and TIMESTAMPTZ are DATETIME(3), the latter in UTC; and
// FLOAT is REAL, which the server takes for a double: what is written are the
// shortest decimal digits of the value, as Java does (storage spec, sections 3
// and 4.3). Reading is strict: a stored value that no adapter can have written is
// an error that names table, key and column.
//
// There is neither NaN nor infinity, which are refused, and −0.0 becomes 0.0.
//
// # Collation
//
// Tables inherit how they compare TEXT, and nothing here says otherwise, since
// Java's tables must be equal. Where the collation is utf8mb4_bin, texts are equal
// if they are, but for trailing spaces: "a" and "a " are one key. With MySQL's
// default, "a", "A" and "á" are one key; Open then warns. [Storage.Info] gives the
// order of TEXT only where it is known, and merging a scan with own writes needs
// it.
//
// # Groups
//
// A single mutation is one prepared statement that commits by itself. A group is
// one request too, which begins a transaction, writes, and commits, unless a
// precondition is false; this the server must find out, for by the time that the
// client knows it the COMMIT would have been sent. On MariaDB (10.6 and later) a
// group is an anonymous compound statement with a SIGNAL behind each conditional
// statement that has matched nothing, and it is prepared. MySQL has no such
// thing, but runs the statements of one text until one of them fails: behind
// each conditional statement stands the assignment of ~0+(ROW_COUNT()=0) to a
// variable, which is out of range if the condition is true. The driver writes the
// values into the text, escaped as the server's state asks for; connections that
// take several statements in one text never see any other user input. What is
// too large for one text goes statement by statement.
//
// # Isolation
//
// All but the transactions of [Storage.Begin] runs under READ COMMITTED, whatever
// the server's default is. There an UPDATE locks the record with the key and
// nothing else, waits for whoever has it locked, and then looks at the condition
// anew; under REPEATABLE READ it would also lock the gap in which an absent record
// would be, and two groups that then insert into that gap deadlock. Every client
// touches the records of a group in the order of their keys, so groups of this
// package do not deadlock with each other; a deadlock with another program, or a
// wait for longer than innodb_lock_wait_timeout, is [storage.ErrConflict].
//
// A check of a record that is there takes a shared lock until the group commits.
// A check that a record is absent needs the lock on the gap, and runs its group
// under REPEATABLE READ. Deadlocks are possible there, and are conflicts. TiDB has
// no shared locks, and groups with checks are refused there.
//
// Nothing of this hangs on the server's defaults: every session sets its isolation,
// autocommit, strict SQL mode, character set and the engine of new tables, InnoDB.
// A server whose binary log is in STATEMENT format cannot log READ COMMITTED
// writes and refuses them with a clear error; ROW and MIXED are fine.
//
// # Failures
//
// A connection that is lost after a write was sent leaves its outcome unknown, and
// so does an error of the server that may come from a COMMIT; nothing is sent
// twice but what has not been sent once. A context that ends closes the
// connection of the call. The server does not notice that while a statement waits
// for a lock, and may still apply it when the lock is free: ErrUnknown promises
// nothing.
//
// Changes of definitions commit by themselves, statement by statement, in an order
// in which a call that was cut off can be repeated; metadata rows change in one
// transaction at the end. Clients of this package exclude each other by an
// advisory lock (GET_LOCK). DropNamespace looks for tables before it drops a
// database, since the server would drop them too; a table that another program
// creates in that moment is lost.
package mysql
