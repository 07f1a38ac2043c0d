package testserver

import (
	"slices"
	"testing"
)

func TestVersionsAreOrderedByTheirNumbers(t *testing.T) {
	t.Parallel()
	ordered := []string{"", "/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/14/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/100/bin"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := compareVersions(a, b), i-j; got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Errorf("%s, %s: %d", a, b, got)
			}
		}
	}
}

// Executables that are named are taken or refused; nothing else is looked for.
func TestNamedExecutablesAreTakenOrRefused(t *testing.T) {
	for _, e := range engines {
		t.Setenv(e.override, "")
		i := slices.IndexFunc(e.candidates(), func(bin string) bool { _, ok := e.find(bin); return ok })
		if i >= 0 {
			t.Setenv(e.override, e.candidates()[i])
			if found, err := e.locate(); err != nil || found.Bin != e.candidates()[i] {
				t.Errorf("%s: %+v, %v", e.name, found, err)
			}
		}
		t.Setenv(e.override, t.TempDir())
		_, err := e.locate()
		wantError(t, err, e.override)
	}
}
