package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// throughProxy opens a server behind a proxy, with one table whose statements
// are prepared.
func throughProxy(t *testing.T, options ...Option) (*testserver.Proxy, *Storage, *storage.Table) {
	t.Helper()
	server := testserver.MariaDB(t)
	proxy := testserver.NewProxy(t, server)
	s := openServer(t, proxy.Server, append([]Option{WithPoolSize(2)}, options...)...)
	return proxy, s, counters(t, s, server.Prefix+"ns")
}

// counters creates a table of numbers: k, v.
func counters(t testing.TB, s *Storage, namespace string) *storage.Table {
	t.Helper()
	table := &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "t"},
		Columns:   []storage.Column{{Name: "k", Type: storage.Int}, {Name: "v", Type: storage.Int}, {Name: "s", Type: storage.Text}},
		Partition: []int{0},
	}
	createTable(t, s, table)
	return table
}

const (
	columnV = 1
	columnS = 2
)

func increment(t *storage.Table, k, from int32) storage.Mutation {
	m := putOne(t, k, columnV, storage.IntValue(from+1))
	m.Condition, m.Where = storage.If, []storage.Predicate{{Column: columnV, Value: storage.IntValue(from)}}
	return m
}

func insert(t *storage.Table, k, v int32) storage.Mutation {
	m := putOne(t, k, columnV, storage.IntValue(v))
	m.Condition = storage.IfNotExists
	return m
}

func mutate(t testing.TB, s *Storage, group ...storage.Mutation) {
	t.Helper()
	if err := s.Mutate(t.Context(), group); err != nil {
		t.Fatal(err)
	}
}

// value reads the number of a record, −1 if it is not there.
func value(t testing.TB, s *Storage, table *storage.Table, k int32) int32 {
	t.Helper()
	rows, err := s.Get(context.WithoutCancel(t.Context()), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(k)}}})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0] == nil {
		return -1
	}
	return int32(rows[0][columnV].Int64())
}

// TestFaultsOfWrites cuts the connection at the request that commits, and checks
// that the outcome is unknown exactly if the server may have carried it out.
func TestFaultsOfWrites(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"compound", "statements"} {
		proxy, s, table := throughProxy(t)
		s.server.compounds = form == "compound"
		k := int32(0)
		for _, size := range []int{1, 2} {
			for _, fault := range []testserver.Fault{
				testserver.CutBefore, testserver.CutWithin, testserver.CutAfter, testserver.CutReply, testserver.HoleBefore, testserver.HoleAfter,
				testserver.EndRepliesBefore, testserver.EndRepliesAfter, testserver.EndRequests,
			} {
				t.Run(fmt.Sprintf("%s of %d/%v", form, size, fault), func(t *testing.T) {
					k += 10
					var group []storage.Mutation
					for i := range int32(size) {
						mutate(t, s, insert(table, k+i, 0))
						group = append(group, increment(table, k+i, 0))
					}
					mutate(t, s, group...) // from 0 to 1, and the statement is prepared
					for i := range group {
						group[i] = increment(table, k+int32(i), 1)
					}
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if fault == testserver.HoleBefore || fault == testserver.HoleAfter {
						// Nobody else will end the call.
						timer := time.AfterFunc(200*time.Millisecond, cancel)
						defer timer.Stop()
					}
					before := proxy.Faults()
					proxy.Nth(1, fault)
					err := s.Mutate(ctx, group)
					proxy.Script(nil)
					if proxy.Faults() != before+1 {
						t.Fatal("the fault did not strike")
					}
					switch {
					case err == nil:
						if fault != testserver.EndRequests {
							t.Error("the reply cannot have come")
						}
					case !errors.Is(err, storage.ErrUnknown) || storage.NotApplied(err):
						t.Errorf("error %v, want an unknown outcome", err)
					case ctx.Err() != nil && !errors.Is(err, context.Canceled):
						t.Errorf("error %v does not say that the context was cancelled", err)
					}
					want := int32(1)
					if fault.Applied() {
						want = 2
					}
					for i := range int32(size) {
						if got := value(t, s, table, k+i); got != want {
							t.Errorf("record %d is %d, want %d: the write was sent again, or not at all", k+i, got, want)
						}
					}
				})
			}
		}
	}
}

