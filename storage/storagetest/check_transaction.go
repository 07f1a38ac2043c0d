package storagetest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

// transactionChecks are for storages that are a [storage.Transactor]. They keep
// two transactions open at a time only where one of them reads, since a database
// may let but one write.
func transactionChecks() []check {
	return []check{
		{"transaction/commit", checkTransactionCommit},
		{"transaction/rollback", checkTransactionRollback},
		{"transaction/own writes", checkTransactionOwnWrites},
		{"transaction/conditions", checkTransactionConditions},
		{"transaction/pages", checkTransactionPages},
		{"transaction/definitions", checkTransactionTable},
		{"transaction/end", checkTransactionEnd},
		{"transaction/failed request", checkTransactionFailure},
		{"transaction/read-only", checkTransactionReadOnly},
		{"transaction/nothing is seen before the commit", checkTransactionDirtyRead},
		{"transaction/context of Begin", checkTransactionContext},
		{"transaction/cancellation", checkTransactionCancellation},
		{"transaction/transfers keep the sum", checkTransactionTransfers},
		{"transaction/one of many inserts wins", checkTransactionInsertRace},
	}
}

// begin starts a transaction, again after conflicts. Whatever becomes of it, it
// has ended when the check has.
func (h *harness) begin(options storage.TransactionOptions) storage.Transaction {
	h.Helper()
	t, ok := h.storage.(storage.Transactor)
	if !ok {
		h.skip("transactions of the database", "the storage has none (storage.Transactor)")
	}
	var err error
	for range maxConflicts {
		var tx storage.Transaction
		if tx, err = t.Begin(background, options); err == nil {
			h.running = append(h.running, tx)
			return tx
		}
		if !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	h.Fatalf("begin: %v", err)
	return nil
}

// endTransactions is part of the harness's cleanup.
func (h *harness) endTransactions() {
	for _, tx := range h.running {
		if err := tx.Rollback(background); err != nil {
			h.Errorf("rollback: %v", err)
		}
	}
	h.running = nil
}

func (h *harness) inside(tx storage.Transaction, m storage.Mutation) {
	h.Helper()
	if err := tx.Mutate(background, &m); err != nil {
		h.Fatalf("mutate in a transaction: %v\n%s", err, formatGroup([]storage.Mutation{m}))
	}
}

func (h *harness) commit(tx storage.Transaction) {
	h.Helper()
	if err := tx.Commit(background); err != nil {
		h.Fatalf("commit: %v", err)
	}
}

// wantInside checks the row that the transaction sees; nil for no record.
func (h *harness) wantInside(tx storage.Transaction, t *storage.Table, want storage.Row, key ...storage.Value) {
	h.Helper()
	rows, err := tx.Get(background, []storage.Get{{Table: t, Key: key}})
	if err != nil || len(rows) != 1 {
		h.Fatalf("get in a transaction: %d rows, %v", len(rows), err)
	}
	if !sameRow(rows[0], want) {
		h.Errorf("within the transaction %s%s is %s, want %s", t.TableName, t.FormatKey(key), formatRow(rows[0]), formatRow(want))
	}
}

// accounts is a table of two records with clustering keys 1 and 2, each of 100.
func (h *harness) accounts() (*storage.Table, func(c, amount int32) storage.Row) {
	h.Helper()
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("amount", storage.Int), Indexed("owner", storage.Int))
	i := storage.IntValue
	account := func(c, amount int32) storage.Row {
		return row(t, is("p", i(1)), is("c", i(c)), is("amount", i(amount)), is("owner", i(7)))
	}
	h.apply(putRow(t, account(1, 100)))
	h.apply(putRow(t, account(2, 100)))
	return t, account
}

func checkTransactionCommit(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	tx := h.begin(storage.TransactionOptions{})
	h.inside(tx, putRow(t, account(1, 70)))
	h.inside(tx, putRow(t, account(3, 30)))
	h.inside(tx, remove(t, i(1), i(2)))
	h.commit(tx)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, []storage.Row{account(1, 70), account(3, 30)})
	h.commit(h.begin(storage.TransactionOptions{})) // of nothing
}

