// Package native runs transactions that are the database's own, behind the same
// calls as those of package commit: what a caller may do when, and what it is told,
// is the same, but isolation and atomicity are left to the database. There are no
// columns of transactions, no coordinator table and no recovery.
//
// What the package adds to a [storage.Transaction]:
//
//   - A transaction holds no connection before its first request, and none any
//     more when a request has failed, since nothing but a rollback can follow.
//     Whatever still comes then fails as that request did, Commit included, so
//     that a conflict is retried even if somebody has ignored it.
//   - Reads may be concurrent; they take turns on the connection.
//   - A scan yields what its table was when the iteration began, as in package
//     commit: a write to the table first reads the rest of the scans of it that are
//     being iterated. Otherwise a loop that inserts what it scans need not end.
//   - Definitions of tables are read over the connection of the transaction that
//     needs them ([Definitions]). If transactions held all connections and each
//     waited for one more, none would go on.
//   - A transaction of one operation uses no transaction of the database where a
//     single request does: to read one record, or page after page of a scan, so
//     that nothing stays open between two records. Writes do not, since the
//     database gives its isolation level only among transactions that have it.
package native
