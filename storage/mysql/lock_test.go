package mysql

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// forms runs a test with each form of groups.
func forms(t *testing.T, test func(t *testing.T, s *Storage, server *testserver.Server)) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		for _, compounds := range []bool{true, false} {
			t.Run(fmt.Sprintf("compounds=%t", compounds), func(t *testing.T) {
				s := openServer(t, server)
				if compounds && !s.server.compounds {
					t.Skip("the server prepares no compound statements")
				}
				s.server.compounds = compounds
				test(t, s, server)
			})
		}
	})
}

// TestOverlappingGroupsDoNotDeadlock writes overlapping sets of records in random
// order from many goroutines, with checks among them. A deadlock would be a
// conflict, and there must be none.
func TestOverlappingGroupsDoNotDeadlock(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		namespace := fmt.Sprintf("%sns%t", server.Prefix, s.server.compounds)
		table := counters(t, s, namespace)
		const records, clients, rounds, size = 12, 8, 40, 4
		for k := range int32(records) {
			mutate(t, s, insert(table, k, 0))
		}
		var mu sync.Mutex
		applied := int32(0)
		var clientsDone sync.WaitGroup
		for client := range uint64(clients) {
			clientsDone.Go(func() {
				random := rand.New(rand.NewPCG(client, 1))
				for range rounds {
					var group []storage.Mutation
					increments := int32(0)
					for _, k := range random.Perm(records)[:size] {
						m := storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(int32(k))}, Condition: storage.IfExists}
						switch random.IntN(3) {
						case 0:
							m.Op = storage.Check
						default:
							m.Columns, m.Values = []int{columnS}, []storage.Value{storage.TextValue(fmt.Sprint(random.Uint64()))}
							increments++
						}
						group = append(group, m)
					}
					if err := s.Mutate(t.Context(), group); err != nil {
						t.Errorf("%v", err)
						return
					}
					mu.Lock()
					applied += increments
					mu.Unlock()
				}
			})
		}
		clientsDone.Wait()
		if applied == 0 {
			t.Error("nothing was written")
		}
	})
}

// TestInsertsDoNotDeadlock has groups insert records beside each other, which
// under REPEATABLE READ wait for each other's locks on the gaps.
func TestInsertsDoNotDeadlock(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, fmt.Sprintf("%sns%t", server.Prefix, s.server.compounds))
		const clients, rounds = 8, 30
		var clientsDone sync.WaitGroup
		for client := range int32(clients) {
			clientsDone.Go(func() {
				for round := range int32(rounds) {
					// Each looks for a record that is not there, and inserts its neighbour.
					k := (round*clients + client) * 10
					remove := storage.Mutation{Table: table, Op: storage.Delete, Key: []storage.Value{storage.IntValue(k)}}
					upsert := putOne(table, k+1, columnV, storage.IntValue(1))
					if err := s.Mutate(t.Context(), []storage.Mutation{insert(table, k+2, 1), upsert, remove}); err != nil {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		clientsDone.Wait()
	})
}

// TestChecksHoldUntilTheGroupCommits has one group check a record, and wait for a
// lock before it writes another, while a second group does it the other way
// round: the classic write skew. At most one of them may succeed.
func TestChecksHoldUntilTheGroupCommits(t *testing.T) {
	const first, between, last = 10, 20, 30
	for _, c := range []struct {
		name  string
		check func(table *storage.Table, k int32) storage.Mutation
		write func(table *storage.Table, k int32) storage.Mutation
	}{
		{"absence", func(table *storage.Table, k int32) storage.Mutation {
			return storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(k)}, Condition: storage.IfNotExists}
		}, func(table *storage.Table, k int32) storage.Mutation { return insert(table, k, 1) }},
		{"value", func(table *storage.Table, k int32) storage.Mutation {
			return storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(k)}, Condition: storage.If,
				Where: []storage.Predicate{{Column: columnV, Value: storage.IntValue(0)}}}
		}, func(table *storage.Table, k int32) storage.Mutation { return increment(table, k, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
				table := counters(t, s, fmt.Sprintf("%s%s%t", server.Prefix, c.name, s.server.compounds))
				mutate(t, s, insert(table, between, 0))
				if c.name == "value" {
					mutate(t, s, insert(table, first, 0))
					mutate(t, s, insert(table, last, 0))
				}
				holder, err := raw(t, server).BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := holder.ExecContext(t.Context(), fmt.Sprintf("UPDATE %s SET v=7 WHERE k=%d", qualified(table), between)); err != nil {
					t.Fatal(err)
				}
				slow, quick := make(chan error, 1), make(chan error, 1)
				go func() {
					slow <- s.Mutate(t.Context(), []storage.Mutation{c.write(table, last), putOne(table, between, columnV, storage.IntValue(1)), c.check(table, first)})
				}()
				waitForLock(t, server)
				go func() {
					quick <- s.Mutate(t.Context(), []storage.Mutation{c.check(table, last), c.write(table, first)})
				}()
				var errs []error
				for len(errs) == 0 && waiting(t, server) < 2 {
					select {
					case err := <-quick: // it did not wait for the one that checks
						errs = append(errs, err)
					default:
					}
				}
				if err := holder.Commit(); err != nil {
					t.Fatal(err)
				}
				if errs = append(errs, <-slow); len(errs) == 1 {
					errs = append(errs, <-quick)
				}
				for _, err := range errs {
					if err != nil && !errors.Is(err, storage.ErrCondition) && !errors.Is(err, storage.ErrConflict) {
						t.Error(err)
					}
				}
				if errs[0] == nil && errs[1] == nil {
					t.Error("both groups found the other's record unchanged")
				}
			})
		})
	}
}