func checkTransactionRollback(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	tx := h.begin(storage.TransactionOptions{})
	h.inside(tx, putRow(t, account(1, 70)))
	h.inside(tx, putRow(t, account(3, 30)))
	h.inside(tx, remove(t, i(1), i(2)))
	if err := tx.Rollback(background); err != nil {
		h.Errorf("rollback: %v", err)
	}
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, []storage.Row{account(1, 100), account(2, 100)})
	h.apply(putRow(t, account(1, 99))) // nothing is locked any more
}

// checkTransactionOwnWrites reads on every path what the transaction has written.
func checkTransactionOwnWrites(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	tx := h.begin(storage.TransactionOptions{})
	h.wantInside(tx, t, account(1, 100), i(1), i(1))
	h.inside(tx, putRow(t, account(1, 70)))
	h.inside(tx, putRow(t, account(3, 30)))
	h.inside(tx, remove(t, i(1), i(2)))
	h.wantInside(tx, t, account(1, 70), i(1), i(1))
	h.wantInside(tx, t, nil, i(1), i(2))
	want := []storage.Row{account(1, 70), account(3, 30)}
	for _, scan := range []storage.Scan{
		{Table: t, Partition: key(i(1))},
		{Table: t, Kind: storage.IndexScan, Index: t.Column("owner"), IndexValue: i(7)},
		{Table: t, Kind: storage.FullScan},
		{Table: t, Kind: storage.FullScan, Where: storage.Filter{{predicate(t, "amount", storage.Lt, i(100))}}},
	} {
		got := h.scanInside(tx, scan)
		slices.SortFunc(got, func(a, b storage.Row) int { return storage.Compare(a[t.Column("c")], b[t.Column("c")]) })
		if !slices.EqualFunc(got, want, sameRow) {
			h.Errorf("within the transaction, scan %s:\n got %s\nwant %s", formatScan(&scan), formatRows(got), formatRows(want))
		}
	}
	h.commit(tx)
}

func (h *harness) scanInside(tx storage.Transaction, scan storage.Scan) (rows []storage.Row) {
	h.Helper()
	for {
		page, err := tx.Scan(background, &scan)
		if err != nil {
			h.Fatalf("scan in a transaction: %v", err)
		}
		rows = append(rows, page.Rows...)
		if scan.After = page.Next; page.Next == nil {
			return rows
		}
	}
}

// checkTransactionConditions lets preconditions be true and false in one
// transaction: a false one leaves it, and what it has written, as it is.
func checkTransactionConditions(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	is100 := predicate(t, "amount", storage.Eq, i(100))
	tx := h.begin(storage.TransactionOptions{})
	absent, present := key(i(1), i(9)), key(i(1), i(1))
	amount := is("amount", i(70))
	h.inside(tx, when(put(t, present, amount), storage.If, is100))
	for _, m := range []storage.Mutation{
		when(put(t, present, amount), storage.IfNotExists),
		when(put(t, present, amount), storage.If, is100), // no more
		when(put(t, absent, amount), storage.IfExists),
		when(put(t, absent, amount), storage.If, is100),
		when(remove(t, absent...), storage.IfExists),
		when(remove(t, present...), storage.If, is100),
		when(verify(t, absent...), storage.IfExists),
		when(verify(t, present...), storage.IfNotExists),
	} {
		h.wantError("mutate in a transaction: "+formatGroup([]storage.Mutation{m}), tx.Mutate(background, &m), storage.ErrCondition)
	}
	h.inside(tx, when(put(t, absent, amount, is("owner", i(7))), storage.IfNotExists))
	h.inside(tx, when(remove(t, i(1), i(2)), storage.If, is100))
	h.inside(tx, remove(t, i(1), i(8))) // there is none
	h.commit(tx)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, []storage.Row{account(1, 70), account(9, 70)})
}

