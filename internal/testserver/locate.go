package testserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// locate finds the executables of a server, or fetches them.
func (e *engine) locate() (installation, error) {
	if bin := os.Getenv(e.override); bin != "" {
		found, ok := e.find(bin)
		if !ok {
			return installation{}, fmt.Errorf("%s=%s: the executables of %s are not there", e.override, bin, e.title)
		}
		return found, nil
	}
	for _, bin := range e.candidates() {
		if found, ok := e.find(bin); ok {
			return found, nil
		}
	}
	cache, err := cacheDirectory()
	if err != nil {
		return installation{}, err
	}
	return e.fetch(cache)
}

// fetch returns the executables from the cache, which it fills if they are not
// there. Everything happens under a lock, so a package is fetched once.
func (e *engine) fetch(cache string) (installation, error) {
	lock, err := os.OpenFile(filepath.Join(cache, e.name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return installation{}, err
	}
	defer lock.Close()
	if _, err := flock(lock, true, true); err != nil {
		return installation{}, err
	}
	var reasons []error
	for _, s := range e.sources {
		dir := filepath.Join(cache, e.name+"-"+s.name)
		if found, ok := e.findBelow(dir); ok {
			return found, nil
		}
		found, err := e.fetchFrom(s, dir)
		if err == nil {
			return found, nil
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", s.name, err))
	}
	return installation{}, errUnavailable{fmt.Errorf("no %s on this machine, and none to be had: %w", e.title, errors.Join(reasons...))}
}

func (e *engine) fetchFrom(s source, dir string) (installation, error) {
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return installation{}, err
	}
	defer os.RemoveAll(part)
	if err := os.MkdirAll(part, 0o755); err != nil {
		return installation{}, err
	}
	fmt.Fprintf(os.Stderr, "testserver: no %s on this machine: fetching it with %s into %s (once)\n", e.title, s.name, dir)
	if err := s.fetch(part); err != nil {
		return installation{}, err
	}
	if err := openToAll(part); err != nil {
		return installation{}, err
	}
	found, ok := e.findBelow(part)
	if !ok {
		return installation{}, errors.New("the package does not hold the executables")
	}
	if err := found.runs(e); err != nil {
		return installation{}, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return installation{}, err
	}
	if err := os.Rename(part, dir); err != nil {
		return installation{}, err
	}
	found, _ = e.findBelow(dir)
	return found, nil
}

// runs reports why the server cannot even tell its version, for want of a library
// as a rule.
func (i installation) runs(e *engine) error {
	probe := &instance{installation: i, slot: slot{os.TempDir(), ""}}
	command := e.command(probe)
	command.Args = []string{command.Path, "--version"}
	command.Env = i.environment(os.TempDir())
	command.Dir = os.TempDir()
	command.SysProcAttr = serverAttributes(syscall.SIGKILL)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s --version: %w: %s", command.Path, err, lastLines(output))
	}
	return nil
}

// findBelow looks for executables anywhere in an unpacked package.
func (e *engine) findBelow(dir string) (found installation, ok bool) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		if strings.HasSuffix(entry.Name(), "-linux-gnu") {
			found.Libraries = append(found.Libraries, path)
		}
		if here, is := e.find(path); is && !ok {
			here.Libraries, ok = found.Libraries, true
			found = here
		}
		return nil
	})
	return found, ok
}

// cacheDirectory is where packages are kept. Root's own would be closed to nobody.
func cacheDirectory() (string, error) {
	dir := "/var/cache"
	if _, _, other := nobody(); !other {
		var err error
		if dir, err = os.UserCacheDir(); err != nil {
			return "", errUnavailable{err}
		}
	}
	dir = filepath.Join(dir, "scalargen-testserver")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", errUnavailable{err}
	}
	return dir, nil
}

// openToAll lets every user read the files below a directory, and run those that
// are in a directory for programs: not every package keeps the modes.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		switch filepath.Base(filepath.Dir(path)) {
		case "bin", "sbin", "scripts":
			mode |= 0o111
		}
		if entry.IsDir() {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}
