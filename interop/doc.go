// Package interop holds no code, only tests that this library and Java ScalarDB
// 3.19.0 share tables: each creates them for the other, reads what the other
// has written in every state of a record, finishes what a crash of the other has
// left, and both work on the same records at once.
//
// They run on each storage that both have (the table databases). Java comes from
// package interop/java; without a JDK and Maven the tests are skipped with a
// reason that begins with "SKIPPED SERVER java", or fail if the environment
// variable SCALARGEN_REQUIRE lists java.
//
//	go test ./interop -interop.transfers=5000 -interop.history=DIR   # longer, and keeps the histories
//	go test ./interop -run TestDeaths -interop.kill -timeout 0       # every client that dies is a process
//
// A client that dies is otherwise one whose storage requests do not get through
// from some point on, and whose threads never go on: the database cannot tell.
package interop
