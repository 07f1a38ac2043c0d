package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// proxied opens the database of a new test server through a proxy, and beside
// it.
func proxied(t *testing.T) (through, direct *Storage, proxy *testserver.Proxy) {
	t.Helper()
	server := testserver.Postgres(t)
	proxy = testserver.NewProxy(t, server)
	through = openAt(t, proxy.Server)
	t.Cleanup(proxy.CutAll) // holes do not let connections close
	return through, openAt(t, server, WithMaxConnections(2)), proxy
}

func put(table *storage.Table, k, v int32) storage.Mutation {
	return storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{1}, Values: []storage.Value{storage.IntValue(v)}}
}

func insert(table *storage.Table, k, v int32) storage.Mutation {
	m := put(table, k, v)
	m.Condition = storage.IfNotExists
	return m
}

func exists(table *storage.Table, k int32) storage.Mutation {
	return storage.Mutation{Table: table, Op: storage.Check, Key: []storage.Value{storage.IntValue(k)}, Condition: storage.IfExists}
}

func absent(table *storage.Table, k int32) storage.Mutation {
	m := exists(table, k)
	m.Condition = storage.IfNotExists
	return m
}

// stored returns the values of v by k, as k=v.
func stored(t testing.TB, s *Storage) string {
	t.Helper()
	return strings.Join(results(t, s, `SELECT k||'='||coalesce(v::text,'NULL') FROM ns.t ORDER BY k`), " ")
}

var faults = []testserver.Fault{
	testserver.CutBefore, testserver.CutWithin, testserver.CutAfter, testserver.CutReply, testserver.HoleBefore, testserver.HoleAfter,
	testserver.EndRepliesBefore, testserver.EndRepliesAfter,
}

// writes are requests that write 1=7, alone or with others.
var writes = map[string]func(ctx context.Context, s *Storage, table *storage.Table) error{
	"put": func(ctx context.Context, s *Storage, table *storage.Table) error {
		return s.Mutate(ctx, []storage.Mutation{put(table, 1, 7)})
	},
	"insert": func(ctx context.Context, s *Storage, table *storage.Table) error {
		return s.Mutate(ctx, []storage.Mutation{insert(table, 1, 7)})
	},
	"group": func(ctx context.Context, s *Storage, table *storage.Table) error {
		return s.Mutate(ctx, []storage.Mutation{insert(table, 1, 7), put(table, 2, 8), exists(table, 0)})
	},
	"batch of inserts": func(ctx context.Context, s *Storage, table *storage.Table) error {
		return errors.Join(s.MutateBatch(ctx, [][]storage.Mutation{{insert(table, 1, 7)}, {insert(table, 2, 8)}})...)
	},
	"commit": func(ctx context.Context, s *Storage, table *storage.Table) error {
		tx, err := s.Begin(ctx, storage.TransactionOptions{})
		if err != nil {
			return err
		}
		m := put(table, 1, 7)
		if err := tx.Mutate(ctx, &m); err != nil {
			return errors.Join(err, tx.Rollback(ctx))
		}
		return tx.Commit(ctx)
	},
}

// requestsOf are how many requests come before the one that commits.
var requestsOf = map[string]int{"commit": 2}

func TestCutWritesAreUnknown(t *testing.T) {
	t.Parallel()
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, direct, proxy := proxied(t)
			table := simpleTable("ns", "t")
			create(t, direct, table)
			prepare := func() {
				run(t, direct, `DELETE FROM ns.t`, `INSERT INTO ns.t VALUES (0,0)`)
			}
			for _, fault := range faults {
				for _, reset := range []bool{false, true} {
					proxy.SetReset(reset)
					prepare()
					if err := write(t.Context(), s, table); err != nil { // connects, and prepares its statements
						t.Fatal(err)
					}
					prepare()
					ctx, cancel := context.WithCancel(t.Context())
					if fault == testserver.HoleBefore || fault == testserver.HoleAfter {
						ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
					}
					struck := proxy.Faults()
					proxy.Nth(1+requestsOf[name], fault)
					err := write(ctx, s, table)
					cancel()
					if proxy.Faults() == struck {
						t.Fatalf("%v did not strike", fault)
					}
					if err == nil || !errors.Is(err, storage.ErrUnknown) || storage.NotApplied(err) {
						t.Errorf("%v (reset %t): %v, want unknown", fault, reset, err)
					}
					// The server may still be at it; the next statement of the
					// record waits for it.
					applied := false
					for range 100 {
						if applied = strings.Contains(stored(t, direct), "1=7"); applied == fault.Applied() {
							break
						}
						time.Sleep(10 * time.Millisecond)
					}
					if applied != fault.Applied() {
						t.Errorf("%v: applied %t, want %t", fault, applied, fault.Applied())
					}
				}
			}
		})
	}
}

