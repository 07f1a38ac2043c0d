// Package groupcommit gathers the commit decisions of many transactions into
// one coordinator row, in the format of ScalarDB's coordinator group commit
// (spec 8.5).
//
// A transaction reserves a slot when it begins, because its prepared records
// carry the name of the slot: parent$child, the id of the group and its own.
// When it may commit it makes the slot ready ([Committer.Commit]) and waits; if
// it must not, it gives the slot back ([Committer.Remove]). A group takes new
// slots until it is full or its first member is ready, and is written as one row
// as soon as each of its slots is ready or given back:
//
//	open ──full, or first member ready──▶ fixed ──nobody left to wait for──▶ written
//	                                        │
//	                                        └──window over──▶ the members that are not ready become
//	                                                          groups of their own; the others are written
//
// A member that leaves its group this way is delayed. It keeps its id, and its
// decision goes to a row of that id, later.
//
// ScalarDB waits for fixed times that run from the creation of a group, so that
// a lone transaction waits for companions that never come. Here nobody waits
// before the first member is ready, only members that began before that moment
// are waited for, and no longer than transactions took lately.
//
// # What makes it safe
//
// A transaction must be decided in one row only. Others, who see nothing but its
// id, abort it by writing an ABORTED row for the group and then one for the full
// id (spec 6.5). Therefore a slot is in exactly one group at any time, a ready
// slot cannot be taken back, a child id serves once in a group even if its slot
// was given back, and a group is written once: what a member is told is what
// happened to the row, or that the outcome is unknown.
//
// The package knows no storage: [Emit] writes the row. Nothing polls. A group
// has one timer, and a goroutine while it is written; no lock is held meanwhile.
package groupcommit
