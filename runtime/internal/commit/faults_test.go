package commit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// A workload is one transaction whose every storage call will fail in every way.
type workload struct {
	name      string
	isolation Isolation
	storage   []memory.Option
	run       func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error
}

func update(ctx context.Context, tx *Tx, ref Ref, v int) error {
	return tx.Update(ctx, ref, set(ref.Table, "v", v), nil)
}

func insert(ctx context.Context, tx *Tx, ref Ref, v int) error {
	return tx.Insert(ctx, ref, set(ref.Table, "v", v, "cat", 1))
}

func drain(ctx context.Context, tx *Tx, scan Scan) error {
	for _, err := range tx.Scan(ctx, scan) {
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	perPartition = []memory.Option{memory.WithAtomicity(storage.AtomicPartition, 0), memory.WithPageSize(2)}
	perRecord    = []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 1), memory.WithPageSize(1)}
)

// The records before each workload: items (1,1), (1,2), (2,1) and a record that
// was imported; account a.
var workloads = []workload{
	{name: "insert", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return insert(ctx, tx, item(t, e, 1, 5), 50)
	}},
	{name: "update", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return update(ctx, tx, item(t, e, 1, 1), 50)
	}},
	{name: "update of an imported record", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return update(ctx, tx, item(t, e, 3, 1), 50)
	}},
	{name: "blind upsert", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		ref := item(t, e, 1, 1)
		return tx.Upsert(ctx, ref, set(ref.Table, "v", 50))
	}},
	{name: "delete", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return tx.Delete(ctx, item(t, e, 1, 1), nil)
	}},
	{name: "delete of nothing", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return tx.Delete(ctx, item(t, e, 9, 9), nil)
	}},
	{name: "put after delete", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		ref := item(t, e, 1, 1)
		return errors.Join(tx.Delete(ctx, ref, nil), tx.Insert(ctx, ref, set(ref.Table, "w", "new")))
	}},
	{name: "two records, one unit", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return errors.Join(update(ctx, tx, item(t, e, 1, 1), 50), update(ctx, tx, item(t, e, 2, 1), 60))
	}},
	{name: "two namespaces", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		a := acct(t, e, "a")
		return errors.Join(update(ctx, tx, item(t, e, 1, 1), 50), tx.Update(ctx, a, set(a.Table, "bal", 1), nil))
	}},
	{name: "several partitions", storage: perPartition, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		a := acct(t, e, "a")
		return errors.Join(update(ctx, tx, item(t, e, 1, 1), 50), update(ctx, tx, item(t, e, 1, 2), 60),
			tx.Delete(ctx, item(t, e, 2, 1), nil), insert(ctx, tx, item(t, e, 4, 1), 70), tx.Update(ctx, a, set(a.Table, "bal", 1), nil))
	}},
	{name: "single records", storage: perRecord, isolation: Serializable, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return errors.Join(update(ctx, tx, item(t, e, 1, 1), 50), tx.Delete(ctx, item(t, e, 1, 2), nil), insert(ctx, tx, item(t, e, 1, 3), 70))
	}},
	{name: "scan and write", isolation: Serializable, storage: perPartition, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		if err := drain(ctx, tx, partition(e.must(t, itemName), 1)); err != nil {
			return err
		}
		return insert(ctx, tx, item(t, e, 1, 5), 50)
	}},
	{name: "index scan and write", isolation: Serializable, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		if err := drain(ctx, tx, Scan{Table: e.must(t, itemName), Kind: storage.IndexScan, Index: colCat, IndexValue: intValue(1)}); err != nil {
			return err
		}
		return insert(ctx, tx, item(t, e, 1, 5), 50)
	}},
	{name: "reads and write", isolation: Serializable, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		if _, err := tx.Get(ctx, item(t, e, 1, 2), item(t, e, 7, 7)); err != nil {
			return err
		}
		return update(ctx, tx, item(t, e, 1, 1), 50)
	}},
	{name: "over a crashed transaction", run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return update(ctx, tx, item(t, e, 5, 1), 50)
	}},
	{name: "over a crashed transaction, read committed", isolation: ReadCommitted, run: func(ctx context.Context, t *testing.T, e *Engine, tx *Tx) error {
		return update(ctx, tx, item(t, e, 5, 1), 50)
	}},
}