// Groups whose synchronization point was answered are settled, the others are
// not.
func TestCutBatchIsUnknownFromTheCutOn(t *testing.T) {
	t.Parallel()
	s, direct, proxy := proxied(t)
	table := simpleTable("ns", "t")
	create(t, direct, table)
	groups := [][]storage.Mutation{{put(table, 1, 1)}, {insert(table, 2, 2), put(table, 3, 3)}, {insert(table, 0, 0)}, {put(table, 4, 4)}, {put(table, 5, 5)}}
	run(t, direct, `INSERT INTO ns.t VALUES (0,0)`)
	if errs := s.MutateBatch(t.Context(), groups); !errors.Is(errs[2], storage.ErrCondition) {
		t.Fatal(errs)
	}
	for _, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutAfter} {
		run(t, direct, `DELETE FROM ns.t`, `INSERT INTO ns.t VALUES (0,0)`)
		if _, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(0)}}}); err != nil {
			t.Fatal(err)
		}
		_ = s.MutateBatch(t.Context(), groups) // prepares
		run(t, direct, `DELETE FROM ns.t`, `INSERT INTO ns.t VALUES (0,0)`)
		proxy.Nth(4, fault)
		var outcomes []string
		for _, err := range s.MutateBatch(t.Context(), groups) {
			switch {
			case err == nil:
				outcomes = append(outcomes, "applied")
			case errors.Is(err, storage.ErrUnknown):
				outcomes = append(outcomes, "unknown")
			case errors.Is(err, storage.ErrCondition):
				outcomes = append(outcomes, "condition")
			default:
				outcomes = append(outcomes, err.Error())
			}
		}
		if got := strings.Join(outcomes, " "); got != "applied applied condition unknown unknown" {
			t.Errorf("%v: %s", fault, got)
		}
	}
}

// A read that is cut reports an error that says nothing about writes, and the
// next one finds another connection.
func TestReadsSurviveCutConnections(t *testing.T) {
	t.Parallel()
	s, direct, proxy := proxied(t)
	table := simpleTable("ns", "t")
	create(t, direct, table)
	run(t, direct, `INSERT INTO ns.t VALUES (1,1)`)
	get := []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(1)}}}
	for name, read := range map[string]func() error{
		"get": func() error { _, err := s.Get(t.Context(), get); return err },
		"get of several": func() error {
			_, err := s.Get(t.Context(), append(get, get...))
			return err
		},
		"scan": func() error {
			_, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
			return err
		},
		"definition": func() error { _, err := s.Table(t.Context(), table.TableName); return err },
	} {
		for _, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutWithin, testserver.CutAfter, testserver.CutReply} {
			if err := read(); err != nil {
				t.Fatal(name, err)
			}
			proxy.Nth(1, fault)
			err := read()
			if err == nil || errors.Is(err, storage.ErrUnknown) {
				t.Errorf("%s, %v: %v", name, fault, err)
			}
			if err := read(); err != nil {
				t.Errorf("%s after %v: %v", name, fault, err)
			}
		}
	}
}

// What is cut off while statements are being prepared was not applied.
func TestCutWhilePreparingIsNotApplied(t *testing.T) {
	t.Parallel()
	for name, write := range writes {
		if name == "commit" {
			continue // it is, in the transaction
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, direct, proxy := proxied(t)
			table := simpleTable("ns", "t")
			create(t, direct, table)
			run(t, direct, `INSERT INTO ns.t VALUES (0,0)`)
			for _, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutAfter} {
				another := *table
				proxy.Matching(`"ns"."t"`, fault)
				if err := write(t.Context(), s, &another); err == nil || !storage.NotApplied(err) {
					t.Errorf("%v: %v", fault, err)
				}
			}
			if got := stored(t, direct); got != "0=0" {
				t.Error(got)
			}
		})
	}
}