// checkTransactionPages writes behind the page, and goes on.
func checkTransactionPages(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("n", storage.Int))
	i := storage.IntValue
	const records = 25
	var want []storage.Row
	for c := int32(records); c > 0; c-- {
		r := row(t, is("p", i(1)), is("c", i(c)), is("n", i(0)))
		h.apply(putRow(t, r))
		want = append(want, r)
	}
	tx := h.begin(storage.TransactionOptions{})
	scan := storage.Scan{Table: t, Partition: key(i(1)), Limit: 4}
	var got []storage.Row
	for {
		page, err := tx.Scan(background, &scan)
		if err != nil {
			h.Fatalf("scan in a transaction: %v", err)
		}
		got = append(got, page.Rows...)
		for _, r := range page.Rows {
			h.inside(tx, remove(t, t.Key(r)...))
		}
		if scan.After = page.Next; page.Next == nil {
			break
		}
	}
	if !slices.EqualFunc(got, want, sameRow) {
		h.Errorf("the pages hold\n%s\nwant\n%s", formatRows(got), formatRows(want))
	}
	h.commit(tx)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, nil)
}

func checkTransactionTable(h *harness) {
	t, account := h.accounts()
	tx := h.begin(storage.TransactionOptions{})
	h.inside(tx, putRow(t, account(1, 70)))
	got, err := tx.Table(background, t.TableName)
	if err != nil || !got.Equal(t) {
		h.Errorf("the definition within the transaction is %v, %v, want %v", got, err, t)
	}
	_, err = tx.Table(background, h.newTableName())
	h.wantError("table in a transaction", err, storage.ErrTableNotFound)
	h.commit(tx) // is none the worse for it
	h.wantRow(t, account(1, 70), storage.IntValue(1), storage.IntValue(1))
}

// checkTransactionEnd calls what has ended.
func checkTransactionEnd(h *harness) {
	t, account := h.accounts()
	for name, end := range map[string]func(tx storage.Transaction) error{
		"commit":   func(tx storage.Transaction) error { return tx.Commit(background) },
		"rollback": func(tx storage.Transaction) error { return tx.Rollback(background) },
	} {
		tx := h.begin(storage.TransactionOptions{})
		if err := end(tx); err != nil {
			h.Errorf("%s: %v", name, err)
		}
		h.wantEnded(tx, t, putRow(t, account(1, 1)))
	}
	h.wantRow(t, account(1, 100), storage.IntValue(1), storage.IntValue(1))
}

// wantEnded checks that no call does anything, and that another rollback is
// harmless.
func (h *harness) wantEnded(tx storage.Transaction, t *storage.Table, write storage.Mutation) {
	h.Helper()
	_, getErr := tx.Get(background, []storage.Get{{Table: t, Key: write.Key}})
	_, scanErr := tx.Scan(background, &storage.Scan{Table: t, Kind: storage.FullScan})
	for call, err := range map[string]error{"get": getErr, "scan": scanErr, "mutate": tx.Mutate(background, &write), "commit": tx.Commit(background)} {
		if err == nil || !storage.NotApplied(err) {
			h.Errorf("%s after the end of the transaction: %v", call, err)
		}
	}
	if err := tx.Rollback(background); err != nil {
		h.Errorf("a second rollback: %v", err)
	}
}

// checkTransactionFailure: nothing of a transaction is applied in which a request
// has failed, whatever is called afterwards.
func checkTransactionFailure(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	missing := *t
	missing.TableName = h.newTableName()
	for name, fail := range map[string]func(tx storage.Transaction) error{
		"mutate": func(tx storage.Transaction) error {
			m := putRow(&missing, account(1, 1))
			return tx.Mutate(background, &m)
		},
		"get": func(tx storage.Transaction) error {
			_, err := tx.Get(background, []storage.Get{{Table: &missing, Key: key(i(1), i(1))}})
			return err
		},
		"scan": func(tx storage.Transaction) error {
			_, err := tx.Scan(background, &storage.Scan{Table: &missing, Kind: storage.FullScan})
			return err
		},
	} {
		tx := h.begin(storage.TransactionOptions{})
		h.inside(tx, putRow(t, account(1, 1)))
		if err := fail(tx); err == nil {
			h.Errorf("%s of a table that is not there: no error", name)
		}
		if err := tx.Commit(background); err == nil || !storage.NotApplied(err) {
			h.Errorf("commit after a failed %s: %v", name, err)
		}
		if err := tx.Rollback(background); err != nil {
			h.Errorf("rollback after a failed %s: %v", name, err)
		}
		h.wantRow(t, account(1, 100), i(1), i(1))
	}
}

