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
)

// batch writes the items 1 and 3 and, between them, inserts the row of a
// transaction that has one already if it is "old".
func batch(tx string) [][]storage.Mutation {
	return [][]storage.Mutation{putItem(1, 7), insertState(tx), putItem(3, 7)}
}

func TestBatchFaults(t *testing.T) {
	t.Parallel()
	down := errors.New("server down")
	lost, condition := storage.ErrUnknown, storage.ErrCondition
	for _, c := range []struct {
		name    string
		action  faulty.Action
		tx      string
		want    []error
		applied []bool // items 1 and 3
		replies int
	}{
		{"no action", nil, "new", []error{nil, nil, nil}, []bool{true, true}, 1},
		{"no action, one condition false", nil, "old", []error{nil, condition, nil}, []bool{true, true}, 1},
		{"fail", faulty.Fail(down), "new", []error{down, down, down}, []bool{false, false}, 0},
		{"fail after effect", faulty.FailAfter(down), "old", []error{down, down, down}, []bool{true, true}, 1},
		{"fail as told", faulty.Fail(&faulty.BatchError{Groups: []error{nil, down, nil}}), "new", []error{nil, down, nil}, []bool{false, false}, 0},
		{"conflict", faulty.Fail(&storage.Error{Class: storage.ErrConflict}), "new", []error{storage.ErrConflict, storage.ErrConflict, storage.ErrConflict}, []bool{false, false}, 0},
		{"lost request", faulty.LoseRequest, "new", []error{lost, lost, lost}, []bool{false, false}, 0},
		{"lost reply", faulty.LoseReply, "old", []error{lost, lost, lost}, []bool{true, true}, 1},
		{"late", faulty.Late(5), "new", []error{lost, lost, lost}, []bool{false, false}, 0},
		{"resent at once", faulty.Resend(0), "new", []error{nil, nil, nil}, []bool{true, true}, 1},
		{"cut at the beginning", faulty.Cut(0), "new", []error{lost, lost, lost}, []bool{false, false}, 1},
		{"cut within", faulty.Cut(2), "old", []error{nil, condition, lost}, []bool{true, false}, 1},
		{"cut behind the end", faulty.Cut(4), "old", []error{nil, condition, nil}, []bool{true, true}, 1},
		{"cut and a lost reply", faulty.Cut(1).Then(faulty.LoseReply), "new", []error{lost, lost, lost}, []bool{true, false}, 1},
		{"nothing sent, nothing said", func(context.Context, *faulty.Exchange) error { return nil }, "new", []error{nil, nil, nil}, []bool{false, false}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, inner := open(t, faulty.Rules(faulty.On(faulty.MutateBatch).Do(c.action)))
			if err := s.Mutate(t.Context(), insertState("old")); err != nil {
				t.Fatal(err)
			}
			s.ResetCalls()
			errs := s.MutateBatch(t.Context(), batch(c.tx))
			if len(errs) != len(c.want) {
				t.Fatalf("%d outcomes: %v", len(errs), errs)
			}
			for i, err := range errs {
				if !errors.Is(err, c.want[i]) {
					t.Errorf("group %d: error %v, want %v", i, err, c.want[i])
				}
				if errors.Is(err, storage.ErrUnknown) && storage.NotApplied(err) {
					t.Errorf("group %d: error %v promises too much", i, err)
				}
			}
			if diff := cmp.Diff(c.applied, []bool{numberOf(t, inner, 1) == 7, numberOf(t, inner, 3) == 7}); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if calls := s.Calls(); len(calls) != 1 || len(calls[0].Replies) != c.replies || !calls[0].Returned {
				t.Errorf("log: %+v", calls)
			}
		})
	}
}

