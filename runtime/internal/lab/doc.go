// Package lab explores what the engine of package commit does when several
// clients meet, storage calls fail and processes die: not samples of it, but
// every order of a small scenario.
//
// A [Scenario] is a few clients, each with an engine of its own, as if it were a
// process, on one storage in memory. Every storage call of a client is held back
// until the explorer lets it go. So an execution is a sequence of choices: whose
// call reaches the storage next, whether the reply comes back, whether the client
// dies or its clock jumps meanwhile. [Explore] runs the scenario again and again
// until all sequences have been tried, and the oracle judges each of them by what
// the clients were told and what is stored in the end.
//
// # What is not tried twice
//
// Two choices are independent if they are made by different clients and touch no
// record in common, or only read it: then their order can make no difference to
// anybody, and one of the two orders is enough. The explorer keeps sleep sets
// (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems,
// 1996): after it has tried choice a and goes on with b instead, a is not tried
// again until something that depends on a has happened. Of all executions that
// differ in the order of independent choices alone, exactly one runs to its end.
// Calls of one client count as dependent even if they touch different records,
// because what its goroutines do to its memory between them is not known.
//
// With [Options.Everything] nothing is left out; a test compares the verdicts.
//
// # Time
//
// An execution runs in a bubble of testing/synctest. Its clock moves only when
// nobody can do anything else: pauses between attempts cost nothing. That a
// transaction has expired is a choice of its own: the clock of a client jumps, as
// clocks do, and makes all that others have prepared look old.
package lab
