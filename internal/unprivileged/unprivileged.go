// Package unprivileged runs parts of tests without the rights of root, whom no
// file mode binds. Continuous integration often is root.
package unprivileged

import (
	"os"
	"path/filepath"
	"testing"
)

// Run calls f, as nobody if the test runs as root, and skips the test if that
// cannot be done. The owner of paths becomes whoever runs f, and the directories
// above them up to the system's temporary one can be entered.
func Run(t *testing.T, f func(), paths ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	for _, path := range paths {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(path); dir != filepath.Clean(os.TempDir()) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	asNobody(t, f)
}

// nobody is the user and group that own nothing.
const nobody = 65534
