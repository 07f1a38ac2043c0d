// Package exercise runs every method of every golden package against the
// in-memory storage. It is apart from the harness that compares and rewrites
// the golden packages, which must work while these do not compile.
package exercise
