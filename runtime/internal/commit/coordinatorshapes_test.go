package commit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// coordinatorShape replaces the coordinator table by one with these columns
// besides tx_id, in this order.
func (w *world) coordinatorShape(columns ...string) {
	w.t.Helper()
	types := map[string]storage.Type{"tx_child_ids": storage.Text, "tx_write_set": storage.Blob, "tx_state": storage.Int, "tx_created_at": storage.BigInt, "note": storage.Text}
	table := &storage.Table{TableName: stateName}
	for _, name := range columns {
		typ := types[name]
		if name == "tx_id" {
			table.Partition = []int{len(table.Columns)}
			typ = storage.Text
		}
		table.Columns = append(table.Columns, storage.Column{Name: name, Type: typ})
	}
	ok(w.t, w.store.DropTable(context.Background(), stateName))
	w.create(table)
}

// Coordinator tables come with 3, 4 or 5 columns, in any order (spec 1.9). All
// options work with each, except that groups need a place for their members; and
// what one process decides any other finds, whatever options it has.
func TestCoordinatorShapes(t *testing.T) {
	t.Parallel()
	shapes := map[string][]string{
		"3 columns":                   {"tx_id", "tx_state", "tx_created_at"},
		"4 columns, members":          {"tx_id", "tx_child_ids", "tx_state", "tx_created_at"},
		"4 columns, write sets":       {"tx_id", "tx_state", "tx_created_at", "tx_write_set"},
		"5 columns":                   {"tx_id", "tx_child_ids", "tx_state", "tx_created_at", "tx_write_set"},
		"5 columns in another order":  {"tx_write_set", "tx_created_at", "tx_id", "tx_state", "tx_child_ids"},
		"3 columns in another order":  {"tx_created_at", "tx_state", "tx_id"},
		"a column of somebody else's": {"tx_id", "note", "tx_state", "tx_created_at"},
	}
	options := map[string][]func(*Options){
		"plain":                 nil,
		"write sets":            {withWriteSets},
		"groups":                {inGroups},
		"groups and write sets": {inGroups, withWriteSets},
	}
	for shape, columns := range shapes {
		for option, configure := range options {
			t.Run(shape+", "+option, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					w := newWorld(t)
					w.now.Store(0)
					w.coordinatorShape(columns...)
					e := w.engine(nil, configure...)
					tx := begin(t, e, Snapshot, withID("mine"))
					ok(t, insert(ctx, tx, item(t, e, 1, 1), 1))
					err := tx.Commit(ctx)
					if strings.Contains(option, "groups") && !slices.Contains(columns, "tx_child_ids") {
						want(t, "commit", outcome(err), "invalid")
						if !strings.Contains(err.Error(), "tx_child_ids") {
							t.Errorf("%v does not say what is missing", err)
						}
						want(t, "stored", w.storedItem(1, 1), "absent")
						return
					}
					ok(t, err)
					// A decision that is found by others, as it was crashed over.
					w.item(2, 1, "t0", "v", 1)
					w.write(itemName, []storage.Value{intValue(2), intValue(1)}, "v", 2, "tx_id", tx.ID(), "tx_state", Prepared, "tx_version", 2, "tx_prepared_at", 1,
						"before_v", 1, "before_tx_id", "t0", "before_tx_state", Committed, "before_tx_version", 1, "before_tx_prepared_at", 10, "before_tx_committed_at", 20)
					other := w.engine(nil)
					state, err := other.Status(ctx, tx.ID())
					ok(t, err)
					want(t, "status", state.String(), "COMMITTED")
					want(t, "read by another", get(t, begin(t, other, Snapshot), item(t, other, 2, 1)), "p=2 c=1 v=2")
					// Aborts of another, and of its own.
					doomed := begin(t, e, Snapshot, withID("doomed"))
					ok(t, insert(ctx, doomed, item(t, e, 3, 1), 1))
					_, err = other.Abort(ctx, doomed.ID())
					ok(t, err)
					want(t, "commit of what another has aborted", outcome(doomed.Commit(ctx)), "conflict")
					loser := begin(t, e, Snapshot, withID("loser"))
					ok(t, insert(ctx, loser, item(t, e, 1, 1), 9))
					want(t, "commit of a loser", outcome(loser.Commit(ctx)), "exists")
					time.Sleep(time.Second)
					want(t, "item(3,1)", w.storedItem(3, 1), "absent")
					done, err := other.Finish(ctx, tx.ID())
					ok(t, err)
					wanted := strings.Contains(option, "write sets") && slices.Contains(columns, "tx_write_set")
					want(t, "finished", fmt.Sprint(done), fmt.Sprint(wanted))
				})
			})
		}
	}
}

// A coordinator row that the protocol does not know decides nothing: who needs the
// decision gets an error, and no record is rolled.
func TestDamagedDecisions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, tt := range []struct {
		name   string
		values []any
	}{
		{"state 0", []any{"tx_state", 0, "tx_created_at", 5}},
		{"prepared", []any{"tx_state", Prepared, "tx_created_at", 5}},
		{"deleted", []any{"tx_state", Deleted, "tx_created_at", 5}},
		{"state 5", []any{"tx_state", 5, "tx_created_at", 5}},
		{"state -1", []any{"tx_state", -1, "tx_created_at", 5}},
		{"no state", []any{"tx_created_at", 5}},
		{"no time", []any{"tx_state", Committed}},
		{"nothing", nil},
	} {
		for _, owner := range []string{"mine", fullID} {
			t.Run(tt.name+" of "+owner, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.now.Store(0)
					w.grouped()
					w.prepared(Prepared, 1, owner)
					w.write(stateName, []storage.Value{storage.TextValue(owner)}, tt.values...)
					record, row := w.storedItem(1, 1), w.stored(stateName, storage.TextValue(owner))
					e := w.engine(nil, waiting(time.Second))
					ref := item(t, e, 1, 1)
					for _, isolation := range []Isolation{Snapshot, Serializable} {
						want(t, "get", get(t, begin(t, e, isolation), ref), "storage")
						want(t, "scan", outcome(drain(ctx, begin(t, e, isolation), partition(ref.Table, 1))), "storage")
						want(t, "update", outcome(update(ctx, begin(t, e, isolation), ref, 9)), "storage")
					}
					_, err := e.RecoverRecord(ctx, ref)
					want(t, "RecoverRecord", outcome(err), "storage")
					_, err = e.Status(ctx, owner)
					want(t, "Status", outcome(err), "storage")
					_, err = e.Abort(ctx, owner)
					if err == nil {
						t.Error("Abort knows how the transaction was decided")
					}
					_, err = e.Finish(ctx, owner)
					want(t, "Finish", outcome(err), "storage")
					if err != nil && !strings.Contains(err.Error(), "damaged") {
						t.Errorf("%v does not say that the row is damaged", err)
					}
					time.Sleep(time.Minute)
					want(t, "record", w.storedItem(1, 1), record)
					want(t, "row", w.stored(stateName, storage.TextValue(owner)), row)
				})
			})
		}
		t.Run(tt.name+", met by its owner", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.write(stateName, []storage.Value{storage.TextValue("mine")}, tt.values...)
				e := w.engine(nil)
				tx := begin(t, e, Snapshot, withID("mine"))
				ok(t, insert(ctx, tx, item(t, e, 1, 1), 1))
				want(t, "commit", outcome(tx.Commit(ctx)), "unknown")
				table := e.must(t, itemName)
				row, err := e.readRecord(ctx, table, []storage.Value{intValue(1), intValue(1)})
				ok(t, err)
				want(t, "record", table.stateOf(row).String(), "PREPARED")
			})
		})
	}
}
