// Package conformance holds the conformance suite of the transaction engine:
// every item of the specification's checklist, A01 to T12, as a test of that
// name, which runs on every storage. It uses what packages commit, scalar and
// storage export, as another program would, and writes by hand what a crashed
// transaction, an older version or another implementation would have stored.
//
//	go test ./runtime/internal/conformance -run 'TestConformance/.*/F01'
//
// docs/conformance.md lists the items with their verdicts. The test that
// compares it writes it with -update.
//
// The items of a letter are in the files that begin with it. suite_test.go runs
// them, pool_test.go has the storages, axes_test.go what they vary over,
// world_test.go the tables and the records that others left in them,
// client_test.go the transactions, phase_test.go the names of their requests.
package conformance