// A fault is what happens to one call. Those that crash also fail all later
// calls.
type fault struct {
	name    string
	crashes bool
	cancels bool
	batch   bool // changes nothing but batches
	happen  func(ctx context.Context, c faulty.Call, send func(context.Context) error) error
}

func unclear(c faulty.Call, cause string) error {
	if c.Op == faulty.Mutate || c.Op == faulty.MutateBatch {
		return &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: errors.New(cause)}
	}
	return &storage.Error{Op: string(c.Op), Err: errors.New(cause)}
}

var everyFault = []fault{
	{name: "request lost", happen: func(_ context.Context, c faulty.Call, _ func(context.Context) error) error {
		return unclear(c, "request lost")
	}},
	{name: "reply lost", happen: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		_ = send(ctx)
		return unclear(c, "reply lost")
	}},
	{name: "plain failure", happen: func(_ context.Context, c faulty.Call, _ func(context.Context) error) error {
		return &storage.Error{Op: string(c.Op), Err: errors.New("disk full")}
	}},
	{name: "foreign error after the effect", happen: func(ctx context.Context, _ faulty.Call, send func(context.Context) error) error {
		_ = send(ctx)
		return errors.New("an adapter that classifies nothing")
	}},
	{name: "conflict", happen: func(_ context.Context, c faulty.Call, _ func(context.Context) error) error {
		return &storage.Error{Op: string(c.Op), Class: storage.ErrConflict}
	}},
	{name: "cancelled before", cancels: true, happen: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		return send(ctx)
	}},
	{name: "cancelled after", cancels: true, happen: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		err := send(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return unclear(c, "cancelled")
		}
		return err
	}},
	{name: "crash before", crashes: true, happen: func(_ context.Context, c faulty.Call, _ func(context.Context) error) error {
		return errCrashed
	}},
	{name: "crash after", crashes: true, happen: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		_ = send(ctx)
		return errCrashed
	}},
}

// injector lets the n-th call suffer the fault, and stays down from then on if
// down is set.
type injector struct {
	mu     sync.Mutex
	fault  *fault
	nth    int // 0: none
	down   bool
	calls  int
	hit    string
	cancel context.CancelFunc
}

func (i *injector) around(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
	i.mu.Lock()
	i.calls++
	call := i.calls
	now := i.nth > 0 && (call == i.nth || call > i.nth && i.down)
	if now && call == i.nth {
		i.hit = describe(c)
	}
	i.mu.Unlock()
	switch {
	case !now && i.nth > 0 && call > i.nth && i.fault.crashes:
		return errCrashed
	case !now:
		return send(ctx)
	}
	if i.fault.cancels {
		i.cancel()
	}
	return i.fault.happen(ctx, c, send)
}

// runWith runs a workload in a world of its own with the fault at the nth call, and
// returns what the client was told and what everybody sees in the end.
func (wl *workload) runWith(t *testing.T, inject *injector) (before, after string, told error) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, wl.storage...)
		w.now.Store(0)
		w.item(1, 1, "t0", "v", 1, "w", "one", "cat", 1)
		w.item(1, 2, "t0", "v", 2, "cat", 2)
		w.item(2, 1, "t0", "v", 3)
		w.write(itemName, []storage.Value{intValue(3), intValue(1)}, "v", 4, "w", "imported")
		w.write(itemName, []storage.Value{intValue(5), intValue(1)}, "v", 6, "tx_id", "gone", "tx_state", Prepared, "tx_version", 2, "tx_prepared_at", 1,
			"before_v", 5, "before_tx_id", "t0", "before_tx_state", Committed, "before_tx_version", 1, "before_tx_prepared_at", 1, "before_tx_committed_at", 1)
		w.committed(acctName, []storage.Value{storage.TextValue("a")}, "t0", "bal", 9)
		before = "item(1,1) v=1 w=one cat=1\nitem(1,2) v=2 cat=2\nitem(2,1) v=3\nitem(3,1) v=4 w=imported\nitem(5,1) v=5\nacct(a) bal=9\n"

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		inject.cancel = cancel
		e := w.engine(nil)
		e.must(t, itemName)
		e.must(t, acctName)
		e.storage = faulty.Wrap(w.store, aroundFunc(inject.around).script)
		tx := begin(t, e, wl.isolation, withID("mine"))
		told = wl.run(ctx, t, e, tx)
		if told == nil {
			told = tx.Commit(ctx)
		}
		inject.mu.Lock()
		if inject.fault != nil && inject.fault.crashes && inject.hit != "" {
			told = errCrashed
		}
		inject.mu.Unlock()
		synctest.Wait()
		time.Sleep(20 * time.Second)
		after = w.recoverAll(t)
	})
	return before, after, told
}

