// Package java runs Java ScalarDB 3.19.0 beside Go programs, for tests and
// measurements: a small Java program, which stands in this directory and is
// built by Maven when it is first needed, does with ScalarDB what it is told
// over its standard streams.
//
//	process, err := java.Start(ctx)
//	session, err := process.Open(ctx, properties)
//	tx, err := session.Begin(ctx, java.Begin{})
//	err = tx.Insert(ctx, table, key, columns, values)
//	err = tx.Commit(ctx)
//
// A process holds any number of sessions, each a program of its own with its
// own configuration, and a session any number of transactions. Starting a
// process takes a second or two, opening a session some tenths.
//
// Tables, keys and values are those of package storage. What an operation means
// is ScalarDB's affair; errors carry the names of its exception classes.
package java