// TestLockTimeoutIsAConflict holds a lock past the adapter. The statement that
// waited is undone by the server, and the rest of the group by the adapter.
func TestLockTimeoutIsAConflict(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, fmt.Sprintf("%sns%t", server.Prefix, s.server.compounds))
		mutate(t, s, insert(table, 1, 0))
		mutate(t, s, insert(table, 2, 0))
		impatient := *server
		impatient.DSN += "?innodb_lock_wait_timeout=1"
		compounds := s.server.compounds
		s = openServer(t, &impatient, WithPoolSize(1))
		s.server.compounds = compounds
		holder, err := raw(t, server).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holder.ExecContext(t.Context(), "UPDATE "+qualified(table)+" SET v=7 WHERE k=2"); err != nil {
			t.Fatal(err)
		}
		for _, group := range [][]storage.Mutation{{increment(table, 2, 0)}, {increment(table, 1, 0), increment(table, 2, 0)}} {
			err := s.Mutate(t.Context(), group)
			if !errors.Is(err, storage.ErrConflict) || !storage.NotApplied(err) {
				t.Errorf("group of %d: error %v, want %v", len(group), err, storage.ErrConflict)
			}
		}
		// The lock on record 1 must be gone, in the same connection and in others.
		mutate(t, s, increment(table, 1, 0))
		if err := holder.Rollback(); err != nil {
			t.Fatal(err)
		}
		if got := [2]int32{value(t, s, table, 1), value(t, s, table, 2)}; got != [2]int32{1, 0} {
			t.Errorf("records are %d, want 1 and 0", got)
		}
	})
}

// TestConditionIsLookedAtAfterTheWait has a conditional write wait for one that
// makes its condition false.
func TestConditionIsLookedAtAfterTheWait(t *testing.T) {
	forms(t, func(t *testing.T, s *Storage, server *testserver.Server) {
		table := counters(t, s, fmt.Sprintf("%sns%t", server.Prefix, s.server.compounds))
		mutate(t, s, insert(table, 1, 0))
		mutate(t, s, insert(table, 2, 0))
		for _, group := range [][]storage.Mutation{{increment(table, 1, 0)}, {increment(table, 1, 0), increment(table, 2, 0)}} {
			holder, err := raw(t, server).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := holder.ExecContext(t.Context(), "UPDATE "+qualified(table)+" SET v=7 WHERE k=1"); err != nil {
				t.Fatal(err)
			}
			outcome := make(chan error, 1)
			go func() { outcome <- s.Mutate(t.Context(), group) }()
			waitForLock(t, server)
			if err := holder.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-outcome; !errors.Is(err, storage.ErrCondition) {
				t.Errorf("group of %d: error %v, want %v", len(group), err, storage.ErrCondition)
			}
			run(t, raw(t, server), "UPDATE "+qualified(table)+" SET v=0")
		}
	})
}

// waitForLock waits until somebody waits for a lock on the server.
func waitForLock(t *testing.T, server *testserver.Server) {
	t.Helper()
	for range 100 {
		if waiting(t, server) > 0 {
			return
		}
	}
	t.Fatal("nobody waits for a lock")
}

// waiting returns how many connections to the databases of the test wait for a
// lock.
func waiting(t *testing.T, server *testserver.Server) int {
	t.Helper()
	time.Sleep(150 * time.Millisecond) // the view is made anew only after 100 ms without a look
	return atoi(t, results(t, server, "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state='LOCK WAIT' AND trx_query LIKE '%"+server.Prefix+"%'")[0])
}
