// Package history records what concurrent transactions did and saw, and decides
// from the record alone which isolation they had.
//
// A [Writer] writes events as JSON Lines, [Read] reads one file back, [Load]
// merges several into a [History], a [Builder] makes one in memory, and [Check]
// judges it at a [Level]:
//
//	h, err := history.Load(history.Source{Name: "run.jsonl", Reader: file})
//	...
//	report := history.Check(h, history.Options{Level: history.Serializable})
//	fmt.Println(report)
//
// # What a verdict means
//
// [OK] is a proof: an order of the transactions exists in which each read and
// each scan returns what it would have returned had the transactions run one
// after the other (for the weaker levels: none of the anomalies that the level
// forbids). [Violation] is a proof too: no such order exists. [Undecided] says
// that neither was proven within the effort allowed.
//
// All records are absent at the start. A run over data that was there before, as
// imported tables, begins with a committed transaction that writes it.
//
// # How
//
// The checker builds the direct serialization graph of Adya, "Weak Consistency:
// A Generalized Theory" (1999), section 4: transactions are nodes; ww, wr and rw
// edges say who overwrote, who read and who missed whose version of a record;
// an rw edge may come from a scan that did not return a row (a predicate
// anti-dependency). Isolation is the absence of certain cycles. As in Kingsbury
// and Alvaro, "Elle" (VLDB 2020), lists show the order of their versions by
// themselves (traceability), and unique values tell who wrote what was read.
//
// Where the record leaves something open (which of two blind writes came first,
// whether an absent record was not yet born or already deleted, whether a
// transaction of unknown outcome happened), the checker guesses from the clock,
// and if the graph then has a cycle, learns from it which guesses exclude each
// other and searches on until a graph is acyclic or every guess is refuted.
//
// [Search] decides the same question in another way, by replaying transactions
// one at a time: exact but exponential, a second opinion for small histories.
//
// # Non-goals
//
// Nothing here knows the engine, and nothing is configurable that the format
// does not say. A transaction's real duration is not judged, only its order.
// Below Serializable nothing is demanded of rows that a scan did not return,
// unless the transaction wrote them itself. A scan in any order that reached its
// limit may have returned any of the rows that it selects. Below Serializable a
// scan that reached its limit after the transaction had written need not repeat.
package history
