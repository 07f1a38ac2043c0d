// Package soak runs the transaction engine as users do, many processes on one
// real database, while everything that can fail does, and has the recorded
// histories judged by package history.
//
//	go test ./internal/soak -run 'TestSoak$' -v -timeout 0 -soak.storage postgres -soak.transactions 1000000
//
// # Who does what
//
// A controller ([Run]) starts clients: processes of their own, the test binary
// executed once more, each with several workers that run random transactions
// through the public API. Clients differ in how they commit: in one phase, in two,
// asynchronously, by group commit, with write sets, without one optimization or
// another. What they do and see they write to files of their own, by one clock, so
// that a client can be killed at any moment without losing what it knew.
//
// # Epochs
//
// Keys are renewed: every so many transactions all clients move on to an epoch
// with fresh keys. Once nobody works in the epoch before, it is closed while the
// next one runs: all its records are read, by a process whose clock is ahead so
// that what the dead left behind has expired; the storage itself must show no
// prepared record, accounts must hold what they held at first, and the decisions
// in the coordinator table must be what the clients were told. Then the history of
// the epoch is checked at its isolation level, and its records and files go. So
// memory and disk are bounded whatever the number of transactions.
//
// Each epoch has one isolation level, for a history is judged by one.
//
// # Faults
//
//   - A client is killed (SIGKILL) at a named point of the protocol, before its
//     request was sent or after it was applied ([Points]), or at any moment.
//   - Connections are cut before and after the server applied a request, within it
//     and within the reply, closed on one side, delayed, frozen, refused
//     ([testserver.Proxy]). SQLite has no connections: there the calls of the storage
//     lose their requests and replies.
//   - The server is killed under load and started again.
//   - Clients have fewer connections than workers.
//   - The disk is full: on SQLite the size of files is limited (RLIMIT_FSIZE), the
//     servers report their own error for it from a trigger.
//   - Clocks of clients are wrong by some seconds, and all run several times as fast
//     as real ones, so that what somebody left prepared expires sooner.
//
// The choices of the faults and of the transactions follow from a seed; the order
// in which processes run does not, so a seed repeats a run in kind only. What is
// found must be told by the history, which is kept.
//
// It runs on Linux, where the monotonic clock is the same in all processes.
package soak
