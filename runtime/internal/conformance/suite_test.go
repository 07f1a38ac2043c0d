package conformance

import (
	"context"
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

// verdict is what the suite says of an item.
type verdict uint8

const (
	// pass: the engine does what the specification says.
	pass verdict = iota + 1
	// difference: it does something else on purpose. The test shows what.
	difference
	// notApplicable: the item is about something that does not exist here.
	notApplicable
	// elsewhere: it does what the specification says; the reason names the test.
	elsewhere
	// pending: the item needs another implementation or a second service.
	pending
)

func (v verdict) String() string {
	return [...]string{"none", "pass", "difference", "not applicable", "pass, tested elsewhere", "pending"}[v]
}

// item is one line of the checklist.
type item struct {
	ID      string
	Title   string // what is to be, in one line
	Verdict verdict
	Reason  string // why the verdict is not pass
	// Variants names the variants that the item is about. Empty, it runs under
	// all of them if its letter does, else under the plain one.
	Variants []string
	// Test is nil for what is not applicable or pending.
	Test func(t *testing.T, s *suite)
}

// checklist has the items of all files.
var checklist []item

// items adds the items of a file to the checklist:
//
//	var _ = items(item{ID: "A01", …}, item{ID: "A02", …})
func items(list ...item) bool {
	checklist = append(checklist, list...)
	slices.SortFunc(checklist, func(a, b item) int { return strings.Compare(a.ID, b.ID) })
	return true
}

// backends are the storages. A new adapter is one more line.
var backends = []*backend{
	{name: "memory", serve: always(func() (storage.Storage, error) { return memory.New(), nil })},
	{name: "sqlite", serve: always(func() (storage.Storage, error) { return sqlite.Open(context.Background(), ":memory:") })},
	{name: "postgres", serve: postgresDatabases, server: true},
	{name: "mariadb", serve: mariadbServers, server: true, alone: true},
}

// variant is a way to configure engines under which the guarantees are the same.
type variant struct {
	name   string
	engine func(*commit.Options)
	db     []scalar.Option
}

var variants = []variant{
	{name: "plain", engine: func(*commit.Options) {}},
	{name: "one-phase", engine: func(o *commit.Options) { o.OnePhase = true }, db: []scalar.Option{scalar.OnePhaseCommit(true)}},
	{name: "asynchronous", engine: func(o *commit.Options) { o.AsyncCommit, o.AsyncRollback = true, true },
		db: []scalar.Option{scalar.AsyncCommit(true), scalar.AsyncRollback(true)}},
	{name: "group commit", engine: func(o *commit.Options) { o.GroupCommit = &commit.GroupCommit{MaxWindow: time.Millisecond} },
		db: []scalar.Option{scalar.GroupCommit(scalar.GroupCommitLimits{MaxWindow: time.Millisecond})}},
	// Long enough to wait, and short enough for those who wait in vain.
	{name: "waiting", engine: func(o *commit.Options) { o.Wait = time.Millisecond }, db: []scalar.Option{scalar.UncommittedWait(time.Millisecond)}},
}

var (
	// twoPhase names the variants in which every transaction with writes prepares
	// its records and writes a decision in a row of its own.
	twoPhase = []string{"plain", "asynchronous", "waiting"}
	// decided names those in which it writes a decision, be it in the row of a
	// group.
	decided = []string{"plain", "asynchronous", "group commit", "waiting"}
	// settled names those in which records show a commit as soon as it returns.
	settled = []string{"plain", "one-phase", "group commit", "waiting"}
)

// variantLetters are the letters whose items run under every variant.
const variantLetters = "ABCDEFGHIJ"

// variantsOn returns the variants under which the item runs on a storage. On a
// server, and with the race detector, that is only the first of them, except in
// memory: how the engine's goroutines meet depends on the variant, not on the
// storage.
func (it *item) variantsOn(b *backend) []variant {
	all := slices.DeleteFunc(slices.Clone(variants), func(v variant) bool {
		if it.Variants != nil {
			return !slices.Contains(it.Variants, v.name)
		}
		return v.name != "plain" && !strings.Contains(variantLetters, it.ID[:1])
	})
	if b.server || raceEnabled && b.name != "memory" {
		all = all[:1]
	}
	return all
}

// suite is what an item runs with.
type suite struct {
	backend *backend
	variant variant
}

// TestConformance/<storage>/<item>/<variant>/<axes…>
func TestConformance(t *testing.T) {
	runs.items = map[string]*itemRun{}
	t.Cleanup(func() { checkRuns(t) })
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.missing = true
			if raceEnabled && b.server {
				t.Skip("the race detector would see no more than on the other storages")
			}
			b.begin(t)
			b.missing = false
			for _, it := range checklist {
				if it.Test == nil {
					continue
				}
				t.Run(it.ID, func(t *testing.T) {
					b.parallel(t)
					for _, v := range it.variantsOn(b) {
						run(t, v.name, func(t *testing.T) {
							it.Test(t, &suite{b, v})
							runs.reached(t)
						})
					}
				})
			}
		})
	}
}

// parallel lets the tests of a storage run in parallel if it can be had several
// times.
func (b *backend) parallel(t *testing.T) {
	if !b.alone {
		t.Parallel()
	}
}

// run runs a subtest, in parallel if it can be, and minds that it is not skipped.
func run(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		for _, b := range backends {
			if strings.HasPrefix(t.Name(), "TestConformance/"+b.name+"/") {
				b.parallel(t)
			}
		}
		t.Cleanup(func() {
			if t.Skipped() {
				runs.note(t, func(r *itemRun) { r.skipped = append(r.skipped, t.Name()) })
			}
		})
		test(t)
	})
}

// itemRun is what is known of the run of an item on a storage.
type itemRun struct {
	ends    int // variants whose test came to its end
	checks  int
	skipped []string
}

type runLog struct {
	mu    sync.Mutex
	items map[string]*itemRun // by <storage>/<item>
}

var runs runLog

func (l *runLog) note(t testing.TB, change func(*itemRun)) {
	parts := strings.SplitN(t.Name(), "/", 4)
	if len(parts) < 3 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	name := parts[1] + "/" + parts[2]
	if l.items[name] == nil {
		l.items[name] = &itemRun{}
	}
	change(l.items[name])
}

func (l *runLog) reached(t testing.TB) { l.note(t, func(r *itemRun) { r.ends++ }) }

func (l *runLog) checked(t testing.TB) { l.note(t, func(r *itemRun) { r.checks++ }) }

// checkRuns fails if an item has not run to its end on every storage that is
// there, was skipped or has compared nothing. It has nothing to say of a run for which
// tests were chosen.
func checkRuns(t *testing.T) {
	for _, name := range []string{"test.run", "test.skip"} {
		if flag.Lookup(name).Value.String() != "" {
			return
		}
	}
	for _, b := range backends {
		for _, it := range checklist {
			if it.Test == nil || b.missing {
				continue
			}
			r, variants := runs.items[b.name+"/"+it.ID], len(it.variantsOn(b))
			switch {
			case r == nil:
				t.Errorf("%s did not run on %s", it.ID, b.name)
			case r.ends != variants:
				t.Errorf("%s came to its end on %s under %d variants of %d", it.ID, b.name, r.ends, variants)
			case r.checks == 0:
				t.Errorf("%s compared nothing on %s", it.ID, b.name)
			case len(r.skipped) > 0:
				t.Errorf("%s skipped %s", it.ID, strings.Join(r.skipped, ", "))
			}
		}
	}
}
