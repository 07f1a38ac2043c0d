package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var quoteMeta = regexp.QuoteMeta

// memory bounds the address space of a test in KiB: a loop that a mutant made
// endless may collect without end.
const memory = 6 << 20

// outcome is what became of one run of a killer.
type outcome struct {
	passed  bool
	how     string // why not: "failed", "timeout", "crashed"
	test    string // the test that noticed, "" if none is named
	elapsed time.Duration
	output  []byte
}

// fire runs the tests of a killer, or only one, on the mutant with a number; 0 is
// the package as it is. They have failed if they are not through in time.
func (a *arsenal) fire(ctx context.Context, k *killer, number int, only string, limit time.Duration) (outcome, error) {
	// The tests end themselves, and say which ones hang. If they cannot, they are
	// ended a little later.
	outer, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	script := fmt.Sprintf(`ulimit -v %d; exec "$0" "$@"`, memory)
	args := append([]string{"-c", script, a.binary[k.pkg], "-test.timeout=" + limit.String()}, k.flags(only)...)
	command := exec.CommandContext(outer, "sh", args...)
	command.Dir = a.dir[k.pkg]
	command.Env = append(os.Environ(), chosenBy+"="+strconv.Itoa(number))
	command.WaitDelay = time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	begun := time.Now()
	err := command.Run()
	o := outcome{passed: err == nil, elapsed: time.Since(begun), output: output.Bytes()}
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return o, ctx.Err()
	case err != nil && outer.Err() == nil && !errors.As(err, &failed):
		return o, fmt.Errorf("running the tests of %s: %w", k.pkg, err)
	}
	if !o.passed {
		o.how, o.test = verdict(o.output, outer.Err() != nil)
	}
	return o, nil
}

var (
	failLine    = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	hangingTest = regexp.MustCompile(`running tests:\n\s*(Test\S*)`)
	tracedTest  = regexp.MustCompile(`\.(Test\w+)(?:\.func[\d.]+)*\(`)
)

// deepest is how many levels of subtests a report names.
const deepest = 3

// verdict reads from the output of tests how they failed, and which one first.
func verdict(output []byte, cutOff bool) (how, test string) {
	text := string(output)
	if cutOff || strings.Contains(text, "panic: test timed out after") {
		if m := hangingTest.FindStringSubmatch(text); m != nil {
			return "timeout", shorten(m[1])
		}
		return "timeout", ""
	}
	for _, m := range failLine.FindAllStringSubmatch(text, -1) {
		name := shorten(m[1])
		if strings.Count(name, "/") >= strings.Count(test, "/") && strings.HasPrefix(name, test) {
			test = name
		}
	}
	if test != "" {
		return "failed", test
	}
	if m := tracedTest.FindStringSubmatch(text); m != nil {
		return "crashed", m[1]
	}
	return "crashed", ""
}

func shorten(test string) string {
	parts := strings.Split(test, "/")
	return strings.Join(parts[:min(len(parts), deepest)], "/")
}