func TestBatchIsOneCall(t *testing.T) {
	t.Parallel()
	var seen []faulty.Call
	s, _ := open(t, func(call faulty.Call) faulty.Action {
		seen = append(seen, call)
		return nil
	})
	groups := append(batch("tx"), nil, putItem(4, 1))
	groups[2] = append(groups[2], putItem(5, 1)...)
	if errs := s.MutateBatch(t.Context(), groups); !slices.Equal(errs, make([]error, 5)) {
		t.Fatal(errs)
	}
	if s.Count() != 1 || s.Count(faulty.MutateBatch) != 1 || s.Count(faulty.Mutate) != 0 || len(seen) != 1 {
		t.Errorf("counts: %d, %d, %d; the script saw %d", s.Count(), s.Count(faulty.MutateBatch), s.Count(faulty.Mutate), len(seen))
	}
	call := s.Calls()[0]
	if diff := cmp.Diff(groups[2], call.Groups[2], cmp.Comparer(func(a, b storage.Value) bool { return a == b })); diff != "" || len(call.Groups) != len(groups) {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if len(call.Mutations) != 5 || !call.Concerns("coordinator", "state") || !call.Concerns("shop", "items") || call.Err != nil || call.Replies[0] != nil {
		t.Errorf("call: %+v", call)
	}
	_ = s.MutateBatch(t.Context(), batch("tx"))
	call = s.Calls()[1]
	reply := new(faulty.BatchError)
	if !errors.As(call.Err, &reply) || !errors.Is(reply.Groups[1], storage.ErrCondition) || reply.Groups[0] != nil || reply != call.Replies[0] {
		t.Errorf("outcome: %+v", call)
	}
	if got, want := reply.Error(), "1 of 3 groups failed, first group 1: mutate coordinator.state: condition not satisfied"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestLateBatchArrivesAsItWasSent(t *testing.T) {
	t.Parallel()
	s, inner := open(t, faulty.Rules(faulty.On(faulty.MutateBatch).Do(faulty.Late(1))))
	groups := batch("tx")
	ctx, cancel := context.WithCancel(t.Context())
	_ = s.MutateBatch(ctx, groups)
	cancel()                        // of a request that is under way
	groups[0][0] = putItem(2, 8)[0] // the caller uses its slices again
	groups[2] = groups[0]
	_ = s.MutateBatch(t.Context(), nil) // the next call
	if one, two, three := numberOf(t, inner, 1), numberOf(t, inner, 2), numberOf(t, inner, 3); one != 7 || two != -1 || three != 7 {
		t.Errorf("items %d, %d, %d; want 7, none, 7", one, two, three)
	}
}

func TestCancelledWaitOfABatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action  func() faulty.Action // within the bubble
		unknown bool
	}{
		"request":        {func() faulty.Action { return faulty.Delay(time.Hour) }, false},
		"reply":          {func() faulty.Action { return faulty.DelayReply(time.Hour) }, true},
		"parked request": {func() faulty.Action { return faulty.Park(faulty.NewGate()) }, false},
		"parked reply":   {func() faulty.Action { return faulty.ParkReply(faulty.NewGate()) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, inner := open(t, faulty.Rules(faulty.On(faulty.MutateBatch).Do(c.action())))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				for i, err := range s.MutateBatch(ctx, batch("tx")) {
					if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrUnknown) != c.unknown || storage.NotApplied(err) == c.unknown {
						t.Errorf("group %d: error %v", i, err)
					}
				}
				if applied := numberOf(t, inner, 1) == 7; applied != c.unknown {
					t.Errorf("applied: %t, want %t", applied, c.unknown)
				}
			})
		})
	}
}

func TestBatchCountsOnceInTheHistory(t *testing.T) {
	t.Parallel()
	s, _ := open(t, nil, faulty.WithHistory(2))
	insert := putItem(1, 99)
	insert[0].Condition = storage.IfNotExists
	for _, groups := range [][][]storage.Mutation{
		{putItem(1, 11), putItem(2, 12)},
		{putItem(2, 22), insert, putItem(3, 13)}, // the insert finds item 1
		{insert},                                 // nothing applied, nothing to lag behind
	} {
		_ = s.MutateBatch(t.Context(), groups)
	}
	full := storage.Scan{Table: items, Kind: storage.FullScan, Columns: []int{items.Column("id"), items.Column("n")}}
	for lag, want := range []map[int64]int64{{1: 11, 2: 22, 3: 13}, {1: 11, 2: 12}, {}} {
		s.SetScript(faulty.Rules(faulty.On(faulty.Scan).Do(faulty.Lag(lag))))
		page, err := s.Scan(t.Context(), &full)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int64]int64{}
		for _, row := range page.Rows {
			got[row[0].Int64()] = row[1].Int64()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lag %d: rows (-want +got):\n%s", lag, diff)
		}
	}
}

// unbatched is a storage without the capability, as most are.
type unbatched struct{ storage.Storage }

func TestNoBatchesBelow(t *testing.T) {
	t.Parallel()
	without := memory.New(memory.WithoutBatch())
	for name, inner := range map[string]storage.Storage{"no Batcher": unbatched{without}, "no promise": without} {
		s := faulty.Wrap(inner, nil)
		if s.Info("shop").Batch {
			t.Errorf("%s: Info.Batch is true", name)
		}
		errs := s.MutateBatch(t.Context(), batch("tx"))
		if len(errs) != 3 {
			t.Errorf("%s: %d outcomes", name, len(errs))
		}
		for _, err := range errs {
			if !errors.Is(err, storage.ErrInvalid) || !storage.NotApplied(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if s, _ := open(t, nil); !s.Info("shop").Batch {
		t.Error("Info.Batch of the storage below is not passed on")
	}
}

func TestOutcomesThatAreTooFewAreABugOfTheScript(t *testing.T) {
	t.Parallel()
	s, _ := open(t, faulty.Rules(faulty.On().Do(faulty.Fail(&faulty.BatchError{Groups: []error{storage.ErrUnknown}}))))
	defer func() {
		if recover() == nil {
			t.Error("one outcome for three groups was accepted")
		}
	}()
	_ = s.MutateBatch(t.Context(), batch("tx"))
}
