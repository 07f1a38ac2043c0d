package interop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/storage"
)

// decisionPoint returns the number of the request by which the commit of a client
// is decided.
func decisionPoint(t *testing.T, db *database, table *storage.Table, writer library, v variant) int {
	t.Helper()
	which := writer.name + " " + v.name + " on " + db.name
	if at, known := decisionPoints.Load(which); known {
		return at.(int)
	}
	eye := goRaw{db.eye(t)}
	for at := 1; ; at++ {
		id := leave(t, db, table, writer, v, fmt.Sprint(which, " probe ", at), java.Point{At: at})
		if db.decision(t, eye, id) != nil {
			decisionPoints.Store(which, at)
			return at
		}
		must(openGo(t, db, options{}).abort(t.Context(), id))(t) // else scans would meet it
	}
}

var decisionPoints sync.Map

// leave leaves the records of a branch as a client of writer does that dies at p
// just now. It returns the id of the transaction.
func leave(t *testing.T, db *database, table *storage.Table, writer library, v variant, branch string, p java.Point) (id string) {
	t.Helper()
	write(t, openGo(t, db, options{}), table, v.before(branch))
	id, err := v.die(t.Context(), writer.open(t, db, options{properties: v.properties}), table, branch, p)
	if !errors.Is(err, java.ErrDead) {
		t.Fatalf("it survived: %v", err)
	}
	return id
}

func inTwoPhases() []variant { return []variant{variants[0], variants[2], variants[3]} }

// forEach runs a test for each writer and way to commit in two phases, with a
// reader of the other library.
func forEach(t *testing.T, test func(t *testing.T, db *database, table *storage.Table, writer library, v variant, reader client)) {
	t.Helper()
	onEach(t, func(t *testing.T, db *database) {
		table := accountTable(db)
		ok(t, openJava(t, db, options{properties: with("coordinator.group_commit.enabled", "true")}).administration().create(t.Context(), table))
		for _, writer := range libraries {
			reader := writer.other().open(t, db, options{properties: storage.Properties{"scalargen.uncommitted_wait_millis": "0"}})
			for _, v := range inTwoPhases() {
				t.Run(writer.name+" "+v.name, func(t *testing.T) { test(t, db, table, writer, v, reader) })
			}
		}
	})
}

