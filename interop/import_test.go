package interop

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/storage"
)

func legacyTable(namespace string) *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "legacy"},
		Columns:   []storage.Column{{Name: "id", Type: storage.Int}, {Name: "name", Type: storage.Text}, {Name: "at", Type: storage.Timestamp}},
		Partition: []int{0},
	}
}

func legacy(id int32, name string) storage.Row {
	row := storage.Row{storage.IntValue(id), storage.TextValue(name), storage.Null(storage.Timestamp)}
	if id == 1 {
		row[2] = storage.TimestampValue(981_173_106_789)
	}
	return row
}

// A table that another program has created and one library has imported, whose
// records have no transaction, is read, written and rolled back by the other.
func TestImportedTables(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		if db.foreign == nil {
			err := openJava(t, db, options{}).administration().importTable(t.Context(), storage.TableName{Namespace: "n", Name: "legacy"})
			if err == nil {
				t.Errorf("Java imports tables of %s after all", db.name)
			}
			return
		}
		var dumps [2][]string
		for i, importer := range libraries {
			ctx := t.Context()
			table := legacyTable(db.namespace("foreign"))
			pool, err := sql.Open(db.driver, db.source)
			ok(t, err)
			defer pool.Close()
			for _, statement := range db.foreign {
				_, err := pool.ExecContext(ctx, fmt.Sprintf(statement, table.Namespace))
				ok(t, err)
			}
			own := importer.open(t, db, options{}).administration()
			ok(t, own.create(ctx))
			ok(t, own.importTable(ctx, table.TableName))
			dumps[i] = db.dump(t)

			for _, l := range libraries {
				c := l.open(t, db, options{future: true})
				if got, err := c.administration().table(ctx, table.TableName); err != nil || !got.Equal(table) {
					t.Errorf("imported by %s, %s has it as %+v, %v", importer.name, l.name, got, err)
				}
				readsLegacy(t, c, table, []storage.Row{legacy(1, "first"), legacy(2, "second"), legacy(3, "third")})
			}
			// Each writes and dies before it has decided; the other takes it back.
			eye := goRaw{db.eye(t)}
			deployed := must(eye.Table(ctx, table.TableName))(t)
			all := &storage.Scan{Table: deployed, Kind: storage.FullScan}
			original := must(eye.scan(ctx, all))(t)
			for _, writer := range libraries {
				c := writer.open(t, db, options{past: true, properties: serially})
				ok(t, c.arm(ctx, java.Point{At: 1 << 30}))
				tx := must(c.begin(ctx, begin{}))(t)
				row := must(tx.get(ctx, table, table.Key(legacy(1, ""))))(t)
				ok(t, tx.update(ctx, table, table.Key(row), []int{1}, []storage.Value{storage.TextValue("new")}))
				row = must(tx.get(ctx, table, table.Key(legacy(2, ""))))(t)
				ok(t, tx.remove(ctx, table, table.Key(row)))
				ok(t, c.arm(ctx, java.Point{At: 1}))
				if err := tx.commit(ctx); !errors.Is(err, java.ErrDead) {
					t.Fatalf("it survived: %v", err)
				}
				if prepared := must(eye.scan(ctx, all))(t); rowsDiffer(original, prepared) == "" {
					t.Fatalf("%s has prepared nothing", writer.name)
				}
				survivor := writer.other().open(t, db, options{future: true})
				readsLegacy(t, survivor, table, []storage.Row{legacy(1, "first"), legacy(2, "second"), legacy(3, "third")})
				for id := range int32(3) {
					if done, err := survivor.recoverRecord(ctx, table, table.Key(legacy(id+1, ""))); !done || err != nil {
						t.Errorf("recovery of %d: %v, %v", id+1, done, err)
					}
				}
				if diff := rowsDiffer(byKey(original), byKey(must(eye.scan(ctx, all))(t))); diff != "" {
					t.Errorf("left by %s, rolled back by the other (-before +after):\n%s", writer.name, diff)
				}
			}
			for i, writer := range libraries {
				c := writer.open(t, db, options{})
				tx := must(c.begin(ctx, begin{}))(t)
				id := int32(i + 1)
				ok(t, tx.upsert(ctx, table, legacy(id, "new")))
				ok(t, tx.commit(ctx))
			}
			for _, l := range libraries {
				readsLegacy(t, l.open(t, db, options{}), table, []storage.Row{legacy(1, "new"), legacy(2, "new"), legacy(3, "third")})
			}
			ok(t, openGo(t, db, options{}).administration().drop(ctx, table))
		}
		if diff := cmp.Diff(dumps[1], dumps[0]); diff != "" {
			t.Errorf("imported tables differ (-java +go):\n%s", diff)
		}
	})
}

func byKey(rows []storage.Row) map[int64]storage.Row {
	records := map[int64]storage.Row{}
	for _, row := range rows {
		records[row[0].Int64()] = row
	}
	return records
}

func readsLegacy(t *testing.T, c client, table *storage.Table, want []storage.Row) {
	t.Helper()
	// Java compares scans of whole tables row by row when it validates them, and a
	// recovery may have moved a row: not SERIALIZABLE, lest it be in conflict.
	tx := must(c.begin(t.Context(), begin{isolation: "SNAPSHOT"}))(t)
	rows := must(tx.scan(t.Context(), &storage.Scan{Table: table, Kind: storage.FullScan}))(t)
	if diff := rowsDiffer(byKey(want), byKey(rows)); diff != "" {
		t.Errorf("scan (-want +got):\n%s", diff)
	}
	for _, record := range want {
		if row := must(tx.get(t.Context(), table, table.Key(record)))(t); rowsDiffer(record, row) != "" {
			t.Errorf("get: %s, want %s", show(table, row), show(table, record))
		}
	}
	ok(t, tx.commit(t.Context()))
}
