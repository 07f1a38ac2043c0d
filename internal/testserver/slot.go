package testserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// slot is the place of one server: a directory of which the lock file beside it
// decides who creates and who removes it.
//
//	NAME.lock          held while the server starts and while it is removed
//	NAME/users         shared by the test processes that use the server
//	NAME/alive         held by the keeper as long as it lives
//	NAME/server.json   how to reach the server, once it answers
//	NAME/ca.pem        who signed its certificate
//	NAME/work/         what belongs to the user of the server: data, log, sockets
type slot struct {
	base, name string
}

// baseDirectory holds the slots of this user. If nobody is to run the servers and
// cannot enter the directory for temporary files, it is in /tmp.
func baseDirectory() string {
	temporary := os.TempDir()
	if _, _, other := nobody(); other && !openToOthers(temporary) {
		temporary = "/tmp"
	}
	return filepath.Join(temporary, "scalargen-testserver-"+strconv.Itoa(os.Geteuid()))
}

// openToOthers reports whether every user can enter a directory.
func openToOthers(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (s slot) dir() string             { return filepath.Join(s.base, s.name) }
func (s slot) path(name string) string { return filepath.Join(s.dir(), name) }
func (s slot) work(elem ...string) string {
	return filepath.Join(append([]string{s.dir(), "work"}, elem...)...)
}

func (s slot) lockPath() string { return filepath.Join(s.base, s.name+".lock") }

// makeBase creates the directory of the slots. Others may pass through it, as
// nobody does when the tests run as root, but not look around.
func (s slot) makeBase() error {
	if err := os.Mkdir(s.base, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(s.base)
	if err != nil {
		return err
	}
	if !info.IsDir() || !ownedByUs(info) {
		return fmt.Errorf("%s must be a directory that belongs to this user and that no other may write to: remove it", s.base)
	}
	return nil
}

// lock takes the lock of the slot, which also keeps the slot from being removed.
// Without wait it returns nil if another holds it. The holder closes the file.
func (s slot) lock(wait bool) (*os.File, error) {
	for {
		if err := s.makeBase(); errors.Is(err, fs.ErrNotExist) {
			continue // removed by a keeper between two steps
		} else if err != nil {
			return nil, err
		}
		file, err := os.OpenFile(s.lockPath(), os.O_CREATE|os.O_RDWR, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		if ok, err := flock(file, true, wait); !ok {
			file.Close()
			return nil, err
		}
		if current(file, s.lockPath()) {
			return file, nil
		}
		file.Close() // a lock on a file that its last holder has removed locks nothing
	}
}

// current reports whether path still names the open file.
func current(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}

// hold opens and locks a file of the slot. It returns nil if another holds it and
// wait is false.
func (s slot) hold(name string, exclusive, wait bool) (*os.File, error) {
	file, err := os.OpenFile(s.path(name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if ok, err := flock(file, exclusive, wait); !ok {
		file.Close()
		return nil, err
	}
	return file, nil
}

// served reports whether a keeper lives. The caller holds the lock.
func (s slot) served() (bool, error) {
	file, err := s.hold("alive", true, false)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if file == nil {
		return true, nil
	}
	return false, file.Close()
}

// remove removes the slot, and the directory of all slots if this was the last,
// unless another who had the lock has done so. The caller lets go of the lock
// afterwards.
func (s slot) remove(lock *os.File) error {
	if !current(lock, s.lockPath()) {
		return nil
	}
	err := os.RemoveAll(s.dir())
	if err == nil {
		err = os.Remove(s.lockPath())
	}
	os.Remove(s.base) // refused while others are in it
	return err
}

// sweep removes what keepers that were killed have left behind.
func sweep(base string) {
	entries, _ := os.ReadDir(base)
	for _, entry := range entries {
		s := slot{base, strings.TrimSuffix(entry.Name(), ".lock")}
		lock, err := s.lock(false)
		if err != nil || lock == nil {
			continue // its server is starting or ending
		}
		if served, err := s.served(); err == nil && !served {
			_ = s.remove(lock) // whoever needs the name next tries again and reports
		}
		lock.Close()
	}
}

func (s slot) writeState(state *state) error {
	content, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return os.WriteFile(s.path("server.json"), content, 0o600)
}

func (s slot) readState() (*state, error) {
	content, err := os.ReadFile(s.path("server.json"))
	if err != nil {
		return nil, err
	}
	state := new(state)
	if err := json.Unmarshal(content, state); err != nil {
		return nil, fmt.Errorf("%s: %w", s.path("server.json"), err)
	}
	return state, nil
}
