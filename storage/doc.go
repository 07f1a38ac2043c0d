// Package storage is the contract between the transaction engine and one
// database: what a record, a key and a conditional write are, what a storage
// must promise, and how it says what became of a request.
//
// An adapter implements [Storage] and [Admin] and registers itself under the
// name that configuration uses for it, as database/sql drivers do:
//
//	import _ "github.com/scalargen/scalargen/storage/sqlite"
//
// The contract is as small as it can be while staying honest about databases
// as different as PostgreSQL and Cassandra:
//
//   - [Storage.Get] reads records by primary key, many in one round trip.
//   - [Storage.Scan] reads one page of a partition, of an index or of a whole
//     table. Nothing stays open between two pages, so a caller may write while
//     it scans even through a pool of one connection.
//   - [Storage.Mutate] applies one group of conditional puts, deletes and
//     checks atomically. [Info] says how large such a group may be.
//   - [Batcher] is optional: many independent groups in one round trip, each
//     with its own outcome.
//
// A storage never resends a conditional write by itself: a failure after a
// resend may be the caller's own success. What became of a write is told by
// the error: [ErrCondition], [ErrConflict] and any error that is not
// [ErrUnknown] promise that nothing was applied; [ErrUnknown] promises nothing.
//
// Keys hold neither NULL nor empty TEXT or BLOB. [CheckGet], [CheckScan],
// [CheckGroup], [CheckBatch] and [CheckTable] know these and all other rules that do not
// depend on the database; every adapter calls them, so that all refuse the same
// requests with [ErrInvalid].
//
// Package storagetest holds the conformance suite that every adapter passes.
package storage
