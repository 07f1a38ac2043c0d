// Command mutants tests the tests of the engine. It finds by the syntax tree what
// could be removed or weakened in package commit (every condition of a mutation,
// validation, wait, check, operator, call that may fail), does so one place at a
// time, and runs the engine's tests on each such mutant. A mutant that no test
// notices is a line of the engine that nobody checks.
//
//	go run ./internal/mutants -list        # what would be mutated
//	go run ./internal/mutants -n 60        # a sample
//	go run ./internal/mutants              # all of them
//	go run ./internal/mutants -strict      # conditions, validation, known bugs
//	go run ./internal/mutants -only wait.go
//
// It also brings back, one by one, the bugs that ScalarDB had to fix (bugs.go).
//
// No file is touched and nothing is built per mutant: each function gets one copy
// per mutant beside it, and the environment says which copy runs (dispatch.go).
// The packages of the killers (killer.go) are built once, with an overlay.
//
// Verdicts are kept under the user's cache directory, so a run that was
// interrupted goes on where it was. After a change of engine or tests they are
// only hints: the test that killed a mutant last time is asked first.
//
// A mutant that changes nothing a test could see is listed with its reason in
// equivalent.txt; an entry that is killed after all, or whose place has changed,
// is an error. The command fails if a mutant of a condition or of validation
// survives, or if fewer than 95 % of all are killed.
package main
