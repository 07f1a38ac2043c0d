package faulty_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/storagetest"
)

var (
	state = storagetest.Table("coordinator", "state", storagetest.PartitionKey("tx_id", storage.Text), storagetest.Column("tx_state", storage.Int))
	items = storagetest.Table("shop", "items", storagetest.PartitionKey("id", storage.Int), storagetest.Indexed("kind", storage.Int), storagetest.Column("n", storage.Int))
)

// open returns a wrapped memory storage with both tables, and the storage
// below, where tests look at what really happened.
func open(t *testing.T, script faulty.Script, options ...faulty.Option) (*faulty.Storage, *memory.Storage) {
	t.Helper()
	inner := memory.New()
	for _, table := range []*storage.Table{state, items} {
		if err := inner.CreateNamespace(t.Context(), table.Namespace, nil); err != nil {
			t.Fatal(err)
		}
		if err := inner.CreateTable(t.Context(), table, nil); err != nil {
			t.Fatal(err)
		}
	}
	return faulty.Wrap(inner, script, options...), inner
}

// putItem gives items with an even id the kind 2, the others 1.
func putItem(id, n int32) []storage.Mutation {
	return []storage.Mutation{{
		Table: items, Op: storage.Put, Key: []storage.Value{storage.IntValue(id)},
		Columns: []int{items.Column("n"), items.Column("kind")}, Values: []storage.Value{storage.IntValue(n), storage.IntValue(2 - id%2)},
	}}
}

func insertState(id string) []storage.Mutation {
	return []storage.Mutation{{
		Table: state, Op: storage.Put, Key: []storage.Value{storage.TextValue(id)}, Condition: storage.IfNotExists,
		Columns: []int{state.Column("tx_state")}, Values: []storage.Value{storage.IntValue(3)},
	}}
}

func getItem(id int32) []storage.Get {
	return []storage.Get{{Table: items, Key: []storage.Value{storage.IntValue(id)}}}
}

// numberOf returns the n of an item, −1 if there is none.
func numberOf(t *testing.T, s storage.Storage, id int32) int64 {
	t.Helper()
	rows, err := s.Get(context.Background(), getItem(id))
	if err != nil {
		t.Fatal(err)
	}
	if rows[0] == nil {
		return -1
	}
	return rows[0][items.Column("n")].Int64()
}

func TestConformanceWithoutFaults(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]faulty.Option{"plain": nil, "with history": {faulty.WithHistory(3)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opened []*memory.Storage
			open := func(*testing.T) storage.Storage {
				opened = append(opened, memory.New())
				return faulty.Wrap(opened[len(opened)-1], nil, options...)
			}
			foreign := storagetest.ForeignTables(func(_ storage.Storage, definition *storage.Table) error {
				return opened[0].AddForeignTable(definition)
			})
			storagetest.Run(t, open, foreign)
		})
	}
}

func TestMutateFaults(t *testing.T) {
	t.Parallel()
	down := errors.New("server down")
	for _, c := range []struct {
		name    string
		action  faulty.Action
		want    error // nil for success
		applied bool
		replies int
	}{
		{"no action", nil, nil, true, 1},
		{"fail", faulty.Fail(down), down, false, 0},
		{"fail after effect", faulty.FailAfter(down), down, true, 1},
		{"lost request", faulty.LoseRequest, storage.ErrUnknown, false, 0},
		{"lost reply", faulty.LoseReply, storage.ErrUnknown, true, 1},
		{"resent at once", faulty.Resend(0), nil, true, 1},
		{"late", faulty.Late(5), storage.ErrUnknown, false, 0},
		{"no delay, then a lost reply", faulty.Delay(0).Then(faulty.LoseReply), storage.ErrUnknown, true, 1},
		{"conflict", faulty.Fail(&storage.Error{Class: storage.ErrConflict}), storage.ErrConflict, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, inner := open(t, faulty.Rules(faulty.On(faulty.Mutate).Do(c.action)))
			err := s.Mutate(t.Context(), putItem(1, 7))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if errors.Is(err, storage.ErrUnknown) && storage.NotApplied(err) {
				t.Errorf("error %v promises too much", err)
			}
			if applied := numberOf(t, inner, 1) == 7; applied != c.applied {
				t.Errorf("applied: %t, want %t", applied, c.applied)
			}
			if calls := s.Calls(); len(calls) != 1 || len(calls[0].Replies) != c.replies || !calls[0].Returned || !errors.Is(calls[0].Err, err) {
				t.Errorf("log: %+v", calls)
			}
		})
	}
}

func TestReadFaultsAreNoUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]faulty.Action{"request": faulty.LoseRequest, "reply": faulty.LoseReply} {
		s, _ := open(t, faulty.Rules(faulty.On().Do(action)))
		_, getErr := s.Get(t.Context(), getItem(1))
		_, scanErr := s.Scan(t.Context(), &storage.Scan{Table: items, Kind: storage.FullScan})
		_, tableErr := s.Table(t.Context(), items.TableName)
		_, namespacesErr := s.Admin().Namespaces(t.Context())
		for _, err := range []error{getErr, scanErr, tableErr, namespacesErr, s.Admin().DropTable(t.Context(), items.TableName)} {
			if err == nil || errors.Is(err, storage.ErrUnknown) {
				t.Errorf("lost %s: error %v", name, err)
			}
		}
	}
}

func TestRulesPickCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rule *faulty.Rule
		want []int // the calls of the sequence below that fail, from 1
	}{
		{"every call", faulty.On(), []int{1, 2, 3, 4, 5, 6}},
		{"operation", faulty.On(faulty.Get), []int{1, 4}},
		{"operations", faulty.On(faulty.Get, faulty.Scan), []int{1, 4, 6}},
		{"table", faulty.On().Table("coordinator", "state"), []int{3, 5}},
		{"nth on table", faulty.On(faulty.Mutate).Table("coordinator", "state").Nth(2), []int{5}},
		{"from", faulty.On(faulty.Mutate).From(2), []int{3, 5}},
		{"until", faulty.On(faulty.Mutate).Until(2), []int{2, 3}},
		{"from until", faulty.On().From(2).Until(3), []int{2, 3}},
		{"matching", faulty.On().Matching(func(c *faulty.Call) bool { return c.Seq%3 == 0 }), []int{3, 6}},
		{"matching the request", faulty.On(faulty.Mutate).Matching(func(c *faulty.Call) bool { return c.Mutations[0].Condition == storage.IfNotExists }), []int{3, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			down := errors.New("down")
			s, _ := open(t, faulty.Rules(c.rule.Do(faulty.Fail(down))))
			var failed []int
			for n, err := range []error{
				second(s.Get(t.Context(), getItem(1))),
				s.Mutate(t.Context(), putItem(1, 1)),
				s.Mutate(t.Context(), insertState("a")),
				second(s.Get(t.Context(), getItem(1))),
				s.Mutate(t.Context(), insertState("b")),
				second(s.Scan(t.Context(), &storage.Scan{Table: items, Kind: storage.FullScan})),
			} {
				if errors.Is(err, down) {
					failed = append(failed, n+1)
				} else if err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(c.want, failed); diff != "" {
				t.Errorf("failed calls (-want +got):\n%s", diff)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestFirstRuleWinsAndAllCount(t *testing.T) {
	t.Parallel()
	first, other := errors.New("first"), errors.New("other")
	s, _ := open(t, faulty.Rules(
		faulty.On(faulty.Mutate).Nth(1).Do(faulty.Fail(first)),
		faulty.On(faulty.Mutate).Until(2).Do(faulty.Fail(other)),
	))
	for n, want := range []error{first, other, nil} {
		if err := s.Mutate(t.Context(), putItem(1, 1)); !errors.Is(err, want) {
			t.Errorf("call %d: %v, want %v", n+1, err, want)
		}
	}
}

func TestSecondDeliveryUndoesALaterWrite(t *testing.T) {
	t.Parallel()
	s, inner := open(t, faulty.Rules(faulty.On(faulty.Mutate).Nth(1).Do(faulty.Resend(2))))
	for n := range int32(2) { // the first call is sent again after the second
		if err := s.Mutate(t.Context(), putItem(1, n)); err != nil {
			t.Fatal(err)
		}
	}
	if got := numberOf(t, inner, 1); got != 1 {
		t.Fatalf("before the second delivery: %d", got)
	}
	if _, err := s.Get(t.Context(), getItem(2)); err != nil {
		t.Fatal(err)
	}
	if got := numberOf(t, inner, 1); got != 0 {
		t.Errorf("after the second delivery: %d, want 0", got)
	}
	if replies := s.Calls()[0].Replies; len(replies) != 2 {
		t.Errorf("the request arrived %d times, want 2", len(replies))
	}
}

// A conditional insert that is sent again fails the second time, though it was
// applied: the reason why no adapter may resend by itself.
func TestSecondDeliveryOfAnInsertFails(t *testing.T) {
	t.Parallel()
	s, _ := open(t, faulty.Rules(faulty.On(faulty.Mutate).Do(faulty.Resend(1))))
	if err := s.Mutate(t.Context(), insertState("tx")); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	replies := s.Calls()[0].Replies
	if len(replies) != 2 || replies[0] != nil || !errors.Is(replies[1], storage.ErrCondition) {
		t.Errorf("replies %v", replies)
	}
}

func TestLateRequestArrives(t *testing.T) {
	t.Parallel()
	s, inner := open(t, faulty.Rules(faulty.On(faulty.Mutate).Nth(1).Do(faulty.Late(2))))
	ctx, cancel := context.WithCancel(t.Context())
	group := putItem(1, 7)
	if err := s.Mutate(ctx, group); !errors.Is(err, storage.ErrUnknown) {
		t.Fatal(err)
	}
	cancel()                    // of a request that is under way
	group[0] = putItem(2, 8)[0] // the caller uses its slice again
	for n, want := range []int64{-1, 7} {
		if _, err := s.Get(t.Context(), getItem(9)); err != nil {
			t.Fatal(err)
		}
		if got := numberOf(t, inner, 1); got != want {
			t.Errorf("after %d further calls: %d, want %d", n+1, got, want)
		}
	}
	if got := numberOf(t, inner, 2); got != -1 {
		t.Errorf("the late request wrote another record")
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		action  faulty.Action
		timeout time.Duration
		want    error
		unknown bool
		applied bool
	}{
		{"request, long enough", faulty.Delay(time.Minute), time.Hour, nil, false, true},
		{"request, cancelled", faulty.Delay(time.Hour), time.Minute, context.DeadlineExceeded, false, false},
		{"reply, long enough", faulty.DelayReply(time.Minute), time.Hour, nil, false, true},
		{"reply, cancelled", faulty.DelayReply(time.Hour), time.Minute, context.DeadlineExceeded, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, inner := open(t, faulty.Rules(faulty.On(faulty.Mutate).Do(c.action)))
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				begin := time.Now()
				err := s.Mutate(ctx, putItem(1, 7))
				if !errors.Is(err, c.want) || errors.Is(err, storage.ErrUnknown) != c.unknown || err != nil && storage.NotApplied(err) == c.unknown {
					t.Errorf("error %v", err)
				}
				if waited := time.Since(begin); waited != time.Minute {
					t.Errorf("waited %s, want 1m", waited)
				}
				if applied := numberOf(t, inner, 1) == 7; applied != c.applied {
					t.Errorf("applied: %t, want %t", applied, c.applied)
				}
			})
		})
	}
}

func TestPark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before, after := faulty.NewGate(), faulty.NewGate()
		s, inner := open(t, faulty.Rules(faulty.On(faulty.Mutate).Do(faulty.Park(before).Then(faulty.ParkReply(after)))))
		done := make(chan error, 1)
		go func() { done <- s.Mutate(t.Context(), putItem(1, 7)) }()
		<-before.Arrived()
		synctest.Wait()
		if got := numberOf(t, inner, 1); got != -1 || s.Calls()[0].Returned {
			t.Errorf("applied before the gate was opened: %d", got)
		}
		before.Open()
		<-after.Arrived()
		synctest.Wait()
		if got := numberOf(t, inner, 1); got != 7 || len(done) != 0 {
			t.Errorf("not applied, or answered, before the second gate was opened: %d", got)
		}
		after.Open()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Mutate(t.Context(), putItem(1, 8)); err != nil { // open gates hold nobody
			t.Error(err)
		}
	})
}

func TestParkedCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		park    func(*faulty.Gate) faulty.Action
		applied bool
	}{"request": {faulty.Park, false}, "reply": {faulty.ParkReply, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := faulty.NewGate()
			s, inner := open(t, faulty.Rules(faulty.On().Do(c.park(gate))))
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-gate.Arrived()
				cancel()
			}()
			err := s.Mutate(ctx, putItem(1, 7))
			if !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnknown) != c.applied {
				t.Errorf("error %v", err)
			}
			if applied := numberOf(t, inner, 1) == 7; applied != c.applied {
				t.Errorf("applied: %t, want %t", applied, c.applied)
			}
		})
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	full := storage.Scan{Table: items, Kind: storage.FullScan, Columns: []int{items.Column("id"), items.Column("n")}}
	index := full
	index.Kind, index.Index, index.IndexValue = storage.IndexScan, items.Column("kind"), storage.IntValue(1)
	index.Where = storage.Filter{{{Column: items.Column("n"), Operator: storage.Ne, Value: storage.IntValue(13)}}}
	other := storagetest.Table("shop", "items", storagetest.Column("n", storage.Int), storagetest.Indexed("kind", storage.Int), storagetest.PartitionKey("id", storage.Int))
	for _, c := range []struct {
		name string
		lag  int
		scan storage.Scan
		want map[int64]int64
	}{
		{"no lag", 0, full, map[int64]int64{1: 21, 3: 13}},
		{"one", 1, full, map[int64]int64{1: 21, 2: 12, 3: 13}},
		{"two", 2, full, map[int64]int64{1: 11, 2: 12, 3: 13}},
		{"three", 3, full, map[int64]int64{1: 11, 2: 12}},
		{"more than remembered", 9, full, map[int64]int64{1: 11}},
		{"index and filter", 2, index, map[int64]int64{1: 11}},
		{"small pages", 2, func() storage.Scan { s := full; s.Limit = 1; return s }(), map[int64]int64{1: 11, 2: 12, 3: 13}},
		{"another order of columns", 2, storage.Scan{Table: other, Kind: storage.FullScan, Columns: []int{2, 0}}, map[int64]int64{1: 11, 2: 12, 3: 13}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(t, nil, faulty.WithHistory(4))
			for _, group := range [][]storage.Mutation{
				putItem(1, 11), putItem(2, 12), putItem(3, 13), putItem(1, 21),
				{{Table: items, Op: storage.Delete, Key: []storage.Value{storage.IntValue(2)}}},
			} {
				if err := s.Mutate(t.Context(), group); err != nil {
					t.Fatal(err)
				}
			}
			s.SetScript(faulty.Rules(faulty.On(faulty.Scan).Nth(1).Do(faulty.Lag(c.lag))))
			got := map[int64]int64{}
			for scan := c.scan; ; {
				page, err := s.Scan(t.Context(), &scan)
				if err != nil {
					t.Fatal(err)
				}
				if scan.Limit > 0 && len(page.Rows) > scan.Limit {
					t.Errorf("%d rows in a page for limit %d", len(page.Rows), scan.Limit)
				}
				for _, row := range page.Rows {
					got[row[0].Int64()] = row[1].Int64()
				}
				if page.Next == nil {
					break
				}
				scan.After = page.Next
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInfoWithHistoryPromisesLess(t *testing.T) {
	t.Parallel()
	s, inner := open(t, nil)
	if diff := cmp.Diff(inner.Info("x").Name, s.Info("x").Name); diff != "" || !s.Info("x").LinearizableIndexScan {
		t.Errorf("Info without history: %+v", s.Info("x"))
	}
	behind, _ := open(t, nil, faulty.WithHistory(1))
	if info := behind.Info("x"); info.LinearizableIndexScan || info.LinearizableFullScan || !info.LinearizableGet {
		t.Errorf("Info with history: %+v", info)
	}
}

func TestCallsAreLogged(t *testing.T) {
	t.Parallel()
	s, _ := open(t, nil)
	both := append(insertState("tx"), putItem(1, 1)...)
	both = append(both, putItem(2, 1)...)
	if err := s.Mutate(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	_ = second(s.Get(t.Context(), append(getItem(1), getItem(2)...)))
	_ = s.Mutate(t.Context(), insertState("tx"))
	_ = s.Admin().DropNamespace(t.Context(), "nobody")

	calls := s.Calls()
	if diff := cmp.Diff([]faulty.Op{faulty.Mutate, faulty.Get, faulty.Mutate, faulty.DropNamespace}, ops(calls)); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]storage.TableName{state.TableName, items.TableName}, calls[0].Tables); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if len(calls[1].Gets) != 2 || len(calls[0].Mutations) != 3 || calls[1].Seq != 2 {
		t.Errorf("calls %+v", calls)
	}
	if !errors.Is(calls[2].Err, storage.ErrCondition) || !errors.Is(calls[2].Replies[0], storage.ErrCondition) {
		t.Errorf("outcome of the failed insert: %+v", calls[2])
	}
	if s.Count() != 4 || s.Count(faulty.Mutate) != 2 || s.Count(faulty.Scan, faulty.Get) != 1 {
		t.Errorf("counts: %d, %d, %d", s.Count(), s.Count(faulty.Mutate), s.Count(faulty.Scan, faulty.Get))
	}
	s.ResetCalls()
	_ = second(s.Admin().Tables(t.Context(), "shop"))
	if calls := s.Calls(); len(calls) != 1 || calls[0].Seq != 5 {
		t.Errorf("after reset: %+v", calls)
	}
}

func ops(calls []faulty.Outcome) []faulty.Op {
	return slices.Collect(func(yield func(faulty.Op) bool) {
		for _, c := range calls {
			if !yield(c.Op) {
				return
			}
		}
	})
}
