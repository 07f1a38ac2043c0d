package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	driver "modernc.org/sqlite"

	"github.com/scalargen/scalargen/storage"
)

// insertInt inserts a record that must not be there.
func insertInt(table *storage.Table, k, v int32) storage.Mutation {
	m := putInt(table, k, v)
	m.Condition = storage.IfNotExists
	return m
}

// onCommit lets decide see every commit of the storage; if it returns false,
// the commit fails and is rolled back.
func onCommit(t *testing.T, s *Storage, decide func() bool) {
	t.Helper()
	ses, err := s.writer.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.writer.release(ses)
	err = ses.conn.Raw(func(connection any) error {
		connection.(driver.HookRegisterer).RegisterCommitHook(func() int32 {
			if decide() {
				return 0
			}
			return 1
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBatchIsOneCommit(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	commits := 0
	onCommit(t, s, func() bool { commits++; return true })
	var groups [][]storage.Mutation
	for k := range int32(50) {
		groups = append(groups, []storage.Mutation{insertInt(table, 3*k, k)}, []storage.Mutation{putInt(table, 3*k+1, k), putInt(table, 3*k+2, k)})
	}
	for run := range 2 { // the second time, every insert fails
		for i, err := range s.MutateBatch(t.Context(), groups) {
			if fails := run == 1 && i%2 == 0; fails != errors.Is(err, storage.ErrCondition) || !fails && err != nil {
				t.Errorf("run %d, group %d: %v", run, i, err)
			}
		}
		if commits != run+1 {
			t.Errorf("%d commits after %d batches", commits, run+1)
		}
	}
}

func TestFailedCommitOfABatchAppliesNothing(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	if err := s.Mutate(t.Context(), []storage.Mutation{putInt(table, 2, 2)}); err != nil {
		t.Fatal(err)
	}
	fail := true
	onCommit(t, s, func() bool { return !fail })
	groups := [][]storage.Mutation{{insertInt(table, 1, 1)}, {insertInt(table, 2, 1)}, {putInt(table, 3, 1), putInt(table, 4, 1)}, {}}
	errs := s.MutateBatch(t.Context(), groups)
	for i, err := range errs[:3] {
		if err == nil || !storage.NotApplied(err) || errors.Is(err, storage.ErrCondition) != (i == 1) || !strings.Contains(err.Error(), "ns.t") {
			t.Errorf("group %d: %v", i, err)
		}
	}
	if errs[3] != nil {
		t.Errorf("the empty group: %v", errs[3])
	}
	if rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan}); len(rows) != 1 {
		t.Errorf("%d records, want 1", len(rows))
	}
	fail = false
	if errs := s.MutateBatch(t.Context(), groups); errs[0] != nil || errs[2] != nil {
		t.Errorf("the next batch: %v", errs)
	}
}

// TestFailingStatementsInABatch lets triggers fail a statement, alone or with
// its transaction, at each position of a batch.
func TestFailingStatementsInABatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		raise  string
		group  func(table *storage.Table) []storage.Mutation // with the record −1 that fails
		others bool                                          // are applied
	}{
		{"statement alone", "ABORT", func(table *storage.Table) []storage.Mutation {
			return []storage.Mutation{putInt(table, -1, 0)}
		}, true},
		{"statement in a group", "ABORT", func(table *storage.Table) []storage.Mutation {
			return []storage.Mutation{putInt(table, -2, 0), putInt(table, -1, 0)}
		}, true},
		{"transaction, by a statement alone", "ROLLBACK", func(table *storage.Table) []storage.Mutation {
			return []storage.Mutation{putInt(table, -1, 0)}
		}, false},
		{"transaction, by a statement in a group", "ROLLBACK", func(table *storage.Table) []storage.Mutation {
			return []storage.Mutation{putInt(table, -2, 0), putInt(table, -1, 0)}
		}, false},
	} {
		for _, place := range []string{"file", "memory"} {
			t.Run(c.name+", "+place, func(t *testing.T) {
				t.Parallel()
				path := memoryPath
				if place == "file" {
					path = filepath.Join(t.TempDir(), "test.db")
				}
				s := openFile(t, path)
				table := simpleTable("ns", "t")
				create(t, s, table)
				ses, err := s.writer.acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				err = execute(ses, fmt.Sprintf(`CREATE TRIGGER fail BEFORE INSERT ON "ns$t" WHEN NEW.k = -1 BEGIN SELECT RAISE(%s, 'refused by a trigger'); END`, c.raise))
				s.writer.release(ses)
				if err != nil {
					t.Fatal(err)
				}
				for failing := range 4 {
					first := int32(failing * 100)
					groups := [][]storage.Mutation{{insertInt(table, first, 1)}, {putInt(table, first+1, 1), putInt(table, first+2, 1)}, {putInt(table, first+3, 1)}}
					groups = slices.Insert(groups, failing, c.group(table))
					for i, err := range s.MutateBatch(t.Context(), groups) {
						if refused := i == failing || !c.others; refused != (err != nil) || refused && (!storage.NotApplied(err) || !strings.Contains(err.Error(), "refused by a trigger")) {
							t.Errorf("failing group %d: group %d: %v", failing, i, err)
						}
					}
					want := 0
					if c.others {
						want = 4 * (failing + 1)
					}
					if rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan}); len(rows) != want {
						t.Errorf("failing group %d: %d records, want %d", failing, len(rows), want)
					}
				}
				if err := s.Mutate(t.Context(), []storage.Mutation{putInt(table, 1000, 1), putInt(table, 1001, 1)}); err != nil {
					t.Errorf("the next group: %v", err)
				}
			})
		}
	}
}

