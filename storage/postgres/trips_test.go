package postgres

import (
	"errors"
	"strconv"
	"testing"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// TestRoundTrips counts, on the wire, how often the client waits for the server,
// and how often the server commits, once statements are prepared.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	// Its own, since the numbers of transactions are those of the whole server.
	server := testserver.PostgresOwn(t, testserver.Fast, testserver.Set("autovacuum=off")).Server
	proxy := testserver.NewProxy(t, server)
	s := openAt(t, proxy.Server, WithMaxConnections(1))
	direct := openAt(t, server, WithMaxConnections(1))
	table, other := simpleTable("ns", "t", "i"), simpleTable("ns", "u")
	create(t, direct, table)
	create(t, direct, other)
	ctx, one := t.Context(), []storage.Value{storage.IntValue(1)}
	conditional := func(table *storage.Table, k int32) storage.Mutation {
		m := put(table, k, 1)
		m.Condition = storage.IfExists
		return m
	}
	batch := func(size int32, more ...storage.Mutation) error {
		var groups [][]storage.Mutation
		for k := range size {
			groups = append(groups, append([]storage.Mutation{insert(table, 1000+k, k)}, more...))
		}
		return errors.Join(s.MutateBatch(ctx, groups)...)
	}
	for _, c := range []struct {
		name        string
		trips, logs int
		call        func() error
	}{
		{"get", 1, 0, func() error { _, err := s.Get(ctx, []storage.Get{{Table: table, Key: one}}); return err }},
		{"get of several", 1, 0, func() error {
			_, err := s.Get(ctx, []storage.Get{{Table: table, Key: one}, {Table: other, Key: one}, {Table: table, Key: one, Columns: []int{1}}})
			return err
		}},
		{"page", 1, 0, func() error {
			_, err := s.Scan(ctx, &storage.Scan{Table: table, Kind: storage.FullScan})
			return err
		}},
		{"put", 1, 1, func() error { return s.Mutate(ctx, []storage.Mutation{put(table, 1, 1)}) }},
		{"conditional put", 1, 1, func() error { return s.Mutate(ctx, []storage.Mutation{conditional(table, 1)}) }},
		{"group of two tables with a check", 1, 1, func() error {
			return s.Mutate(ctx, []storage.Mutation{conditional(table, 1), put(other, 1, 1), exists(table, 2), {Table: table, Op: storage.Delete, Key: []storage.Value{storage.IntValue(7)}}})
		}},
		{"group with an absence", 1, 1, func() error { return s.Mutate(ctx, []storage.Mutation{put(table, 1, 1), absent(other, 9)}) }},
		{"group of 50", 1, 1, func() error {
			var group []storage.Mutation
			for k := range int32(50) {
				group = append(group, put(table, k, 1))
			}
			return s.Mutate(ctx, group)
		}},
		{"batch of 64 inserts", 1, 1, func() error { return batch(64) }},
		{"batch of 5 other groups", 1, 5, func() error {
			var groups [][]storage.Mutation
			for k := range int32(5) {
				groups = append(groups, []storage.Mutation{put(table, k, k), put(other, k, k)})
			}
			return errors.Join(s.MutateBatch(ctx, groups)...)
		}},
		{"transaction", 3, 1, func() error {
			tx, err := s.Begin(ctx, storage.TransactionOptions{})
			if err != nil {
				return err
			}
			m := put(table, 1, 1)
			return errors.Join(tx.Mutate(ctx, &m), tx.Commit(ctx))
		}},
	} {
		run(t, direct, `DELETE FROM ns.t`, `DELETE FROM ns.u`, `INSERT INTO ns.t VALUES (1,1),(2,2)`)
		if err := c.call(); err != nil { // prepares
			t.Fatal(c.name, err)
		}
		run(t, direct, `DELETE FROM ns.t`, `DELETE FROM ns.u`, `INSERT INTO ns.t VALUES (1,1),(2,2)`)
		trips, before := proxy.RoundTrips(), transactions(t, direct)
		if err := c.call(); err != nil {
			t.Fatal(c.name, err)
		}
		if got := proxy.RoundTrips() - trips; got != c.trips {
			t.Errorf("%s: %d round trips, want %d", c.name, got, c.trips)
		}
		if got := transactions(t, direct) - before; got != c.logs {
			t.Errorf("%s: %d transactions that wrote, want %d", c.name, got, c.logs)
		}
	}
}

// transactions returns the number that the next transaction that writes will
// have: only those take one.
func transactions(t *testing.T, s *Storage) int {
	t.Helper()
	n, err := strconv.Atoi(results(t, s, "SELECT pg_snapshot_xmax(pg_current_snapshot())")[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