// recoverAll reads every record with a fresh engine, checks that nothing of any
// transaction is left in the storage, and renders what there is.
func (w *world) recoverAll(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	e := w.engine(nil)
	var b strings.Builder
	for _, name := range []storage.TableName{itemName, acctName} {
		table := e.must(t, name)
		for row, err := range begin(t, e, Snapshot).Scan(ctx, Scan{Table: table, Kind: storage.FullScan}) {
			ok(t, err)
			key := table.meta.Key(row)
			fmt.Fprintf(&b, "%s(", name.Name)
			for i, v := range key {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(strings.Trim(v.String(), `"`))
			}
			b.WriteByte(')')
			for _, c := range table.data {
				if !row[c].IsNull() {
					fmt.Fprintf(&b, " %s=%s", table.meta.Columns[c].Name, strings.Trim(row[c].String(), `"`))
				}
			}
			b.WriteByte('\n')
		}
	}
	ok(t, e.Close(ctx))
	for _, name := range []storage.TableName{itemName, acctName} {
		table := e.must(t, name)
		request := storage.Scan{Table: table.meta, Kind: storage.FullScan}
		for {
			page, err := w.store.Scan(ctx, &request)
			ok(t, err)
			for _, row := range page.Rows {
				if problem := checkRecovered(table, row); problem != "" {
					t.Error(problem)
				}
			}
			if page.Next == nil {
				break
			}
			request.After = page.Next
		}
	}
	return b.String()
}

// Whatever happens to whichever call, a transaction takes effect as a whole or
// not at all, and what its client was told is true for ever.
func TestEveryFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, wl := range workloads {
		t.Run(wl.name, func(t *testing.T) {
			t.Parallel()
			before, after, told := wl.runWith(t, &injector{})
			ok(t, told)
			if before == after && wl.name != "delete of nothing" {
				t.Fatal("the workload changes nothing")
			}
			outcomes := map[string]int{}
			for _, f := range everyFault {
				for _, down := range []bool{false, true} {
					for nth := 1; ; nth++ {
						inject := &injector{fault: &f, nth: nth, down: down}
						before, got, told := wl.runWith(t, inject)
						if inject.hit == "" {
							break
						}
						outcomes[outcome(told)]++
						where := fmt.Sprintf("%s at call %d, %s, down=%v: told %v", f.name, nth, inject.hit, down, told)
						switch {
						case got != before && got != after:
							t.Fatalf("%s\nneither before nor after:\n%s", where, got)
						case told == nil && got != after:
							t.Fatalf("%s\nthe acknowledged transaction is lost", where)
						case told != nil && !errors.Is(told, ErrUnknownStatus) && !errors.Is(told, errCrashed) && got != before:
							t.Fatalf("%s\nthe failed transaction is there:\n%s", where, got)
						}
						if e := (*Error)(nil); told != nil && !errors.As(told, &e) && !f.crashes {
							t.Fatalf("%s\nan error of another type: %T", where, told)
						}
					}
				}
			}
			t.Log(outcomes)
		})
	}
}
