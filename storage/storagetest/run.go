package storagetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// SeedVariable is the environment variable that sets the seed of the random
// checks; without it the seed is 1.
const SeedVariable = "STORAGETEST_SEED"

// Run checks that the storage keeps the contract of package storage. It opens
// the storage once for all checks and once more to close it, and closes what it
// opened. All it creates lies in one namespace of a random name, which it drops
// in the end.
func Run(t *testing.T, open func(t *testing.T) storage.Storage, options ...Option) {
	t.Helper()
	s := newSuite(t, open(t), func() storage.Storage { return open(t) }, options...)
	t.Cleanup(func() {
		s.cleanup(t)
		if err := s.storage.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	passed := 0
	for _, c := range checks() {
		ok := t.Run(c.name, func(t *testing.T) { s.run(t, c) })
		if ok {
			passed++
		}
	}
	t.Logf("storagetest: %d checks without failure, %d parts skipped", passed, len(s.skipped))
	for _, reason := range s.skipped {
		t.Logf("storagetest: skipped %s", reason)
	}
}

// tb is what checks need of [testing.T]. The suite's own test records the
// failures of sabotaged storages through it.
type tb interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Failed() bool
}

// check is one property of a storage.
type check struct {
	name string
	run  func(h *harness)
}

func checks() []check {
	var all []check
	for _, group := range [][]check{
		adminChecks(), alterChecks(), dryRunChecks(), nameChecks(), valueChecks(), keyChecks(), indexChecks(), getChecks(), putChecks(),
		preconditionChecks(), copyChecks(), conditionChecks(), filterChecks(), likeChecks(), rangeChecks(), pagingChecks(), groupChecks(), batchChecks(), transactionChecks(), refusalChecks(),
		cancellationChecks(), concurrencyChecks(), randomChecks(), closeChecks(),
	} {
		all = append(all, group...)
	}
	return all
}

// suite is one run over one storage.
type suite struct {
	config
	storage   storage.Storage
	open      func() storage.Storage
	namespace string
	info      storage.Info
	seed      uint64

	mu      sync.Mutex
	tables  int
	skipped []string
}

func newSuite(t tb, s storage.Storage, open func() storage.Storage, options ...Option) *suite {
	t.Helper()
	namespace := fmt.Sprintf("st%08x", rand.Uint32())
	suite := &suite{storage: s, open: open, namespace: namespace, info: s.Info(namespace), seed: 1}
	for _, option := range options {
		option(&suite.config)
	}
	if text := os.Getenv(SeedVariable); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", SeedVariable, err)
		}
		suite.seed = seed
	}
	if err := s.Admin().CreateNamespace(background, namespace, suite.creation); err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	return suite
}

// cleanup drops the namespace; the checks dropped their tables.
func (s *suite) cleanup(t tb) {
	t.Helper()
	if err := s.storage.Admin().DropNamespace(background, s.namespace); err != nil {
		t.Errorf("drop namespace: %v", err)
	}
}

func (s *suite) run(t tb, c check) {
	t.Helper()
	h := &harness{tb: t, suite: s, name: c.name}
	if reason, skip := s.skips[c.name]; skip {
		h.skip("all of it", reason)
	}
	defer h.cleanup()
	c.run(h)
}

// newTableName returns a table name that no other check uses.
func (s *suite) newTableName() storage.TableName {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables++
	return storage.TableName{Namespace: s.namespace, Name: "t" + strconv.Itoa(s.tables)}
}