func TestTableDroppedBeforeABatch(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	kept, dropped := simpleTable("ns", "kept"), simpleTable("ns", "dropped")
	create(t, s, kept)
	create(t, s, dropped)
	groups := func(k int32) [][]storage.Mutation {
		return [][]storage.Mutation{
			{putInt(kept, k, 1)}, {putInt(dropped, k, 1)}, {putInt(kept, k+1, 1), putInt(dropped, k+1, 1)}, {putInt(kept, k+2, 1)},
		}
	}
	// Once, so that the statements are prepared.
	if err := errors.Join(s.MutateBatch(t.Context(), groups(0))...); err != nil {
		t.Fatal(err)
	}
	if err := s.DropTable(t.Context(), dropped.TableName); err != nil {
		t.Fatal(err)
	}
	for i, err := range s.MutateBatch(t.Context(), groups(10)) {
		if lost := i == 1 || i == 2; lost != errors.Is(err, storage.ErrTableNotFound) || !lost && err != nil {
			t.Errorf("group %d: %v", i, err)
		}
	}
	if rows, _ := collect(t, s, storage.Scan{Table: kept, Kind: storage.FullScan}); len(rows) != 5 {
		t.Errorf("%d records, want 5", len(rows))
	}
}

func TestFullDiskAppliesNothingOfABatch(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	ses, err := s.writer.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = pragma(ses, "max_page_count=20")
	s.writer.release(ses)
	if err != nil {
		t.Fatal(err)
	}
	big := storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(2)}, Columns: []int{2}, Values: []storage.Value{storage.TextValue(strings.Repeat("x", 100_000))}}
	for i, err := range s.MutateBatch(t.Context(), [][]storage.Mutation{{putInt(table, 1, 1)}, {big}, {putInt(table, 3, 3)}}) {
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "free space") {
			t.Errorf("group %d: %v", i, err)
		}
	}
	if rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan}); len(rows) > 0 {
		t.Errorf("%d records were written", len(rows))
	}
}

func TestContextIsLookedAtBetweenGroups(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	taken := putInt(table, 0, 0)
	if err := s.Mutate(t.Context(), []storage.Mutation{taken}); err != nil {
		t.Fatal(err)
	}
	groups := [][]storage.Mutation{{insertInt(table, 0, 1)}, {insertInt(table, 1, 1)}, {putInt(table, 2, 1), putInt(table, 3, 1)}, {insertInt(table, 4, 1)}}
	for left := range len(groups) {
		for i, err := range s.MutateBatch(&expiring{t.Context(), left}, groups) {
			// The first look is that for the connection.
			if i == 0 && left > 1 {
				if !errors.Is(err, storage.ErrCondition) {
					t.Errorf("after %d looks: the insert that failed before: %v", left, err)
				}
				continue
			}
			if !errors.Is(err, context.Canceled) || !storage.NotApplied(err) {
				t.Errorf("after %d looks: group %d: %v", left, i, err)
			}
		}
	}
	if rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan}); len(rows) != 1 {
		t.Errorf("%d records, want the one that was there", len(rows))
	}
}

// TestCancelledBatchesTellTheTruth cancels batches at random moments under load
// and compares what each caller was told with the file.
func TestCancelledBatchesTellTheTruth(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	const workers, rounds, records = 8, 40, 4
	told := make([]error, workers*rounds*records)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(w)))
			for r := range rounds {
				first := (w*rounds + r) * records
				var batch [][]storage.Mutation
				for k := range records {
					batch = append(batch, []storage.Mutation{insertInt(table, int32(first+k), 1)})
				}
				batch[records-1][0].Condition = storage.IfExists // fails
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2000))*time.Microsecond)
				copy(told[first:], s.MutateBatch(ctx, batch))
				cancel()
			}
		})
	}
	wg.Wait()
	rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan})
	stored := map[int64]bool{}
	for _, row := range rows {
		stored[row[0].Int64()] = true
	}
	for k, err := range told {
		if stored[int64(k)] != (err == nil) || err != nil && !storage.NotApplied(err) {
			t.Errorf("record %d: told %v, but the file holds it: %t", k, err, stored[int64(k)])
		}
		if err == nil && k%records == records-1 {
			t.Errorf("record %d: a put of a record that must exist was applied", k)
		}
	}
}

func TestBatchErrorsNameTheTableOfTheGroup(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	one, two := simpleTable("ns", "one"), simpleTable("ns", "two")
	create(t, s, one)
	create(t, s, two)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got []storage.TableName
	for _, err := range s.MutateBatch(ctx, [][]storage.Mutation{{putInt(one, 1, 1)}, {putInt(two, 1, 1)}}) {
		known := new(storage.Error)
		if errors.As(err, &known) {
			got = append(got, known.Table)
		}
	}
	if diff := cmp.Diff([]storage.TableName{one.TableName, two.TableName}, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