// What may still be decided by a living client of the other library is a
// conflict, and no version of it is shown, except by READ COMMITTED the old one;
// it can be aborted by its id.
func TestUndecidedRecords(t *testing.T) {
	forEach(t, func(t *testing.T, db *database, table *storage.Table, writer library, v variant, reader client) {
		ctx, branch := t.Context(), t.Name()
		id := leave(t, db, table, writer, v, branch, java.Point{At: decisionPoint(t, db, table, writer, v), Before: true})
		old := v.before(branch)
		reads := map[string]func(tx transaction) error{
			"get": func(tx transaction) error {
				_, err := tx.get(ctx, table, accountKey(branch, updated))
				return err
			},
			"get of an inserted one": func(tx transaction) error {
				_, err := tx.get(ctx, table, accountKey(branch, inserted))
				return err
			},
			"scan": func(tx transaction) error {
				_, err := tx.scan(ctx, &storage.Scan{Table: table, Partition: accountKey(branch, 0)[:1]})
				return err
			},
			"index, new value": func(tx transaction) error {
				_, err := tx.scan(ctx, &storage.Scan{Table: table, Kind: storage.IndexScan, Index: 3, IndexValue: storage.TextValue("new")})
				return err
			},
			"index, old value": func(tx transaction) error {
				_, err := tx.scan(ctx, &storage.Scan{Table: table, Kind: storage.IndexScan, Index: 3, IndexValue: storage.TextValue("old")})
				return err
			},
			"update": func(tx transaction) error {
				key := accountKey(branch, updated)
				if err := tx.update(ctx, table, key, []int{2}, []storage.Value{storage.BigIntValue(7)}); err != nil {
					return err
				}
				return tx.commit(ctx)
			},
		}
		for name, read := range reads {
			tx := must(reader.begin(ctx, begin{}))(t)
			if got := outcome(read(tx)); got != "conflict" {
				t.Errorf("%s: %s, want a conflict", name, got)
			}
			ok(t, tx.rollback(ctx))
		}
		for _, number := range []int32{updated, deleted, inserted, absentDeleted, replaced} {
			if done, err := reader.recoverRecord(ctx, table, accountKey(branch, number)); done || err != nil {
				t.Errorf("recovery of record %d: %v, %v", number, done, err)
			}
		}
		committed := writer.other().open(t, db, options{properties: storage.Properties{ccPrefix + "isolation_level": "READ_COMMITTED"}})
		for _, readOnly := range []bool{false, true} {
			tx := must(committed.begin(ctx, begin{readOnly: readOnly}))(t)
			rows, err := tx.scan(ctx, &storage.Scan{Table: table, Partition: accountKey(branch, 0)[:1]})
			if diff := rowsDiffer(old, rows); diff != "" || err != nil {
				t.Errorf("READ COMMITTED, read-only %v: %v\n%s", readOnly, err, diff)
			}
			ok(t, tx.commit(ctx))
		}

		for _, ask := range []struct {
			name string
			call func(context.Context, string) (string, error)
			want string
		}{{"status", reader.status, "UNKNOWN"}, {"abort", reader.abort, "ABORTED"}, {"status", reader.status, "ABORTED"}, {"abort", reader.abort, "ABORTED"}} {
			if got := must(ask.call(ctx, id))(t); got != ask.want {
				t.Errorf("%s: %s, want %s", ask.name, got, ask.want)
			}
		}
		if got := must(writer.open(t, db, options{}).status(ctx, id))(t); got != "ABORTED" {
			t.Errorf("status for the writer's library: %s", got)
		}
		readsAll(t, reader, table, branch, old)
		settles(t, db, reader, table, branch)
	})
}

// readsAll reads the records of a branch by key, by scan and by index.
func readsAll(t *testing.T, c client, table *storage.Table, branch string, want []storage.Row) {
	t.Helper()
	ctx := t.Context()
	// Not SERIALIZABLE: Java compares the rows of an index one by one when it
	// validates, and is in conflict if a recovery has moved one in between.
	tx := must(c.begin(ctx, begin{isolation: "SNAPSHOT"}))(t)
	rows := must(tx.scan(ctx, &storage.Scan{Table: table, Partition: accountKey(branch, 0)[:1]}))(t)
	if diff := rowsDiffer(want, rows); diff != "" {
		t.Errorf("scan of %s (-want +got):\n%s", branch, diff)
	}
	for number := updated; number <= replaced; number++ {
		row := must(tx.get(ctx, table, accountKey(branch, number)))(t)
		i := slices.IndexFunc(want, func(r storage.Row) bool { return r[1] == storage.IntValue(number) })
		if (row == nil) != (i < 0) || i >= 0 && rowsDiffer(want[i], row) != "" {
			t.Errorf("record %d is %s, want %v", number, show(table, row), want)
		}
	}
	for _, owner := range []string{"old", "new"} {
		var wantOwned []storage.Row
		for _, record := range want {
			if record[3] == storage.TextValue(owner) {
				wantOwned = append(wantOwned, record)
			}
		}
		found := must(tx.scan(ctx, &storage.Scan{Table: table, Kind: storage.IndexScan, Index: 3, IndexValue: storage.TextValue(owner)}))(t)
		found = slices.DeleteFunc(found, func(r storage.Row) bool { return r[0] != storage.TextValue(branch) })
		slices.SortFunc(found, func(a, b storage.Row) int { return int(a[1].Int64() - b[1].Int64()) })
		if diff := rowsDiffer(wantOwned, append([]storage.Row(nil), found...)); diff != "" {
			t.Errorf("index %s of %s (-want +got):\n%s", owner, branch, diff)
		}
	}
	ok(t, tx.commit(ctx))
}