// A cancelled write that waits for a lock is unknown, and is not carried out
// once the server has noticed.
func TestContextEndsTheWaitForALock(t *testing.T) {
	t.Parallel()
	s := openAt(t, testserver.Postgres(t), WithMaxConnections(3))
	table := simpleTable("ns", "t")
	create(t, s, table)
	run(t, s, `INSERT INTO ns.t VALUES (1,1)`)
	holder, err := s.Begin(t.Context(), storage.TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := put(table, 1, 2)
	if err := holder.Mutate(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Mutate(ctx, []storage.Mutation{put(table, 1, 3)}); !errors.Is(err, storage.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write that waits for a lock: %v", err)
	}
	for len(results(t, s, `SELECT pid FROM pg_locks WHERE NOT granted AND database=(SELECT oid FROM pg_database WHERE datname=current_database())`)) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := holder.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, s); got != "1=2" {
		t.Error(got)
	}
}

// conflicts are writes that find the record 1 locked.
func TestConflictsOfTheServer(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	impatient := *server
	impatient.URL += "&lock_timeout=50"
	s := openAt(t, server, WithMaxConnections(2))
	table := simpleTable("ns", "t")
	create(t, s, table)
	run(t, s, `INSERT INTO ns.t VALUES (1,1),(2,2)`)
	lock := func() storage.Transaction {
		t.Helper()
		tx, err := s.Begin(t.Context(), storage.TransactionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m := put(table, 1, 5)
		if err := tx.Mutate(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	tx := lock()
	waiting := openAt(t, &impatient, WithMaxConnections(2))
	for name, group := range map[string][]storage.Mutation{"alone": {put(table, 1, 9)}, "group": {put(table, 1, 9), put(table, 2, 9)}, "check": {exists(table, 1), put(table, 2, 9)}} {
		if err := waiting.Mutate(t.Context(), group); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("lock timeout, %s: %v", name, err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A row that was changed after the snapshot.
	strict := openAt(t, server, WithMaxConnections(2), WithIsolationLevel("repeatable_read"))
	old, err := strict.Begin(t.Context(), storage.TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Get(t.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(2)}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Mutate(t.Context(), []storage.Mutation{put(table, 2, 8)}); err != nil {
		t.Fatal(err)
	}
	m := put(table, 2, 9)
	if err := old.Mutate(t.Context(), &m); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("serialization failure: %v", err)
	}
	if err := old.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	if got := stored(t, s); got != "1=1 2=8" {
		t.Error(got)
	}
}

// The statements that a session has prepared go on with what another program has
// changed, or say what is gone.
func TestChangesByAnotherProgramAreSeen(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s, other := openAt(t, server, WithMaxConnections(1)), openAt(t, server, WithMaxConnections(1))
	table := simpleTable("ns", "t", "i")
	create(t, s, table)
	key := []storage.Value{storage.IntValue(1)}
	get, scan := []storage.Get{{Table: table, Key: key}}, &storage.Scan{Table: table, Kind: storage.FullScan}
	write := storage.Mutation{Table: table, Key: key, Columns: []int{1, 2}, Values: []storage.Value{storage.IntValue(1), storage.TextValue("x")}}
	second := put(table, 2, 2)
	use := func() error {
		if err := s.Mutate(t.Context(), []storage.Mutation{write}); err != nil {
			return err
		}
		if err := s.Mutate(t.Context(), []storage.Mutation{write, second}); err != nil {
			return err
		}
		if err := errors.Join(s.MutateBatch(t.Context(), [][]storage.Mutation{{write}, {second}})...); err != nil {
			return err
		}
		if rows, err := s.Get(t.Context(), get); err != nil || len(rows[0]) != 3 || rows[0][2] != storage.TextValue("x") {
			return fmt.Errorf("get: %v, %w", rows, err)
		}
		if rows, err := s.Get(t.Context(), append(get, get...)); err != nil || len(rows[1]) != 3 {
			return fmt.Errorf("get of several: %v, %w", rows, err)
		}
		if page, err := s.Scan(t.Context(), scan); err != nil || len(page.Rows) != 2 {
			return fmt.Errorf("scan: %v, %w", page, err)
		}
		return nil
	}
	ctx := t.Context()
	for name, change := range map[string]func() error{
		"nothing": func() error { return nil },
		"a column more": func() error {
			return other.AddColumn(ctx, table.TableName, storage.Column{Name: "new", Type: storage.Int})
		},
		"an index less":       func() error { return other.DropIndex(ctx, table.TableName, "i") }, // varchar becomes text
		"a wider type":        func() error { return other.AlterColumnType(ctx, table.TableName, "v", storage.BigInt) },
		"statements are lost": func() error { return s.execute(ctx, "DEALLOCATE ALL") },
	} {
		if err := use(); err != nil {
			t.Fatal(name, err)
		}
		if err := change(); err != nil {
			t.Fatal(name, err)
		}
		if err := use(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := other.DropColumn(ctx, table.TableName, "i"); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(ctx, get)
	_, scanErr := s.Scan(ctx, scan)
	errs := append(s.MutateBatch(ctx, [][]storage.Mutation{{write}, {second}}), getErr, scanErr,
		s.Mutate(ctx, []storage.Mutation{write}), s.Mutate(ctx, []storage.Mutation{write, second}))
	for i, err := range errs {
		if i == 1 {
			if err != nil {
				t.Error(err) // it does not name the column
			}
			continue
		}
		if !errors.Is(err, storage.ErrInvalid) || !storage.NotApplied(err) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// In a transaction of the server a statement that has become invalid is a
// conflict: the transaction has failed, and may succeed when it is run again.
func TestChangeWithinATransactionIsAConflict(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server, WithMaxConnections(1))
	table := simpleTable("ns", "t")
	create(t, s, table)
	scan := &storage.Scan{Table: table, Kind: storage.FullScan}
	if _, err := s.Scan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
	other := openAt(t, server, WithMaxConnections(1))
	if err := other.AlterColumnType(t.Context(), table.TableName, "v", storage.BigInt); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{storage.ErrConflict, nil} {
		tx, err := s.Begin(t.Context(), storage.TransactionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Scan(t.Context(), scan); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A server that was told to acknowledge commits before they are on disk is told
// otherwise.
func TestCommitsAreDurable(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server, WithMaxConnections(1))
	if got := results(t, s, "SHOW synchronous_commit")[0]; got != "on" {
		t.Errorf("synchronous_commit is %s", got)
	}
	remote := *server
	remote.URL += "&synchronous_commit=remote_apply"
	if got := results(t, openAt(t, &remote, WithMaxConnections(1)), "SHOW synchronous_commit")[0]; got != "remote_apply" {
		t.Errorf("synchronous_commit is %s, which was asked for as remote_apply", got)
	}
}

// Close does not wait for transactions that are open: they are cut off.
func TestCloseCutsTransactionsOff(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s, err := Open(t.Context(), server.URL, WithMaxConnections(3))
	if err != nil {
		t.Fatal(err)
	}
	table := simpleTable("ns", "t")
	create(t, s, table)
	tx, err := s.Begin(t.Context(), storage.TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := put(table, 1, 1)
	if err := tx.Mutate(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(t.Context()); err == nil {
		t.Error("a transaction that was cut off is committed")
	}
	if got := stored(t, openAt(t, server, WithMaxConnections(1))); got != "" {
		t.Error(got)
	}
}

func TestExhaustedPoolSaysSo(t *testing.T) {
	t.Parallel()
	server := *testserver.Postgres(t)
	server.URL += "&connect_timeout=60" // to connect may take longer
	s := openAt(t, &server, WithMaxConnections(1), WithConnectionTimeout(50*time.Millisecond))
	tx, err := s.Begin(t.Context(), storage.TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table := simpleTable("ns", "t")
	err = s.Mutate(t.Context(), []storage.Mutation{put(table, 1, 1)})
	if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "connection_pool.max_total") {
		t.Errorf("mutate without a connection: %v", err)
	}
	if _, err := s.Begin(t.Context(), storage.TransactionOptions{}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("begin without a connection: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Table(ctx, table.TableName); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.Table(t.Context(), table.TableName); !errors.Is(err, storage.ErrTableNotFound) {
		t.Error(err)
	}
}

// A killed server: what was acknowledged is there when it is back, and its
// clients find it again.
func TestServerIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	process := testserver.PostgresOwn(t, testserver.Durable)
	s := openAt(t, process.Server, WithMaxConnections(4))
	table := simpleTable("ns", "t")
	create(t, s, table)
	acknowledged, unknown := map[int32]bool{}, map[int32]bool{}
	k := int32(0)
	for round := range 3 {
		died := make(chan error, 1)
		go func() {
			time.Sleep(time.Duration(50+30*round) * time.Millisecond)
			died <- process.Kill()
		}()
		for alive := true; alive; {
			k += 2
			err := s.Mutate(t.Context(), []storage.Mutation{insert(table, k, k), insert(table, k+1, k)})
			switch {
			case err == nil:
				acknowledged[k] = true
			case errors.Is(err, storage.ErrUnknown):
				unknown[k] = true
			case !storage.NotApplied(err):
				t.Errorf("neither applied nor unknown nor not applied: %v", err)
			}
			alive = err == nil
		}
		if err := <-died; err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := s.Table(t.Context(), table.TableName); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	there := map[int32]bool{}
	for _, row := range results(t, s, `SELECT a.k FROM ns.t a JOIN ns.t b ON b.k=a.k+1 WHERE a.k%2=0`) {
		var k int32
		if _, err := fmt.Sscan(row, &k); err != nil {
			t.Fatal(err)
		}
		there[k] = true
		if !acknowledged[k] && !unknown[k] {
			t.Errorf("group %d was reported as not applied, and is there", k)
		}
	}
	for k := range acknowledged {
		if !there[k] {
			t.Errorf("group %d was acknowledged, and is lost", k)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
	if halves := results(t, s, `SELECT count(*)%2 FROM ns.t`)[0]; halves != "0" {
		t.Error("there is half a group")
	}
}
