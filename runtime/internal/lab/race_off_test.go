//go:build !race

package lab

// raceEnabled: everything is about ten times slower, so less of it is run.
const raceEnabled = false