func checkTransactionReadOnly(h *harness) {
	t, account := h.accounts()
	tx := h.begin(storage.TransactionOptions{ReadOnly: true})
	h.wantInside(tx, t, account(1, 100), storage.IntValue(1), storage.IntValue(1))
	h.commit(tx)
	tx = h.begin(storage.TransactionOptions{ReadOnly: true})
	m := putRow(t, account(1, 1))
	h.wantError("mutate in a read-only transaction", tx.Mutate(background, &m), storage.ErrInvalid)
	if err := tx.Commit(background); err == nil {
		h.Errorf("a read-only transaction that was to write is committed")
	}
	h.wantRow(t, account(1, 100), storage.IntValue(1), storage.IntValue(1))
}

// checkTransactionDirtyRead looks at records from outside while a transaction has
// written them. A database that lets nobody in meanwhile is fine, too.
func checkTransactionDirtyRead(h *harness) {
	t, account := h.accounts()
	i := storage.IntValue
	tx := h.begin(storage.TransactionOptions{})
	h.inside(tx, putRow(t, account(1, 70)))
	h.inside(tx, putRow(t, account(3, 30)))
	seen := make(chan []storage.Row, 1)
	go func() {
		rows, err := h.storage.Get(background, []storage.Get{{Table: t, Key: key(i(1), i(1))}, {Table: t, Key: key(i(1), i(3))}})
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			h.Errorf("get: %v", err)
		}
		seen <- rows
	}()
	letOthersIn(10, 10)
	select {
	case rows := <-seen:
		h.commit(tx)
		if rows != nil && (!sameRow(rows[0], account(1, 100)) || rows[1] != nil) {
			h.Errorf("while the transaction runs others see %s", formatRows(rows))
		}
	default:
		h.commit(tx)
		if rows := <-seen; rows != nil && (rows[0] == nil || sameRow(rows[0], account(1, 70)) && rows[1] != nil && !sameRow(rows[1], account(3, 30))) {
			h.Errorf("others see %s", formatRows(rows))
		}
	}
	h.wantRow(t, account(1, 70), i(1), i(1))
}

// checkTransactionContext: the context of Begin is of that call alone.
func checkTransactionContext(h *harness) {
	t, account := h.accounts()
	h.begin(storage.TransactionOptions{ReadOnly: true}) // ends the check if there are none
	h.endTransactions()
	ctx, cancel := context.WithCancel(background)
	tx, err := h.storage.(storage.Transactor).Begin(ctx, storage.TransactionOptions{})
	if err != nil {
		h.Fatalf("begin: %v", err)
	}
	h.running = append(h.running, tx)
	cancel()
	h.inside(tx, putRow(t, account(1, 70)))
	h.commit(tx)
	h.wantRow(t, account(1, 70), storage.IntValue(1), storage.IntValue(1))
	if _, err := h.storage.(storage.Transactor).Begin(ctx, storage.TransactionOptions{}); err == nil {
		h.Fatalf("begin with a context that has ended: no error")
	}
}

// checkTransactionCancellation: a request whose context has ended has no effect,
// and lets nothing else have one.
func checkTransactionCancellation(h *harness) {
	t, account := h.accounts()
	ended, cancel := context.WithCancel(background)
	cancel()
	i := storage.IntValue
	for name, request := range map[string]func(tx storage.Transaction) error{
		"mutate": func(tx storage.Transaction) error {
			m := putRow(t, account(2, 1))
			return tx.Mutate(ended, &m)
		},
		"get": func(tx storage.Transaction) error {
			_, err := tx.Get(ended, []storage.Get{{Table: t, Key: key(i(1), i(1))}})
			return err
		},
		"commit": func(tx storage.Transaction) error {
			err := tx.Commit(ended)
			if err != nil && storage.NotApplied(err) {
				h.wantRow(t, account(1, 100), i(1), i(1))
			}
			return nil // the commit may have been faster
		},
	} {
		h.apply(putRow(t, account(1, 100)))
		tx := h.begin(storage.TransactionOptions{})
		h.inside(tx, putRow(t, account(1, 1)))
		err := request(tx)
		if name == "commit" {
			continue
		}
		if err == nil {
			h.Errorf("%s with a context that has ended: no error", name)
		}
		if err := tx.Commit(background); err == nil || !storage.NotApplied(err) {
			h.Errorf("commit after a cancelled %s: %v", name, err)
		}
		h.endTransactions()
		h.wantScan(storage.Scan{Table: t, Partition: key(i(1))}, []storage.Row{account(1, 100), account(2, 100)})
	}
}

