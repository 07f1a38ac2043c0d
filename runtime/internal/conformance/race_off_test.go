//go:build !race

package conformance

// raceEnabled: the race detector makes SQLite, which is translated from C, many
// times slower.
const raceEnabled = false
