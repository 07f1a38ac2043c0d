package history

import (
	"syscall"
	"time"
	"unsafe"
)

// Monotonic returns the nanoseconds since the machine was started, the same
// clock in all programs of the machine, so that their histories can be merged.
func Monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0); errno != 0 {
		return int64(time.Since(started))
	}
	return now.Nano()
}

// started is the origin of the clock on a kernel that refuses to tell its own.
var started = time.Now()