// transact runs f in transactions until one is committed, and reports whether one
// was. It is for goroutines, where Fatalf is not allowed.
func (h *harness) transact(f func(tx storage.Transaction) error) bool {
	for range 200 {
		tx, err := h.storage.(storage.Transactor).Begin(background, storage.TransactionOptions{})
		if err == nil {
			if err = f(tx); err == nil {
				err = tx.Commit(background)
			}
			if rollback := tx.Rollback(background); rollback != nil {
				h.Errorf("rollback: %v", rollback)
			}
		}
		switch {
		case err == nil:
			return true
		case errors.Is(err, storage.ErrCondition):
			return false
		case !errors.Is(err, storage.ErrConflict):
			h.Errorf("transaction: %v", err)
			return false
		}
		letOthersIn(3, 7)
	}
	return false
}

// checkTransactionTransfers moves amounts to and fro by conditional writes of what
// was read, which loses nothing at any isolation level, in transactions whose
// orders of records invite deadlocks.
func checkTransactionTransfers(h *harness) {
	t, account := h.accounts()
	h.begin(storage.TransactionOptions{ReadOnly: true}) // ends the check if there are none
	h.endTransactions()
	const workers, transfers, amount = 6, 15, 3
	var net atomic.Int32 // what was moved from the first to the second
	var done atomic.Int32
	parallel(workers, func(worker int) {
		for n := range transfers {
			from := int32(1 + (worker+n)%2)
			ok := h.transact(func(tx storage.Transaction) error {
				if err := add(tx, t, from, -amount); err != nil {
					return err
				}
				letOthersIn(worker, n)
				return add(tx, t, 3-from, amount)
			})
			if ok {
				done.Add(1)
				net.Add(amount * (3 - 2*from))
			}
		}
	})
	moved := net.Load()
	h.wantScan(storage.Scan{Table: t, Partition: key(storage.IntValue(1))}, []storage.Row{account(1, 100-moved), account(2, 100+moved)})
	if done.Load() == 0 {
		h.Errorf("no transfer at all came through")
	}
}

// add changes the amount of an account if nobody else does meanwhile.
func add(tx storage.Transaction, t *storage.Table, account, by int32) error {
	k := key(storage.IntValue(1), storage.IntValue(account))
	rows, err := tx.Get(background, []storage.Get{{Table: t, Key: k}})
	if err != nil {
		return err
	}
	now := rows[0][t.Column("amount")]
	letOthersIn(int(account), int(by))
	changed := storage.IntValue(int32(now.Int64()) + by)
	m := when(put(t, k, is("amount", changed)), storage.If, storage.Predicate{Column: t.Column("amount"), Value: now})
	if err = tx.Mutate(background, &m); errors.Is(err, storage.ErrCondition) {
		return storage.ErrConflict // at READ COMMITTED
	}
	return err
}

func checkTransactionInsertRace(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("winner", storage.Int))
	h.begin(storage.TransactionOptions{ReadOnly: true})
	h.endTransactions()
	const workers, rounds = 6, 6
	for round := range int32(rounds) {
		var winners atomic.Int64
		parallel(workers, func(worker int) {
			won := h.transact(func(tx storage.Transaction) error {
				m := when(put(t, key(storage.IntValue(round)), is("winner", storage.IntValue(int32(worker)))), storage.IfNotExists)
				err := tx.Mutate(background, &m)
				letOthersIn(worker, int(round))
				return err
			})
			if won {
				winners.Add(1)
			}
		})
		if n := winners.Load(); n != 1 {
			h.Errorf("%d of %d inserts of one record were committed", n, workers)
		}
	}
}
