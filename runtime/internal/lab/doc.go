// Package lab explores what the engine of package commit does when several
// clients meet, storage calls fail and processes die: not samples of it, but
// every order of a small scenario. A simulator beside it draws larger ones.
//
// A [Scenario] is a few clients, each with an engine of its own, as if it were a
// process, on one storage in memory. Every storage call of a client is held back
// until the explorer lets it go. So an execution is a sequence of choices: whose
// call reaches the storage next, whether the reply comes back, whether the client
// dies or its clock jumps meanwhile. [Explore] runs the scenario again and again
// until all sequences have been tried, those with fewer faults first. [Replay]
// runs a single one by the names of its choices, which say client, phase and
// record, and so outlive changes of the engine.
//
//	go test ./runtime/internal/lab -run TestCatalogue -v
//	  -explore.most=N   executions of each scenario
//	  -explore.for=30m  all scenarios for so long together, instead
//	  -explore.only=S   scenarios whose names contain S
//
// # What is judged
//
// The ledger (ledger.go) watches the storage: each write must be a step of the
// protocol from the row that was there (spec 5, 14), must follow the decision on
// its transaction, and no transaction may be decided twice. When an execution is
// over, a new client recovers everything, and then the oracle compares what the
// clients saw and were told with the decisions and with what is left: for
// SERIALIZABLE by the search of a serial order that keeps real time, for the other
// levels by the versions of each record (snapshot.go). Where that fails, the
// dependencies of the transactions name the anomaly (graph.go). Scenarios also say
// what must be reached, among that the anomalies that their level permits.
//
// Real time: a transaction that begins when another one has been reported as
// committed comes after it. The beginning of each transaction but the first of a
// client is a choice, ordered against all others, so that both orders are seen.
//
// # What is not tried twice
//
// Two choices are independent if they are made by different processes and touch no
// record in common, or only read it: then their order can make no difference to
// anybody, and one of the two orders is enough. The explorer keeps sleep sets
// (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems,
// 1996): after it has tried choice a and goes on with b instead, a is not tried
// again until something that depends on a has happened. Of all executions that
// differ in the order of independent choices alone, exactly one runs to its end;
// the others are given up on the way, and not counted. Calls of one process count
// as dependent even if they touch different records, because what its goroutines
// do to its memory between them is not known; so do all faults, which share a
// budget.
//
// With [Options.Everything] nothing is left out; a test compares the outcomes.
//
// States are not cached. Two executions that meet in one state of the storage
// differ in what the clients remember and in the history that the oracle judges;
// a state that includes both is met again too rarely, and with another sleep set
// it would have to be explored again in part.
//
// # Time
//
// An execution runs in a bubble of testing/synctest. Its clock moves only when
// nobody can do anything else: pauses between attempts cost nothing. That a
// transaction has expired is a choice of its own: the clock of a client jumps, as
// clocks do, and makes all that others have prepared look old. That calls take
// longer than others wait for them is another one, a delay.
//
// # What is outside
//
// Calls are atomic: a storage that applies half a group, or shows a page of a scan
// while another call is applied, is the adapters' business. What goes wrong in an
// execution is bounded by [Faults]. A client that has crashed does not come back.
package lab