// TestReadsSurviveALostConnection cuts reads, which are made again.
func TestReadsSurviveALostConnection(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t)
	mutate(t, s, insert(table, 1, 7))
	for _, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutWithin, testserver.CutAfter, testserver.CutReply, testserver.EndRepliesAfter} {
		if got := value(t, s, table, 1); got != 7 {
			t.Fatal(got)
		}
		proxy.Nth(1, fault)
		if got := value(t, s, table, 1); got != 7 {
			t.Errorf("%v: get: %d, want 7", fault, got)
		}
		proxy.Nth(1, fault)
		page, err := s.Scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
		if err != nil || len(page.Rows) != 1 {
			t.Errorf("%v: scan: %v, %v", fault, page, err)
		}
	}
}

// TestConnectionsFoundDeadAreReplaced has all idle connections closed, as by a
// server that was restarted: a write that has not been sent is sent.
func TestConnectionsFoundDeadAreReplaced(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t)
	for i := range int32(5) {
		mutate(t, s, insert(table, i, 1))
		proxy.CutAll()
	}
	mutate(t, s, insert(table, 9, 1))
}

// TestPrepareThatIsLostIsMadeAgain cuts the request that prepares a statement:
// it has no effect, so the write goes on.
func TestPrepareThatIsLostIsMadeAgain(t *testing.T) {
	t.Parallel()
	for _, fault := range []testserver.Fault{testserver.CutBefore, testserver.CutAfter} {
		proxy, s, table := throughProxy(t)
		proxy.Matching("INSERT INTO", fault)
		mutate(t, s, insert(table, 1, 1))
		if proxy.Faults() != 1 {
			t.Error("the fault did not strike")
		}
		proxy.Matching("BEGIN NOT ATOMIC", fault)
		mutate(t, s, increment(table, 1, 1), putOne(table, 2, columnV, storage.IntValue(2)))
		if proxy.Faults() != 2 {
			t.Error("the fault did not strike")
		}
	}
}

// TestGroupTooLargeForOneRequest applies a group in several requests and cuts
// each of them.
func TestGroupTooLargeForOneRequest(t *testing.T) {
	t.Parallel()
	proxy, s, table := throughProxy(t)
	s.server.compounds = false
	big := storage.TextValue(string(slices.Repeat([]byte("x'"), 3<<20))) // 6 MiB, and a request has 16
	group := func(k int32) []storage.Mutation {
		return []storage.Mutation{putOne(table, k, columnS, big), putOne(table, k+1, columnS, big), increment(table, k+2, 0)}
	}
	mutate(t, s, insert(table, 3, 0))
	mutate(t, s, group(1)...)
	if value(t, s, table, 3) != 1 {
		t.Error("the group was not applied")
	}
	if err := s.Mutate(t.Context(), group(1)); !errors.Is(err, storage.ErrCondition) {
		t.Errorf("error %v, want %v", err, storage.ErrCondition)
	}
	// BEGIN, three statements, COMMIT.
	for n := 1; n <= 5; n++ {
		k := int32(n * 10)
		mutate(t, s, insert(table, k+2, 0))
		proxy.Nth(n, testserver.CutAfter)
		err := s.Mutate(t.Context(), group(k))
		proxy.Script(nil)
		got := value(t, s, table, k+2)
		switch {
		case n < 5 && (err != nil && !storage.NotApplied(err) || (err == nil) != (got == 1)):
			t.Errorf("request %d lost: error %v, and the record is %d", n, err, got)
		case n == 5 && (!errors.Is(err, storage.ErrUnknown) || got != 1):
			t.Errorf("COMMIT lost: error %v, and the record is %d", err, got)
		}
	}
}

func TestValueTooLargeForARequest(t *testing.T) {
	t.Parallel()
	_, s, table := throughProxy(t)
	m := putOne(table, 1, columnS, storage.TextValue(string(make([]byte, s.server.maxPacket))))
	for _, group := range [][]storage.Mutation{{m}, {m, insert(table, 2, 1)}} {
		err := s.Mutate(t.Context(), group)
		if !errors.Is(err, storage.ErrInvalid) || !storage.NotApplied(err) {
			t.Errorf("error %v, want %v", err, storage.ErrInvalid)
		}
	}
}
