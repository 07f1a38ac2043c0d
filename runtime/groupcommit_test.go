package scalar_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

var grouped = scalar.GroupCommit(scalar.GroupCommitLimits{})

func wantStatus(t *testing.T, db *scalar.DB, id string, want scalar.Status) {
	t.Helper()
	if got, err := db.Status(t.Context(), id); got != want || err != nil {
		t.Errorf("status of %s is %v, %v, want %v", id, got, err, want)
	}
}

func TestIDsOfAGroupCommit(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		tx := begin(t, db, scalar.WithID("order-77"))
		if parent, child, _ := strings.Cut(tx.ID(), "$"); len(parent) != 24 || child != "order-77" {
			t.Errorf("id %s, want that of a group, $, and the one chosen", tx.ID())
		}
		wantListed(t, db, tx)
		wantUnlisted(t, db, "order-77")
		must(t, orders.Insert(ctx, tx, first))
		must(t, tx.Commit(ctx))
		wantStatus(t, db, tx.ID(), scalar.StatusCommitted)
		wantStatus(t, db, "order-77", scalar.StatusUnknown)
		if got, err := db.Abort(ctx, tx.ID()); got != scalar.StatusCommitted || err != nil {
			t.Errorf("Abort says %v, %v", got, err)
		}
		must(t, second(orders.Get(ctx, db, keyOfOrder(first))))

		reader := begin(t, db, scalar.ReadOnly(), scalar.WithID("reader"))
		if reader.ID() != "reader" { // it has nothing to decide
			t.Errorf("id %s of a transaction that only reads", reader.ID())
		}
		wantError(t, second(db.Begin(ctx, scalar.WithID("a,b"))), scalar.ErrInvalid, "a transaction id must not contain a comma")
	}, grouped)
}

func TestAbortOfAMemberOfAGroupCommit(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		ctx := t.Context()
		tx := begin(t, db)
		must(t, orders.Insert(ctx, tx, first))
		wantStatus(t, db, tx.ID(), scalar.StatusUnknown)
		if got, err := db.Abort(ctx, tx.ID()); got != scalar.StatusAborted || err != nil {
			t.Errorf("Abort says %v, %v", got, err)
		}
		wantError(t, tx.Commit(ctx), scalar.ErrConflict, "aborted by another process", tx.ID())
		wantStatus(t, db, tx.ID(), scalar.StatusAborted)
		wantError(t, second(orders.Get(ctx, db, keyOfOrder(first))), scalar.ErrNotFound)
	}, grouped)
}

// commitTogether commits transactions that have all begun before, each with an
// order of its own.
func commitTogether(t *testing.T, db *scalar.DB, members int) []*scalar.Tx {
	t.Helper()
	txs := make([]*scalar.Tx, members)
	for i := range txs {
		txs[i] = begin(t, db)
		must(t, orders.Insert(t.Context(), txs[i], Order{CustomerID: int32(i)}))
	}
	var group errgroup.Group
	for _, tx := range txs {
		group.Go(func() error { return tx.Commit(context.Background()) })
	}
	must(t, group.Wait())
	return txs
}

func TestOneDecisionForAGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, scalartest.With(grouped, scalar.LogWriteSets(true)))
		txs := commitTogether(t, db, 10)
		if n := decisions(t, db); n != 1 {
			t.Errorf("%d decisions, want one", n)
		}
		for _, tx := range txs {
			wantStatus(t, db, tx.ID(), scalar.StatusCommitted)
		}
		wantFinish(t, db, txs[3].ID(), true) // all of the group
		if n := decisions(t, db); n != 0 {
			t.Errorf("%d decisions are left", n)
		}
	})
}

// How many share a row depends on how long each takes to prepare.
func TestTransactionsOfAGroupCommitOnEachStorage(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		const members = 10
		txs := commitTogether(t, db, members)
		if n := decisions(t, db); n < 1 || n > members {
			t.Errorf("%d decisions on %d transactions", n, members)
		}
		for _, tx := range txs {
			wantStatus(t, db, tx.ID(), scalar.StatusCommitted)
		}
		for _, tx := range txs {
			wantFinish(t, db, tx.ID(), true)
		}
		if n := decisions(t, db); n != 0 {
			t.Errorf("%d decisions are left", n)
		}
		if all := stored(t, db, "test", "orders"); len(all) != members {
			t.Errorf("%d records, want %d", len(all), members)
		}
	}, grouped, scalar.LogWriteSets(true))
}

