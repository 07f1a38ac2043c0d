//go:build !unix || aix || solaris

package testserver

import (
	"errors"
	"os"
	"syscall"
)

func flock(*os.File, bool, bool) (bool, error) {
	return false, errUnavailable{errors.New("private servers need flock and signals, which this operating system lacks")}
}

func ownedByUs(os.FileInfo) bool { return true }

func giveAway(string) error { return nil }

func serverAttributes(syscall.Signal) *syscall.SysProcAttr { return nil }

func keeperAttributes() *syscall.SysProcAttr { return nil }

func adoptOrphans() error { return nil }

func killChildren() {}

func reap() (reaped, left bool) { return false, false }

func nobody() (uid, gid int, other bool) { return 0, 0, false }
