package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	codes "modernc.org/sqlite/lib"

	"github.com/scalargen/scalargen/storage"
)

// codeError stands for an error of the driver, whose fields nobody can set.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("SQLite error %d", int(e)) }
func (e codeError) Code() int     { return int(e) }

func TestFailuresAreClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err            error
		before, commit error // the class of a failure before and during the commit
	}{
		{codeError(codes.SQLITE_BUSY), storage.ErrConflict, storage.ErrConflict},
		{codeError(codes.SQLITE_BUSY_SNAPSHOT), storage.ErrConflict, storage.ErrConflict},
		{codeError(codes.SQLITE_LOCKED), storage.ErrConflict, storage.ErrConflict},
		{codeError(codes.SQLITE_TOOBIG), storage.ErrInvalid, storage.ErrInvalid},
		{codeError(codes.SQLITE_FULL), nil, nil},
		{codeError(codes.SQLITE_READONLY), nil, nil},
		{codeError(codes.SQLITE_CONSTRAINT_NOTNULL), nil, nil},
		{codeError(codes.SQLITE_IOERR_FSYNC), nil, storage.ErrUnknown},
		{codeError(codes.SQLITE_IOERR_WRITE), nil, storage.ErrUnknown},
		{codeError(codes.SQLITE_CORRUPT), nil, storage.ErrUnknown},
		{codeError(codes.SQLITE_NOMEM), nil, storage.ErrUnknown},
		{codeError(codes.SQLITE_INTERRUPT), nil, storage.ErrUnknown},
		{errors.New("any other"), nil, storage.ErrUnknown},
		{context.Canceled, nil, nil},
		{storage.ErrClosed, storage.ErrClosed, storage.ErrClosed},
	} {
		name := storage.TableName{Namespace: "ns", Name: "t"}
		before := failure("mutate", name, c.err)
		commit := commitFailure("mutate", name, c.err)
		if class := before.(*storage.Error).Class; class != c.before || !storage.NotApplied(before) {
			t.Errorf("%v before the commit: class %v, want %v", c.err, class, c.before)
		}
		if class := commit.(*storage.Error).Class; class != c.commit {
			t.Errorf("%v during the commit: class %v, want %v", c.err, class, c.commit)
		}
	}
}

func TestFullDiskAppliesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	big := func(k int32) storage.Mutation {
		return storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{2}, Values: []storage.Value{storage.TextValue(strings.Repeat("x", 100_000))}}
	}
	limit := func(pages int) {
		ses, err := s.writer.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.writer.release(ses)
		if _, err := pragma(ses, fmt.Sprintf("max_page_count=%d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	for name, group := range map[string][]storage.Mutation{
		"single": {big(1)},
		"group":  {putInt(table, 2, 2), big(3)},
	} {
		limit(20) // anew, since the connection may have been given up
		err := s.Mutate(t.Context(), group)
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "free space") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := results(t, raw(t, path), `SELECT k FROM "ns$t"`); len(got) > 0 {
		t.Errorf("records %v were written", got)
	}
	limit(1_000_000)
	if err := s.Mutate(t.Context(), []storage.Mutation{big(1), big(2)}); err != nil {
		t.Error(err)
	}
}

func TestDroppedTableIsNotFound(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	key := []storage.Value{storage.IntValue(1)}
	use := map[string]func() error{
		"get":    func() error { _, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key}}); return err },
		"scan":   func() error { _, err := s.Scan(t.Context(), &storage.Scan{Table: table, Partition: key}); return err },
		"single": func() error { return s.Mutate(t.Context(), []storage.Mutation{putInt(table, 1, 1)}) },
		"group": func() error {
			return s.Mutate(t.Context(), []storage.Mutation{putInt(table, 1, 1), putInt(table, 2, 1)})
		},
		"check": func() error {
			return s.Mutate(t.Context(), []storage.Mutation{{Table: table, Op: storage.Check, Key: key, Condition: storage.IfExists}})
		},
	}
	for name, call := range use {
		if err := call(); err != nil && name != "check" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.DropTable(t.Context(), table.TableName); err != nil {
		t.Fatal(err)
	}
	for name, call := range use {
		if err := call(); !errors.Is(err, storage.ErrTableNotFound) || !storage.NotApplied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// expiring is a context that is cancelled after its error was asked for a
// number of times.
type expiring struct {
	context.Context
	left int
}

func (e *expiring) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestContextIsLookedAtBetweenStatements(t *testing.T) {
	t.Parallel()
	s := openFile(t, "")
	table := simpleTable("ns", "t")
	create(t, s, table)
	const records = 5
	var group []storage.Mutation
	var gets []storage.Get
	for k := range int32(records) {
		group = append(group, putInt(table, k, k))
		gets = append(gets, storage.Get{Table: table, Key: group[k].Key})
	}
	for left := range records {
		ctx := &expiring{t.Context(), left}
		if err := s.Mutate(ctx, group); !errors.Is(err, context.Canceled) || !storage.NotApplied(err) {
			t.Errorf("mutate after %d looks: %v", left, err)
		}
		ctx = &expiring{t.Context(), left}
		if _, err := s.Get(ctx, gets); !errors.Is(err, context.Canceled) {
			t.Errorf("get after %d looks: %v", left, err)
		}
	}
	if rows, _ := collect(t, s, storage.Scan{Table: table, Kind: storage.FullScan}); len(rows) > 0 {
		t.Errorf("%d records of cancelled groups", len(rows))
	}
}

// TestCancelledWritesTellTheTruth cancels writes at random moments under load
// and compares what each caller was told with the file.
func TestCancelledWritesTellTheTruth(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"file": filepath.Join(t.TempDir(), "test.db"), "memory": memoryPath} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openFile(t, path)
			table := simpleTable("ns", "t")
			create(t, s, table)
			const workers, rounds = 8, 60
			type outcome struct {
				applied bool
				err     error
			}
			var outcomes [workers][rounds]outcome
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(1, uint64(w)))
					for r := range rounds {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2000))*time.Microsecond)
						k := int32(w*rounds+r) * 2
						group := []storage.Mutation{putInt(table, k, 1)}
						group[0].Condition = storage.IfNotExists
						if r%2 == 0 {
							group = append(group, putInt(table, k+1, 1))
						}
						err := s.Mutate(ctx, group)
						outcomes[w][r] = outcome{err == nil, err}
						// Reads that are cancelled must not spoil a connection.
						if _, err := s.Scan(ctx, &storage.Scan{Table: table, Kind: storage.FullScan}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						cancel()
					}
				})
			}
			wg.Wait()
			var gets []storage.Get
			for k := range int32(workers * rounds * 2) {
				gets = append(gets, storage.Get{Table: table, Key: []storage.Value{storage.IntValue(k)}})
			}
			rows, err := s.Get(t.Context(), gets)
			if err != nil {
				t.Fatal(err)
			}
			applied := 0
			for w := range workers {
				for r, o := range outcomes[w] {
					k := (w*rounds + r) * 2
					first, second := rows[k] != nil, rows[k+1] != nil
					if o.applied {
						applied++
					}
					if !o.applied && !storage.NotApplied(o.err) {
						t.Errorf("unknown outcome although no I/O failed: %v", o.err)
					}
					if first != o.applied || second != (o.applied && r%2 == 0) {
						t.Errorf("told %v (%v), but the file holds %v and %v", o.applied, o.err, first, second)
					}
				}
			}
			if applied == 0 || applied == workers*rounds {
				t.Logf("%d of %d writes were applied: the moments were not chosen well", applied, workers*rounds)
			}
		})
	}
}

func TestCloseWhileInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	table := simpleTable("ns", "t")
	create(t, s, table)
	var wg sync.WaitGroup
	started := make(chan struct{}, 4)
	acknowledged := make([]int32, 4)
	for w := range int32(4) {
		wg.Go(func() {
			started <- struct{}{}
			for i := int32(0); ; i++ {
				err := s.Mutate(context.Background(), []storage.Mutation{putInt(table, w*1_000_000+i, 1)})
				if err != nil {
					if !errors.Is(err, storage.ErrClosed) || !storage.NotApplied(err) {
						t.Error(err)
					}
					return
				}
				acknowledged[w]++
				if _, err := s.Get(context.Background(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(i)}}}); err != nil && !errors.Is(err, storage.ErrClosed) {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	time.Sleep(5 * time.Millisecond)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	total := int32(0)
	for _, n := range acknowledged {
		total += n
	}
	if got := results(t, raw(t, path), `SELECT count(*) FROM "ns$t"`); got[0] != fmt.Sprint(total) {
		t.Errorf("%s records, %d were acknowledged", got[0], total)
	}
}
