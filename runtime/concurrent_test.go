package scalar_test

import (
	"context"
	"testing"

	"golang.org/x/sync/errgroup"

	scalar "github.com/scalargen/scalargen/runtime"
)

// Reads of all kinds share one read set; the race detector watches.
func TestConcurrentReadsOfOneTransactionAgree(t *testing.T) {
	t.Parallel()
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable, scalar.ReadCommitted} {
		onEachStorage(t, func(t *testing.T, db *scalar.DB) {
			withOrders(t, t.Context(), db)
			own := Order{CustomerID: 1, Timestamp: 15, Seq: 1}
			must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				must(t, orders.Insert(ctx, tx, own))
				group, ctx := errgroup.WithContext(ctx)
				for i := range 24 {
					group.Go(func() error {
						switch i % 4 {
						case 0:
							got, err := orders.Get(ctx, tx, keyOfOrder(scanOrders[i%len(scanOrders)]))
							if err == nil && got != scanOrders[i%len(scanOrders)] {
								t.Errorf("got %+v", got)
							}
							return err
						case 1:
							got, err := orders.GetAll(ctx, tx, []OrderKey{keyOfOrder(own), {9, 9, 9}})
							if err == nil && (got[0] == nil || *got[0] != own || got[1] != nil) {
								t.Errorf("got all %+v", got)
							}
							return err
						case 2:
							got, err := scalar.Collect(orders.Scan(ctx, tx, ordersOf(1)))
							if err == nil && len(got) != len(scanOrders)+1 {
								t.Errorf("scanned %v", shown(got))
							}
							return err
						default:
							got, err := scalar.Collect(orders.Scan(ctx, tx, ordersByOrderID("ab")))
							if err == nil && len(got) != 2 {
								t.Errorf("found by index %v", shown(got))
							}
							return err
						}
					})
				}
				return group.Wait()
			}, scalar.WithIsolation(level)))
			must(t, second(orders.Get(t.Context(), db, keyOfOrder(own))))
		})
	}
}
