package unprivileged

import (
	"runtime"
	"syscall"
	"testing"
)

// asNobody gives one thread of the process the file rights of nobody, and gives up
// the thread when f has returned: nothing else of the process changes.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so the thread ends with the goroutine
		err := syscall.Setfsgid(nobody)
		if err == nil {
			err = syscall.Setfsuid(nobody)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
