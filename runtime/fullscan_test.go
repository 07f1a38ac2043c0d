package scalar_test

import (
	"context"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
)

const refusedScan = "scans of whole tables are switched off: switch scalar.db.cross_partition_scan.enabled on, or allow them here with AllowFullScans(true)"

func scanAll(ctx context.Context, run scalar.Runner) error {
	return second(scalar.Collect(orders.Scan(ctx, run, allOrders())))
}

func TestFullScansMayBeRefused(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		withOrders(t, ctx, db)
		wantError(t, scanAll(ctx, db), scalar.ErrInvalid, "test.orders: "+refusedScan, "DB-CORE-10006")
		err := db.Transact(ctx, scanInTx)
		wantError(t, err, scalar.ErrInvalid, refusedScan)
		wantError(t, second(scalar.Collect(audit.Scan(ctx, db, scalar.SelectAll[Audit]()))), scalar.ErrInvalid, "test.audit: "+refusedScan)

		must(t, second(scalar.Collect(orders.Scan(ctx, db, ordersOf(1))))) // others are not concerned
		must(t, second(scalar.Collect(orders.Scan(ctx, db, ordersByOrderID("o-1")))))
		must(t, second(scalar.Collect(audit.Scan(ctx, db, auditByKind(1)))))

		for _, allowed := range []scalar.TxOption{scalar.AllowFullScans(true), scalar.WithAttribute("db-cross-partition-scan-enabled", "TRUE")} {
			must(t, db.Transact(ctx, scanInTx, allowed))
			must(t, scanAll(ctx, db.With(allowed)))
			tx := begin(t, db, allowed)
			must(t, scanAll(ctx, tx))
			must(t, tx.Commit(ctx))
		}
	}, scalar.RefuseFullScans())
}

func scanInTx(ctx context.Context, tx *scalar.Tx) error { return scanAll(ctx, tx) }

func TestATransactionMayDoWithoutFullScans(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		must(t, scanAll(ctx, db))
		for _, refused := range []scalar.TxOption{scalar.AllowFullScans(false), scalar.WithAttribute("db-cross-partition-scan-enabled", "false")} {
			wantError(t, db.Transact(ctx, scanInTx, refused), scalar.ErrInvalid, refusedScan)
			wantError(t, scanAll(ctx, db.With(refused)), scalar.ErrInvalid, refusedScan)
		}
	})
}
