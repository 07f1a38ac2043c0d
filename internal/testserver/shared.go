package testserver

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"time"
)

// join makes this process a user of the shared server of a mode, which is started
// if it does not run. The process remains a user until its end.
func (e *engine) join(mode Mode) (*state, error) {
	name := e.name + "-" + mode.String()
	if dir := os.Getenv(e.override); dir != "" {
		name += fmt.Sprintf("-%08x", crc32.ChecksumIEEE([]byte(dir))) // not the server of those who have another
	}
	joined, _ := joins.LoadOrStore(name, sync.OnceValues(func() (*state, error) {
		return e.joinSlot(slot{baseDirectory(), name}, mode)
	}))
	return joined.(func() (*state, error))()
}

// joins are the results of joining, by slot: func() (*state, error).
var joins sync.Map

// memberships are the locks that make this process a user. They are kept here only
// because a file that nothing refers to is closed.
var memberships sync.Map

func (e *engine) joinSlot(s slot, mode Mode) (*state, error) {
	sweep(s.base)
	lock, err := s.lock(true)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	served, err := s.served()
	if err != nil {
		return nil, err
	}
	if served {
		if err := s.enter(); err != nil {
			return nil, err
		}
		return s.readState()
	}
	if err := os.RemoveAll(s.dir()); err != nil { // of a keeper that was killed
		return nil, err
	}
	k, err := e.open(s, lock, true, config{mode: mode})
	if err != nil {
		return nil, err
	}
	k.release()
	return &k.state, nil
}

// enter makes this process a user of the slot. The caller holds its lock.
func (s slot) enter() error {
	users, err := s.hold("users", false, true)
	if err != nil {
		return fmt.Errorf("use the shared server: %w", err)
	}
	memberships.Store(s.name, users)
	return os.Chtimes(s.path("users"), time.Time{}, time.Now()) // see awaitUnused
}

// errUnavailable says that no server can be had, which is a reason to skip a test,
// while a server that fails is none.
type errUnavailable struct{ error }

func (e errUnavailable) Unwrap() error { return e.error }

func isUnavailable(err error) bool {
	_, is := errors.AsType[errUnavailable](err)
	return is
}
