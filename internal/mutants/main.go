package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

//go:embed equivalent.txt
var equivalentText string

// target is what is mutated, and who is to notice.
type target struct {
	root        string // a directory of the module
	pkg         string
	bugs        []bug
	killers     []killer
	equivalents string // in the form of equivalent.txt
}

// options choose mutants and how they are run.
type options struct {
	sample  int // 0 for all
	seed    uint64
	only    *regexp.Regexp // of ids; nil for all
	strict  bool           // none but those that must be killed
	list    bool
	verbose bool
	workers int
	grace   time.Duration
	book    string // path of the results
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command runs the command and returns its exit code: 1 if the mutants say
// something against the tests, 2 if it could not be found out.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o options
	flags.IntVar(&o.sample, "n", 0, "how many mutants to try, drawn by -seed; 0 for all")
	flags.Uint64Var(&o.seed, "seed", 1, "which sample to draw")
	only := flags.String("only", "", "try mutants whose id matches the regular `expression`")
	flags.BoolVar(&o.strict, "strict", false, "try none but those that must be killed: of conditions, of validation, and the known bugs")
	flags.BoolVar(&o.list, "list", false, "list the mutants and try none")
	flags.BoolVar(&o.verbose, "v", true, "print every mutant with its killer, not only those that survived")
	flags.IntVar(&o.workers, "workers", 2, "how many mutants to try at a time")
	flags.DurationVar(&o.grace, "grace", 20*time.Second, "how much longer than four times what it takes without a mutant a test may take")
	flags.StringVar(&o.book, "book", filepath.Join(cache, "scalargen-mutants", "results.jsonl"), "`file` that keeps the results, so that a second run goes on")
	seeds := flags.Int("seeds", 300, "histories of each simulation per mutant")
	killers := flags.String("killers", "", "take part: the tests whose name matches the regular `expression`, all if empty")
	root := flags.String("C", ".", "the `directory` of the module")
	if flags.Parse(args) != nil {
		return 2
	}
	if *only != "" {
		if o.only, err = regexp.Compile(*only); err != nil {
			fmt.Fprintln(stderr, err)
			return 2
		}
	}
	takesPart, err := regexp.Compile(*killers)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	module, err := goTool(ctx, *root, "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	}
	t := target{root: strings.TrimSpace(module), pkg: "./runtime/internal/commit", bugs: commitBugs, equivalents: equivalentText}
	for _, k := range commitKillers(*seeds) {
		if takesPart.MatchString(k.name) {
			t.killers = append(t.killers, k)
		}
	}
	problems, err := t.try(ctx, o, stdout, stderr)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	case len(problems) > 0:
		return 1
	}
	return 0
}

// mutants returns all mutants of the target, those that compile, and the files of
// the package with these in them.
func (t *target) mutants() (all, able []*mutant, files map[string]string, err error) {
	s, err := load(t.root, t.pkg)
	if err != nil {
		return nil, nil, nil, err
	}
	bugs, err := s.bugs(t.bugs)
	if err != nil {
		return nil, nil, nil, err
	}
	all = append(find(s), bugs...)
	files, able, err = compiling(s, all)
	if err != nil {
		return nil, nil, nil, err
	}
	compiles := map[*mutant]bool{}
	for _, m := range able {
		compiles[m] = true
	}
	for _, m := range bugs {
		if !compiles[m] {
			return nil, nil, nil, fmt.Errorf("%s does not compile: its patch must follow the code", m.id)
		}
	}
	return all, able, files, nil
}

// try finds the killers of the chosen mutants, reports them, and returns what is
// wrong with the result.
func (t *target) try(ctx context.Context, o options, stdout, stderr io.Writer) (problems []string, err error) {
	all, able, files, err := t.mutants()
	if err != nil {
		return nil, err
	}
	equivalents, err := parseEquivalents("equivalent.txt", t.equivalents)
	if err != nil {
		return nil, err
	}
	if err := checkEquivalents("equivalent.txt", equivalents, able); err != nil {
		return nil, err
	}
	picked := pick(able, o)
	if o.list {
		for _, m := range picked {
			fmt.Fprintln(stdout, m)
		}
		fmt.Fprintf(stdout, "%d of %d mutants; %d of all do not compile\n", len(picked), len(all), len(all)-len(able))
		return nil, nil
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	arsenal, err := build(ctx, t.root, work, files, t.killers)
	if err != nil {
		return nil, err
	}
	book, err := openBook(o.book, arsenal.key)
	if err != nil {
		return nil, err
	}
	defer book.close()
	trial := &trial{arsenal: arsenal, book: book, log: stderr}
	if err := trial.prepare(ctx, o.grace); err != nil {
		return nil, err
	}
	begun := time.Now()
	results, err := trial.run(ctx, picked, o.workers)
	if err != nil {
		return nil, err
	}
	problems = report(stdout, all, able, results, equivalents, o.verbose)
	fmt.Fprintf(stdout, "%d mutants in %s\n", len(results), time.Since(begun).Round(time.Second))
	return problems, nil
}

// pick draws the sample. The same seed draws the same mutants of the same engine.
func pick(able []*mutant, o options) []numbered {
	var list []numbered
	for i, m := range able {
		if (o.only == nil || o.only.MatchString(m.id)) && (m.required || !o.strict) {
			list = append(list, numbered{m, i + 1})
		}
	}
	if o.sample > 0 && o.sample < len(list) {
		random := rand.New(rand.NewPCG(o.seed, 0))
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		list = list[:o.sample]
	}
	return list
}
