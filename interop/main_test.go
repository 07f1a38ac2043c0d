package interop

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/interop/java"
)

// jvm is the one Java process of the test binary: starting one for each test
// would take longer than the tests.
var jvm struct {
	sync.Once
	*java.Process
	err error
}

func TestMain(m *testing.M) {
	flag.Parse()
	if victim := os.Getenv(victimVariable); victim != "" {
		os.Exit(dieAsToldBy(victim))
	}
	code := m.Run()
	if jvm.Process != nil {
		jvm.Close()
	}
	os.Exit(code)
}

// javaProcess returns the Java process that tests share.
func javaProcess(t *testing.T) *java.Process {
	t.Helper()
	jvm.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		jvm.Process, jvm.err = java.Start(ctx)
	})
	skipWithoutJava(t, jvm.err)
	return jvm.Process
}

// ownJavaProcess starts one that may be killed.
func ownJavaProcess(t *testing.T) *java.Process {
	t.Helper()
	p, err := java.Start(t.Context(), java.QuickStart()...)
	skipWithoutJava(t, err)
	t.Cleanup(p.Close)
	return p
}

func skipWithoutJava(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, java.ErrUnavailable):
		testserver.Skip(t, "java", err)
	default:
		t.Fatal(err)
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
