package interop

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/scalargen/scalargen/storage"
)

// Of the same writes both libraries store the same write set, byte by byte, and
// each reads that of the other.
func TestWriteSets(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		ctx := t.Context()
		var writers []client
		for _, l := range libraries {
			writers = append(writers, l.open(t, db, options{properties: with()}))
		}
		ok(t, openGo(t, db, options{properties: with("coordinator.group_commit.enabled", "true")}).administration().create(ctx))
		eye := goRaw{db.eye(t)}
		for i, typ := range storage.Types() {
			table := valuesTable(db, typ, storage.Asc)
			ok(t, writers[i%2].administration().create(ctx, table))
			for _, v := range db.extremes(typ) {
				record := storage.Row{keyColumn: v, orderColumn: v, indexColumn: v, plainColumn: storage.Null(typ), markColumn: storage.IntValue(1)}
				var sets [][]byte
				for i, w := range writers {
					for _, write := range []func(tx transaction) error{
						func(tx transaction) error { return tx.upsert(ctx, table, record) },
						func(tx transaction) error { return tx.remove(ctx, table, table.Key(record)) },
					} {
						tx := must(w.begin(ctx, begin{}))(t)
						ok(t, write(tx))
						ok(t, tx.commit(ctx))
						row := db.decision(t, eye, tx.ID())
						sets = append(sets, row[db.coordinator().Column("tx_write_set")].Bytes())
						if done, err := writers[1-i].finish(ctx, tx.ID()); !done || err != nil {
							t.Errorf("%s %v: the other finishes: %v, %v", typ, v, done, err)
						}
					}
				}
				for _, set := range sets[1:] {
					if !bytes.Equal(set, sets[0]) || len(set) == 0 {
						t.Errorf("%s %v: the write sets are\n%x and\n%x", typ, v, sets[0], set)
					}
				}
			}
		}
	})
}

// A group of both libraries has the same row: one for all members, with a write
// set of each of them, and neither for those who write nothing.
func TestGroups(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		ctx := t.Context()
		table := accountTable(db)
		properties := with("coordinator.group_commit.enabled", "true", "coordinator.group_commit.slot_capacity", "3",
			"coordinator.group_commit.group_size_fix_timeout_millis", "2000", "coordinator.group_commit.delayed_slot_move_timeout_millis", "2000")
		ok(t, openJava(t, db, options{properties: properties}).administration().create(ctx, table))
		groups := map[string]map[string]string{}
		for _, l := range libraries {
			c, other := l.open(t, db, options{properties: properties}), l.other().open(t, db, options{})
			// A member that comes too late is decided alone; that is allowed, but not
			// what is looked for.
			for range 20 {
				var met bool
				if groups[l.name], met = makesGroup(t, db, table, c, other); met {
					break
				}
			}
			noneIsPrepared(t, db, table, "group")
		}
		if diff := cmp.Diff(groups["java"], groups["go"]); diff != "" || len(groups["go"]) != 2 {
			t.Errorf("groups of %d and %d differ (-java +go):\n%s", len(groups["java"]), len(groups["go"]), diff)
		}
	})
}

// makesGroup commits a group of two that write and one that reads. It returns the
// write sets of its row by child.
func makesGroup(t *testing.T, db *database, table *storage.Table, c, other client) (sets map[string]string, met bool) {
	t.Helper()
	ctx := t.Context()
	eye := goRaw{db.eye(t)}
	var members []transaction
	for child := range 3 {
		tx := must(c.begin(ctx, begin{id: fmt.Sprint("child ", child)}))(t)
		if child != 1 {
			ok(t, tx.upsert(ctx, table, account("group", int32(child), 1, "member")))
		}
		members = append(members, tx)
	}
	// One that reads only leaves its group when it commits.
	_, err := members[1].get(ctx, table, accountKey("group", 9))
	ok(t, err)
	ok(t, members[1].commit(ctx))
	var commits sync.WaitGroup
	for _, tx := range []transaction{members[0], members[2]} {
		commits.Go(func() {
			if err := tx.commit(ctx); err != nil {
				t.Errorf("commit of %s: %v", tx.ID(), err)
			}
		})
	}
	commits.Wait()
	parent, _, _ := strings.Cut(members[0].ID(), "$")
	if len(parent) != 24 || members[0].ID() != parent+"$child 0" {
		t.Errorf("the id of a member is %s", members[0].ID())
	}
	for i, want := range []string{"COMMITTED", "UNKNOWN", "COMMITTED"} {
		if got := must(other.status(ctx, members[i].ID()))(t); got != want {
			t.Errorf("the other finds %s %s, want %s", members[i].ID(), got, want)
		}
	}
	if row := must(eye.get(ctx, db.coordinator(), []storage.Value{storage.TextValue(parent)}))(t); row != nil {
		children := strings.Split(row[db.coordinator().Column("tx_child_ids")].Text(), ",")
		sets = entryGroups(t, row[db.coordinator().Column("tx_write_set")].Bytes())
		slices.Sort(children)
		if diff := cmp.Diff(children, slices.Sorted(maps.Keys(sets))); diff != "" {
			t.Errorf("children and write sets differ:\n%s", diff)
		}
	}
	for _, i := range []int{2, 0} {
		if done, err := other.finish(ctx, members[i].ID()); !done || err != nil {
			t.Errorf("the other finishes %s: %v, %v", members[i].ID(), done, err)
		}
	}
	return sets, len(sets) == 2
}

// entryGroups returns the serialized EntryGroups of a write set by child id
// (consensus-commit.md, section 1.10).
func entryGroups(t *testing.T, set []byte) map[string]string {
	t.Helper()
	groups := map[string]string{}
	for _, group := range fields(t, fields(t, set, 2)[0], 1) {
		groups[string(fields(t, group, 1)[0])] = string(group)
	}
	return groups
}

// fields returns the fields of a protobuf message that have the number and hold
// bytes.
func fields(t *testing.T, message []byte, number protowire.Number) (values [][]byte) {
	t.Helper()
	for len(message) > 0 {
		field, typ, n := protowire.ConsumeTag(message)
		ok(t, protowire.ParseError(min(n, 0)))
		length := protowire.ConsumeFieldValue(field, typ, message[n:])
		ok(t, protowire.ParseError(min(length, 0)))
		if field == number && typ == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			values = append(values, value)
		}
		message = message[n+length:]
	}
	return values
}
