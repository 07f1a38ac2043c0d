package mysql

import (
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// TestRoundTrips counts what a call costs once its statements are prepared.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t, WithPoolSize(1))
	other := *table
	other.Name = "other"
	createTable(t, s, &other)
	get := func(table *storage.Table, k int32) storage.Get {
		return storage.Get{Table: table, Key: []storage.Value{storage.IntValue(k)}}
	}
	next := int32(100)
	fresh := func() int32 {
		next++
		return next
	}
	for k := range int32(70) {
		mutate(t, s, putOne(table, k, columnV, storage.IntValue(0)))
	}
	var counter [3]int32
	bump := func(i int) storage.Mutation {
		m := increment(table, int32(i), counter[i])
		counter[i]++
		return m
	}
	for _, c := range []struct {
		name      string
		compounds bool
		want      int
		call      func() error
	}{
		{"get", true, 1, func() error { _, err := s.Get(t.Context(), []storage.Get{get(table, 1)}); return err }},
		{"get of three", true, 1, func() error {
			_, err := s.Get(t.Context(), []storage.Get{get(table, 1), get(table, 2), get(table, 3)})
			return err
		}},
		{"get of two tables", true, 1, func() error {
			_, err := s.Get(t.Context(), []storage.Get{get(table, 1), get(&other, 2)})
			return err
		}},
		{"scan", true, 1, func() error {
			_, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
			return err
		}},
		{"put", true, 1, func() error {
			return s.Mutate(t.Context(), []storage.Mutation{putOne(table, 1, columnV, storage.IntValue(1))})
		}},
		{"insert", true, 1, func() error { return s.Mutate(t.Context(), []storage.Mutation{insert(table, fresh(), 1)}) }},
		{"group of two as a compound", true, 1, func() error { return s.Mutate(t.Context(), []storage.Mutation{bump(0), bump(2)}) }},
		{"group of two as statements", false, 1, func() error { return s.Mutate(t.Context(), []storage.Mutation{bump(0), bump(2)}) }},
		{"group of twenty", true, 1, func() error {
			group := []storage.Mutation{bump(0)}
			for range 19 {
				group = append(group, insert(table, fresh(), 1))
			}
			return s.Mutate(t.Context(), group)
		}},
		{"batch of 64 inserts", true, 1, func() error {
			groups := make([][]storage.Mutation, 64)
			for i := range groups {
				groups[i] = []storage.Mutation{insert(table, fresh(), 1)}
			}
			for _, err := range s.MutateBatch(t.Context(), groups) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		s.server.compounds = c.compounds
		for range 2 { // the first time prepares
			if err := c.call(); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		requests, trips := proxy.Requests(), proxy.RoundTrips()
		if err := c.call(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if requests, trips := proxy.Requests()-requests, proxy.RoundTrips()-trips; requests != c.want || trips != c.want {
			t.Errorf("%s: %d requests in %d round trips, want %d", c.name, requests, trips, c.want)
		}
	}
	// A false precondition costs one more: the transaction is rolled back.
	before := proxy.Requests()
	if err := s.Mutate(t.Context(), []storage.Mutation{increment(table, 0, -5), increment(table, 2, -5)}); err == nil {
		t.Error("the precondition is false")
	}
	if got := proxy.Requests() - before; got != 2 {
		t.Errorf("a false precondition: %d requests, want 2", got)
	}
}

// TestDurableCommits has the session count what it has committed: transactions
// that were told to commit, and statements that commit by themselves.
func TestDurableCommits(t *testing.T) {
	t.Parallel()
	_, s, table := throughProxy(t, WithPoolSize(1))
	count := func(variable string) (n int) {
		t.Helper()
		err := s.sessions.do(t.Context(), true, func(ses *session) error {
			rows, err := ses.column(t.Context(), "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME=?", variable)
			if err == nil {
				n = atoi(t, rows[0])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var groups [][]storage.Mutation
	for k := range int32(64) {
		groups = append(groups, []storage.Mutation{insert(table, k, 1)})
	}
	// Without a transaction around it, a statement is committed once.
	asked, committed := count("Com_commit"), count("Handler_commit")
	for _, err := range s.MutateBatch(t.Context(), groups) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if asked, committed := count("Com_commit")-asked, count("Handler_commit")-committed; asked != 0 || committed != 1 {
		t.Errorf("a batch of 64 inserts: %d COMMITs, %d commits in all, want 0 and 1", asked, committed)
	}
	asked = count("Com_commit")
	mutate(t, s, increment(table, 1, 1), increment(table, 2, 1), putOne(table, 3, columnV, storage.IntValue(1)))
	if got := count("Com_commit") - asked; got != 1 {
		t.Errorf("a group: %d COMMITs, want 1", got)
	}
}
