//go:build race

package scalar_test

// raceEnabled: the race detector allocates.
const raceEnabled = true