// Whoever leaves does not keep the others waiting.
func TestAMemberThatEndsOtherwiseLeavesTheGroup(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(t *testing.T, db *scalar.DB, tx *scalar.Tx){
		"rollback": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) { tx.Rollback(t.Context()) },
		"commit of nothing": func(t *testing.T, _ *scalar.DB, tx *scalar.Tx) {
			must(t, second(orders.GetAll(t.Context(), tx, []OrderKey{{1, 1, 1}})))
			must(t, tx.Commit(t.Context()))
		},
		"failed commit": func(t *testing.T, db *scalar.DB, tx *scalar.Tx) {
			scalartest.Inject(db, scalartest.FailNext(scalartest.Prepare, nil))
			must(t, orders.Insert(t.Context(), tx, Order{CustomerID: 9}))
			wantError(t, tx.Commit(t.Context()), scalar.ErrStorage)
		},
		"idle for too long": func(t *testing.T, db *scalar.DB, tx *scalar.Tx) {
			time.Sleep(time.Hour)
			synctest.Wait()
			wantUnlisted(t, db, tx.ID())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, scalartest.With(
					scalar.GroupCommit(scalar.GroupCommitLimits{MaxWindow: 24 * time.Hour, AbortAfter: 48 * time.Hour}), scalar.IdleExpiry(time.Minute)))
				leaver := begin(t, db)
				var start time.Time
				must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
					must(t, orders.Insert(ctx, tx, first))
					leave(t, db, leaver)
					start = time.Now()
					return nil
				}, scalar.TransactFor(0)))
				if took := time.Since(start); took != 0 {
					t.Errorf("the commit took %v, want no wait", took)
				}
			})
		})
	}
}

func TestGroupCommitNeedsItsColumn(t *testing.T) {
	t.Parallel()
	s := memory.New()
	deploy(t, s, scalar.CoordinatorTable(""), scalar.TransactionTable(orders.Def, false))
	db := newDB(t, s, grouped)
	wantError(t, orders.Insert(t.Context(), db, first), scalar.ErrInvalid, "group commit needs the column tx_child_ids")
	err := db.Verify(t.Context(), scalar.Schema{&orders})
	wantError(t, err, scalar.ErrInvalid, "coordinator.state: group commit needs the column tx_child_ids: add it with scalarctl schema repair --coordinator while group commit is configured, or turn group commit off")
	must(t, newDB(t, keptOpen{s}).Verify(t.Context(), scalar.Schema{&orders}))
}

func TestVerifyTakesOptionalColumnsOfTheCoordinatorAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, optional := range [][]scalar.CoordinatorColumn{nil, {scalar.GroupMembers}, {scalar.WriteSets}, {scalar.GroupMembers, scalar.WriteSets}} {
		s := memory.New()
		deploy(t, s, scalar.CoordinatorTable("", optional...), scalar.TransactionTable(orders.Def, false))
		must(t, newDB(t, s, scalar.LogWriteSets(true)).Verify(t.Context(), scalar.Schema{&orders}))
	}
}

func TestVerifyWithoutTransactions(t *testing.T) {
	t.Parallel()
	verify := func(tables ...*storage.Table) error {
		s := memory.New()
		deploy(t, s, tables...)
		return newDB(t, s, scalar.WithoutTransactions()).Verify(t.Context(), testSchema)
	}
	must(t, verify(orders.Def, kinds.Def, audit.Def))
	wantError(t, verify(scalar.TransactionTable(orders.Def, false), kinds.Def, audit.Def), scalar.ErrInvalid,
		"test.orders: the deployed table takes part in transactions, and the database is used without them (transaction manager single-crud-operation), which would break them: use the transaction manager consensus-commit, or another table")
	wantError(t, verify(kinds.Def, audit.Def), scalar.ErrInvalid, "test.orders: there is no such table")
}
