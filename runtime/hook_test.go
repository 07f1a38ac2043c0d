package scalar_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

type (
	hookWait = func(context.Context) error
	hook     = func(ctx context.Context, p scalar.Preparation) (hookWait, error)
)

func TestTheHookIsToldOfEachTransactionOnce(t *testing.T) {
	t.Parallel()
	var told []scalar.Preparation
	onEach := func(_ context.Context, p scalar.Preparation) (hookWait, error) {
		told = append(told, p)
		return nil, nil
	}
	db := openDB(t, scalartest.With(scalar.BeforePrepare(onEach)))
	ctx := t.Context()
	withOrders(t, ctx, db)
	told = nil
	must(t, db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		must(t, second(orders.Get(ctx, tx, keyOfOrder(scanOrders[4])))) // reads are not told
		must(t, orders.Upsert(ctx, tx, first))
		must(t, orders.Update(ctx, tx, keyOfOrder(first), scalar.Set(orderColumns.Total, 1)))
		return orders.Delete(ctx, tx, keyOfOrder(scanOrders[0]))
	}))
	must(t, second(orders.Get(ctx, db, keyOfOrder(first)))) // nor is what writes nothing
	if len(told) != 1 || told[0].TxID == "" {
		t.Fatalf("told: %+v, want one transaction", told)
	}
	key := func(r Order) []string {
		return []string{scalar.IntValue(r.CustomerID).String(), scalar.BigIntValue(r.Timestamp).String(), scalar.IntValue(r.Seq).String()}
	}
	type write struct {
		Table  string
		Key    []string
		Delete bool
	}
	var got []write
	for _, w := range told[0].Writes {
		var values []string
		for _, v := range w.Key {
			values = append(values, v.String())
		}
		got = append(got, write{w.Table.String(), values, w.Delete})
	}
	slices.SortFunc(got, func(a, b write) int { return slices.Compare(a.Key, b.Key) })
	want := []write{{"test.orders", key(first), false}, {"test.orders", key(scanOrders[0]), true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestTheHookIsNotToldOfTransactionsInOnePhase(t *testing.T) {
	t.Parallel()
	db := openDB(t, scalartest.With(scalar.OnePhaseCommit(true), scalar.BeforePrepare(func(context.Context, scalar.Preparation) (hookWait, error) {
		t.Error("the hook is told")
		return nil, nil
	})))
	must(t, orders.Insert(t.Context(), db, first))
}

// The hook's own work runs beside prepare, and is waited for before the decision.
func TestTheDecisionWaitsForTheHook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		db := openDB(t, scalartest.With(scalar.BeforePrepare(func(context.Context, scalar.Preparation) (hookWait, error) {
			return func(context.Context) error {
				<-release
				return nil
			}, nil
		})))
		done := make(chan error)
		go func() { done <- orders.Insert(t.Context(), db, first) }()
		time.Sleep(time.Second)
		synctest.Wait()
		calls := scalartest.History(db)
		if len(calls.Of(scalartest.Prepare)) != 1 || len(calls.Of(scalartest.Decide)) != 0 {
			t.Errorf("calls while the hook is at work:\n%s\nwant the record prepared and nothing decided", calls)
		}
		close(release)
		must(t, <-done)
		must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
	})
}

func TestAnErrorOfTheHookAborts(t *testing.T) {
	t.Parallel()
	errHook := errors.New("replication is down")
	for name, test := range map[string]hook{
		"at once": func(context.Context, scalar.Preparation) (hookWait, error) { return nil, errHook },
		"at once, with a wait that must not be called": func(context.Context, scalar.Preparation) (hookWait, error) {
			return func(context.Context) error { panic("called") }, errHook
		},
		"later": func(context.Context, scalar.Preparation) (hookWait, error) {
			return func(context.Context) error { return errHook }, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachStorage(t, func(t *testing.T, db *scalar.DB) {
				ctx := t.Context()
				tx := begin(t, db)
				must(t, orders.Insert(ctx, tx, first))
				err := tx.Commit(ctx)
				wantError(t, err, scalar.ErrStorage, "the hook before preparation failed", "replication is down", "DB-CORE-30046", tx.ID())
				wantError(t, err, errHook)
				wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound)
				if status, err := db.Status(ctx, tx.ID()); status != scalar.StatusAborted || err != nil {
					t.Errorf("status %v, %v, want aborted", status, err)
				}
			}, scalar.BeforePrepare(test))
		})
	}
}

func TestAHookThatPanics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]hook{
		"at once": func(context.Context, scalar.Preparation) (hookWait, error) { panic("oops") },
		"later": func(context.Context, scalar.Preparation) (hookWait, error) {
			return func(context.Context) error { panic("oops") }, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachStorage(t, func(t *testing.T, db *scalar.DB) {
				ctx := t.Context()
				tx := begin(t, db)
				must(t, orders.Insert(ctx, tx, first))
				for name, commit := range map[string]func() error{
					"commit": func() error { return tx.Commit(ctx) },
					"transact": func() error {
						return db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error { return orders.Insert(ctx, tx, first) })
					},
					"insert": func() error { return orders.Insert(ctx, db, first) },
				} {
					func() {
						defer func() {
							if p := recover(); p != "oops" {
								t.Errorf("%s panics with %v, want the hook's own panic", name, p)
							}
						}()
						_ = commit()
					}()
					wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound) // nothing is left
				}
				wantError(t, tx.Commit(ctx), scalar.ErrClosed) // it has ended
			}, scalar.BeforePrepare(test), scalar.UncommittedWait(0))
		})
	}
}
