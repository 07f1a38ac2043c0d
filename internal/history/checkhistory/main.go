// Command checkhistory decides from recorded histories whether a promised
// isolation held, and names the cycle if it did not.
//
//	go run ./internal/history/checkhistory -level serializable run.jsonl...
//
// Several files of one run on one machine are merged by time. The exit status is
// 0 if the history keeps the level, 1 if it does not, 2 if that is undecided,
// 3 if the command is used wrongly or the history cannot be read or has nothing
// to judge, and 4 if it cannot be read because the last line of a file was cut.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/scalargen/scalargen/internal/history"
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		// A history of a million transactions fits well into this: collect garbage
		// sooner rather than take what the machine may not have.
		debug.SetMemoryLimit(6 << 30)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const (
	kept      = 0
	broken    = 1
	undecided = 2
	unusable  = 3
	truncated = 4
)

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("checkhistory", flag.ContinueOnError)
	flags.SetOutput(stderr)
	level := flags.String("level", history.Serializable.String(), "isolation `level`: read-committed, snapshot, serializable or strict-serializable")
	realTime := flags.Bool("realtime", false, "check below strict-serializable too that what was acknowledged is seen")
	effort := flags.Int64("effort", 0, "give up after so many `edges` looked at, 0 for two billions")
	exact := flags.Int("exact", 0, "if undecided at a serializable level, replay up to so many `steps` in search of an order")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: checkhistory [flags] file...")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return kept
	case err != nil:
		return unusable
	case flags.NArg() == 0:
		flags.Usage()
		return unusable
	}
	l, err := history.ParseLevel(*level)
	if err != nil {
		fmt.Fprintln(stderr, "checkhistory:", err)
		return unusable
	}
	h, err := load(flags.Args())
	if err != nil {
		fmt.Fprintln(stderr, "checkhistory:", err)
		if errors.Is(err, history.ErrTruncated) {
			return truncated
		}
		return unusable
	}
	start := time.Now()
	report := history.Check(h, history.Options{Level: l, RealTime: *realTime, Effort: *effort})
	if report.Committed == 0 {
		fmt.Fprintln(stderr, "checkhistory: the history has no committed transaction: there is nothing to judge")
		return unusable
	}
	fmt.Fprint(stdout, report)
	fmt.Fprintf(stderr, "checked in %s\n", time.Since(start).Round(time.Millisecond))
	verdict := report.Verdict
	if verdict == history.Undecided && *exact > 0 && l >= history.Serializable {
		verdict = history.Search(h, *realTime || l == history.StrictSerializable, *exact)
		fmt.Fprintf(stdout, "exact search: %s\n", verdict)
	}
	switch verdict {
	case history.OK:
		return kept
	case history.Violation:
		return broken
	default:
		return undecided
	}
}

func load(names []string) (*history.History, error) {
	sources := make([]history.Source, len(names))
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		sources[i] = history.Source{Name: name, Reader: f}
	}
	return history.Load(sources...)
}
