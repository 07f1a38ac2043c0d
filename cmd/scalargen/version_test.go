package main

import (
	"runtime/debug"
	"testing"
)

func TestModuleVersionIsThatOfOurModule(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"no information", nil, "(unknown)"},
		{"released", &debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "v1.2.3"}}, "v1.2.3"},
		{"replaced", &debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "v0.0.0", Replace: &debug.Module{Path: "../scalargen"}}}, "(replaced by ../scalargen)"},
		{"without version control", &debug.BuildInfo{Main: debug.Module{Path: modulePath}}, "(devel)"},
	} {
		if got := moduleVersion(test.info); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
