// Package commit is the Consensus Commit engine: ACID transactions on storages
// that offer no more than conditional writes of single records.
//
// The protocol in one paragraph: a transaction keeps its reads and writes in
// memory. Commit first prepares every written record (prepare.go): the record
// takes the new values, the transaction's id and state PREPARED, and keeps its
// old values beside them, on condition that nobody wrote it since it was read.
// Under SERIALIZABLE all reads are then repeated and compared (validate.go).
// One row, inserted into the coordinator table if no row of this id is there,
// decides (coordinator.go): COMMITTED or ABORTED. The prepared records then
// follow the decision (finish.go). Whoever meets a prepared record of somebody
// else looks the decision up and completes it; if there is none for 15 seconds,
// it decides ABORTED itself (recovery.go).
//
// Section numbers in comments are those of the Consensus Commit specification;
// docs/specification.md says what each stands for. Formats, states, conditions and their order are
// those of ScalarDB 3.19, so that Java programs take part in the same tables;
// docs/decisions.md lists where the engine differs on purpose.
//
// The engine keeps no lock and no connection while it waits for a storage,
// takes its clock, ids and randomness from [Options], and knows no adapter.
package commit
