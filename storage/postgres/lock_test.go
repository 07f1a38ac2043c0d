package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// Groups that overlap wait for each other, but never in a circle.
func TestOverlappingGroupsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	clients := []*Storage{openAt(t, server), openAt(t, server)}
	tables := []*storage.Table{simpleTable("ns", "t"), simpleTable("ns", "u"), simpleTable("other", "t")}
	for _, table := range tables {
		create(t, clients[0], table)
	}
	const workers, rounds, records = 12, 60, 4
	var applied atomic.Int64
	var wg sync.WaitGroup
	for worker := range workers {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		s := clients[worker%len(clients)]
		wg.Go(func() {
			for range rounds {
				var group []storage.Mutation
				for i := range len(tables) * records {
					if random.IntN(3) == 0 {
						continue
					}
					m := put(tables[i%len(tables)], int32(i/len(tables)), int32(worker))
					switch random.IntN(7) {
					case 0:
						m.Condition = storage.IfNotExists
					case 1:
						m.Condition = storage.IfExists
					case 2:
						m = storage.Mutation{Table: m.Table, Op: storage.Delete, Key: m.Key}
					case 3:
						m = exists(m.Table, int32(i/len(tables)))
					case 4:
						m = absent(m.Table, int32(i/len(tables)))
					}
					group = append(group, m)
				}
				random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
				switch err := s.Mutate(t.Context(), group); {
				case err == nil:
					applied.Add(1)
				case !errors.Is(err, storage.ErrCondition):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if applied.Load() == 0 {
		t.Error("no group at all was applied")
	}
}

// waiting reports whether a session of the database waits for a lock.
func waiting(t *testing.T, s *Storage) bool {
	return len(results(t, s, `SELECT 1 FROM pg_stat_activity WHERE datname=current_database() AND wait_event_type='Lock'`)) > 0
}

// A group that checks that there is no record keeps others from inserting it
// until it is committed, and the other way round.
func TestCheckedAbsenceHoldsUntilTheCommit(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server, WithMaxConnections(4))
	table := simpleTable("ns", "t")
	create(t, s, table)
	for _, c := range []struct {
		name          string
		first, second []storage.Mutation
		want          string
	}{
		// The first group waits for record 5 after it has looked for 1.
		{"insert waits for check", []storage.Mutation{absent(table, 1), put(table, 5, 9)}, []storage.Mutation{insert(table, 1, 1)}, "1=1 5=9"},
		{"group waits for check", []storage.Mutation{absent(table, 1), put(table, 5, 9)}, []storage.Mutation{insert(table, 1, 1), put(table, 6, 6)}, "1=1 5=9 6=6"},
		{"put waits for check", []storage.Mutation{absent(table, 1), put(table, 5, 9)}, []storage.Mutation{put(table, 1, 1)}, "1=1 5=9"},
		{"check waits for insert", []storage.Mutation{insert(table, 1, 1), put(table, 5, 9)}, []storage.Mutation{absent(table, 1), put(table, 6, 6)}, "1=1 5=9"},
		{"check waits for check", []storage.Mutation{absent(table, 1), put(table, 5, 9)}, []storage.Mutation{absent(table, 1), put(table, 6, 6)}, "5=9 6=6"},
	} {
		run(t, s, `DELETE FROM ns.t`, `INSERT INTO ns.t VALUES (5,5)`)
		holder, err := s.Begin(t.Context(), storage.TransactionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m := put(table, 5, 0)
		if err := holder.Mutate(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- s.Mutate(t.Context(), c.first) }()
		for !waiting(t, s) {
			time.Sleep(time.Millisecond)
		}
		go func() { second <- s.Mutate(t.Context(), c.second) }()
		select {
		case err := <-second:
			t.Errorf("%s: the second group did not wait: %v", c.name, err)
			second <- err
		case <-time.After(100 * time.Millisecond):
		}
		if err := holder.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-first; err != nil {
			t.Errorf("%s: the first group: %v", c.name, err)
		}
		if err := <-second; (err != nil) != (c.name == "check waits for insert") || err != nil && !errors.Is(err, storage.ErrCondition) {
			t.Errorf("%s: the second group: %v", c.name, err)
		}
		if got := stored(t, s); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A checked record can be checked by others too, and is not written before the
// group is committed.
func TestCheckSharesItsRecord(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t), WithMaxConnections(4))
	table := simpleTable("ns", "t")
	create(t, s, table)
	run(t, s, `INSERT INTO ns.t VALUES (1,1)`)
	holder, err := s.Begin(t.Context(), storage.TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check := exists(table, 1)
	if err := holder.Mutate(t.Context(), &check); err != nil {
		t.Fatal(err)
	}
	if err := s.Mutate(t.Context(), []storage.Mutation{check, put(table, 2, 2)}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Mutate(ctx, []storage.Mutation{put(table, 1, 9)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write of a record that is checked: %v", err)
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

// The server decides about a group by the marker, whatever its language is, and
// not by errors of the same kind.
func TestOtherErrorsAreNoConditions(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t), WithMaxConnections(2))
	table := simpleTable("ns", "t")
	create(t, s, table)
	run(t, s, `CREATE FUNCTION ns.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 'x'::text::int; RETURN NEW; END $$`,
		`CREATE TRIGGER fail BEFORE INSERT ON ns.t FOR EACH ROW WHEN (NEW.v=13) EXECUTE FUNCTION ns.fail()`,
		`ALTER TABLE ns.t ADD CONSTRAINT small CHECK (v<100)`)
	for name, group := range map[string][]storage.Mutation{
		"trigger":             {insert(table, 1, 13), insert(table, 2, 2)},
		"constraint":          {insert(table, 1, 100), insert(table, 2, 2)},
		"constraint, a group": {insert(table, 2, 100)},
	} {
		err := s.Mutate(t.Context(), group)
		if err == nil || !storage.NotApplied(err) || errors.Is(err, storage.ErrCondition) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// In a batch it is the fault of its group alone.
	errs := s.MutateBatch(t.Context(), [][]storage.Mutation{{insert(table, 1, 1)}, {insert(table, 2, 13)}, {insert(table, 3, 100)}, {insert(table, 4, 4)}})
	if errs[0] != nil || errs[1] == nil || errs[2] == nil || errs[3] != nil || !strings.Contains(errs[2].Error(), "small") {
		t.Error(errs)
	}
	if got := stored(t, s); got != "1=1 4=4" {
		t.Error(got)
	}
}