// settles recovers the records of a branch and checks that none is prepared.
func settles(t *testing.T, db *database, c client, table *storage.Table, branch string) {
	t.Helper()
	ctx := t.Context()
	for number := updated; number <= replaced; number++ {
		if done, err := c.recoverRecord(ctx, table, accountKey(branch, number)); !done || err != nil {
			t.Errorf("recovery of record %d: %v, %v", number, done, err)
		}
	}
	noneIsPrepared(t, db, table, branch)
}

func noneIsPrepared(t *testing.T, db *database, table *storage.Table, branch string) {
	t.Helper()
	eye := goRaw{db.eye(t)}
	deployed := must(eye.Table(t.Context(), table.TableName))(t)
	for _, row := range must(eye.scan(t.Context(), &storage.Scan{Table: deployed, Partition: accountKey(branch, 0)[:1]}))(t) {
		if row[deployed.Column("tx_state")] != storage.IntValue(3) {
			t.Errorf("left: %s", show(deployed, row))
		}
	}
}

// What the other library has decided, and not told the records, is read as
// decided, and finished by its write set.
func TestDecidedRecords(t *testing.T) {
	forEach(t, func(t *testing.T, db *database, table *storage.Table, writer library, v variant, reader client) {
		ctx := t.Context()
		for _, first := range []string{"read", "finish", "abort"} {
			branch := t.Name() + " " + first
			id := leave(t, db, table, writer, v, branch, java.Point{At: decisionPoint(t, db, table, writer, v)})
			if got := must(reader.status(ctx, id))(t); got != "COMMITTED" {
				t.Errorf("%s: status %s", first, got)
			}
			switch first {
			case "read":
				readsAll(t, reader, table, branch, v.after(branch))
				settles(t, db, reader, table, branch)
			case "abort":
				if got := must(reader.abort(ctx, id))(t); got != "COMMITTED" {
					t.Errorf("abort: %s", got)
				}
			}
			eye := goRaw{db.eye(t)}
			for range 2 {
				if done, err := reader.finish(ctx, id); !done || err != nil {
					t.Errorf("%s: finish: %v, %v", first, done, err)
				}
				if row := db.decision(t, eye, id); row != nil {
					t.Errorf("%s: finished, but there remains %s", first, show(db.coordinator(), row))
				}
				noneIsPrepared(t, db, table, branch)
			}
			readsAll(t, reader, table, branch, v.after(branch))
		}
	})
}

// A transaction that was in conflict has left its write set with the decision;
// the other library finishes it.
func TestAbortedRecords(t *testing.T) {
	forEach(t, func(t *testing.T, db *database, table *storage.Table, writer library, v variant, reader client) {
		ctx, branch := t.Context(), t.Name()
		c := writer.open(t, db, options{properties: v.properties})
		write(t, c, table, v.before(branch))
		tx, err := v.doomed(ctx, c, table, branch)
		ok(t, err)
		between := must(reader.begin(ctx, begin{}))(t)
		ok(t, between.update(ctx, table, accountKey(branch, updated), []int{2}, []storage.Value{storage.BigIntValue(99)}))
		ok(t, between.commit(ctx))
		if got := outcome(tx.commit(ctx)); got != "conflict" {
			t.Fatalf("commit: %s", got)
		}
		if got := must(reader.status(ctx, tx.ID()))(t); got != "ABORTED" {
			t.Errorf("status: %s", got)
		}
		eye := goRaw{db.eye(t)}
		row := must(eye.get(ctx, db.coordinator(), []storage.Value{storage.TextValue(tx.ID())}))(t)
		if row == nil || row[db.coordinator().Column("tx_write_set")].IsNull() {
			t.Errorf("the decision is %s", show(db.coordinator(), row))
		}
		old := v.before(branch)
		old[0][2] = storage.BigIntValue(99)
		readsAll(t, reader, table, branch, old)
		if done, err := reader.finish(ctx, tx.ID()); !done || err != nil {
			t.Errorf("finish: %v, %v", done, err)
		}
		settles(t, db, reader, table, branch)
		readsAll(t, reader, table, branch, old)
	})
}
