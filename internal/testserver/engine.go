package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// engine is what differs between the kinds of servers.
type engine struct {
	name     string // as in "SKIPPED SERVER name" and in SCALARGEN_REQUIRE
	title    string // for sentences
	override string // the environment variable that names the directory of the executables

	// candidates are the directories where executables may be, best first.
	candidates func() []string
	// find looks for the executables in a directory.
	find func(bin string) (installation, bool)
	// sources are the packages that have them, best first.
	sources []source

	// initialise creates the data directory.
	initialise func(*instance) error
	// command is the server, to run in the foreground.
	command func(*instance) *exec.Cmd
	// ready reports whether the started server accepts connections.
	ready func(*instance) bool

	stop  syscall.Signal // ends the server in good order without waiting for clients
	abort syscall.Signal // ends it at once, with all its processes
}

var engines = map[string]*engine{"postgres": postgres, "mariadb": mariadb}

// installation says where the executables of a server are.
type installation struct {
	Bin       string   `json:"bin"`                 // directory
	Base      string   `json:"base,omitempty"`      // of MariaDB, if it is not where it was built for
	Libraries []string `json:"libraries,omitempty"` // directories to look in before the system's
}

// environment is that of all processes of a server. It is poor on purpose: what
// is set for the tests (PGHOST, LC_ALL) must not reach the server.
func (i installation) environment(home string) []string {
	path := i.Bin
	for _, dir := range []string{"/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"} {
		path += string(os.PathListSeparator) + dir
	}
	environment := []string{"PATH=" + path, "HOME=" + home, "TMPDIR=" + home, "LC_ALL=C", "TZ=UTC"}
	if len(i.Libraries) > 0 {
		list := i.Libraries[0]
		for _, dir := range i.Libraries[1:] {
			list += string(os.PathListSeparator) + dir
		}
		environment = append(environment, "LD_LIBRARY_PATH="+list)
	}
	return environment
}

// executable reports whether the file can be run.
func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// onPath is the real directory of a program on PATH, or nothing.
func onPath(program string) []string {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil
	}
	return []string{filepath.Dir(path)}
}

// newest are the directories that match a pattern, the highest version first.
func newest(patterns ...string) []string {
	var all []string
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern)
		slices.SortFunc(dirs, func(a, b string) int { return compareVersions(b, a) })
		all = append(all, dirs...)
	}
	return all
}

// compareVersions orders texts so that the numbers in them count as numbers.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		i, j := digits(a), digits(b)
		if i > 0 && j > 0 {
			if x, y := number(a[:i]), number(b[:j]); x != y {
				return x - y
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && n < 9 && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func number(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = 10*n + int(c-'0')
	}
	return n
}
