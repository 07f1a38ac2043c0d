//go:build race

package commit

// raceEnabled: the race detector allocates.
const raceEnabled = true
