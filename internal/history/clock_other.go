//go:build !linux

package history

import "time"

// Monotonic returns the nanoseconds since the program was started. Here the
// histories of one program only can be merged: Go tells no clock that several
// programs share and that never goes back.
func Monotonic() int64 { return int64(time.Since(started)) }

var started = time.Now()
