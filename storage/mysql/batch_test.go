package mysql

import (
	"errors"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// TestBatchGivesEachGroupItsOutcome mixes groups that can be applied with such
// as cannot, each for another reason.
func TestBatchGivesEachGroupItsOutcome(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, server.Prefix+"ns"+map[bool]string{true: "1", false: "2"}[s.server.compounds])
		gone := *table
		gone.Name = "gone"
		mutate(t, s, insert(table, 1, 0))
		mutate(t, s, insert(table, 2, 0))
		groups := [][]storage.Mutation{
			{insert(table, 10, 1)},
			{insert(table, 1, 5)},                          // is there
			{increment(table, 2, 0), insert(table, 11, 1)}, // both or neither
			{insert(table, 12, 1), increment(table, 3, 0)}, // the second is not there
			{},
			{insert(&gone, 1, 1)},
			{insert(table, 13, 1)},
		}
		errs := s.MutateBatch(t.Context(), groups)
		for i, want := range []error{nil, storage.ErrCondition, nil, storage.ErrCondition, nil, storage.ErrTableNotFound, nil} {
			if !errors.Is(errs[i], want) || (errs[i] == nil) != (want == nil) {
				t.Errorf("group %d: error %v, want %v", i, errs[i], want)
			}
		}
		if errs[5] != nil && !strings.Contains(errs[5].Error(), gone.TableName.String()) {
			t.Errorf("error %v does not name the table", errs[5])
		}
		for k, want := range map[int32]int32{1: 0, 2: 1, 10: 1, 11: 1, 12: -1, 13: 1} {
			if got := value(t, s, table, k); got != want {
				t.Errorf("record %d is %d, want %d", k, got, want)
			}
		}
	})
}

// TestBatchOfManyMutations has more groups than one request takes.
func TestBatchOfManyMutations(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, server.Prefix+"ns"+map[bool]string{true: "1", false: "2"}[s.server.compounds])
		var groups [][]storage.Mutation
		for k := range int32(2*maxBatch + 10) {
			groups = append(groups, []storage.Mutation{insert(table, k, k)})
		}
		for i, err := range s.MutateBatch(t.Context(), groups) {
			if err != nil {
				t.Fatalf("group %d: %v", i, err)
			}
		}
		for _, k := range []int32{0, maxBatch, 2*maxBatch + 9} {
			if got := value(t, s, table, k); got != k {
				t.Errorf("record %d is %d", k, got)
			}
		}
	})
}

// TestLostBatchIsUnknown loses the reply to the union of three groups.
func TestLostBatchIsUnknown(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t)
	var groups [][]storage.Mutation
	for k := range int32(3) {
		groups = append(groups, []storage.Mutation{insert(table, k, 1)})
	}
	value(t, s, table, 0) // opens the connection
	proxy.Script(func(r testserver.Request) testserver.Fault {
		if r.Contains("INSERT INTO") && r.Data[4] == 0x16 { // the preparation
			return testserver.Pass
		}
		return testserver.CutAfter
	})
	errs := s.MutateBatch(t.Context(), groups)
	proxy.Script(nil)
	for i, err := range errs {
		if !errors.Is(err, storage.ErrUnknown) {
			t.Errorf("group %d: error %v, want %v", i, err, storage.ErrUnknown)
		}
		if got := value(t, s, table, int32(i)); got != 1 {
			t.Errorf("record %d is %d, want 1", i, got)
		}
	}
}
