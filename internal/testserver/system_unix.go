//go:build unix && !aix && !solaris

package testserver

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// flock locks an open file for this process, as the kernel releases it when the
// process ends. It reports false if wait is false and another holds the lock.
func flock(file *os.File, exclusive, wait bool) (bool, error) {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		switch err := syscall.Flock(int(file.Fd()), how); {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, &os.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
	}
}

// ownedByUs reports whether the file belongs to the effective user and no other
// may write to it.
func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// nobody returns the user and group that servers run as, and false if they run as
// the user of this process.
func nobody() (uid, gid int, other bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	uid, gid = 65534, 65534
	if account, err := user.Lookup("nobody"); err == nil {
		if u, err := strconv.Atoi(account.Uid); err == nil {
			uid = u
		}
		if g, err := strconv.Atoi(account.Gid); err == nil {
			gid = g
		}
	}
	return uid, gid, true
}

// giveAway makes the user of the servers the owner of a file.
func giveAway(path string) error {
	if uid, gid, other := nobody(); other {
		return os.Chown(path, uid, gid)
	}
	return nil
}

// serverAttributes are those of a process that runs as the user of the servers and
// does not outlive the thread that starts it, where the system can do that.
func serverAttributes(death syscall.Signal) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, other := nobody(); other {
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	dieWithParent(attributes, death)
	return attributes
}

// keeperAttributes take a keeper out of the reach of the terminal, whose Ctrl-C
// is for the tests.
func keeperAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// reap waits for a child that has ended, ours or adopted. It reports whether
// there was one, and whether any are left.
func reap() (reaped, left bool) {
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	return pid > 0, err == nil || errors.Is(err, syscall.EINTR)
}
