package interop

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

// accountTable has a record for each kind of test: a key, an indexed and a plain
// column.
func accountTable(db *database) *storage.Table {
	return &storage.Table{
		TableName: storage.TableName{Namespace: db.namespace("bank"), Name: "account"},
		Columns: []storage.Column{
			{Name: "branch", Type: storage.Text}, {Name: "number", Type: storage.Int},
			{Name: "balance", Type: storage.BigInt}, {Name: "owner", Type: storage.Text}, {Name: "note", Type: storage.Text},
		},
		Partition:  []int{0},
		Clustering: []storage.ClusteringColumn{{Column: 1}},
		Indexes:    []int{3},
	}
}

const noteColumn = 4

func account(branch string, number int32, balance int64, owner string) storage.Row {
	return storage.Row{storage.TextValue(branch), storage.IntValue(number), storage.BigIntValue(balance), storage.TextValue(owner), storage.Null(storage.Text)}
}

// schemaTables are tables of many shapes.
func schemaTables(db *database) []*storage.Table {
	tables := []*storage.Table{accountTable(db)}
	for _, typ := range storage.Types() {
		tables = append(tables, valuesTable(db, typ, storage.Asc))
	}
	named := func(name string) storage.TableName {
		return storage.TableName{Namespace: db.namespace("shapes"), Name: name}
	}
	columns := func(names ...string) (columns []storage.Column) {
		for i, name := range names {
			columns = append(columns, storage.Column{Name: name, Type: []storage.Type{storage.Int, storage.Text, storage.BigInt}[i%3]})
		}
		return columns
	}
	return append(tables,
		&storage.Table{TableName: named("key_only"), Columns: columns("a", "b"), Partition: []int{0, 1}},
		&storage.Table{TableName: named("mixed_orders"), Columns: columns("v", "w", "c", "b", "a"), Partition: []int{4, 3},
			Clustering: []storage.ClusteringColumn{{Column: 2, Order: storage.Desc}, {Column: 1, Order: storage.Asc}}},
		&storage.Table{TableName: named("Two Words"), Columns: columns("Key", "Two Words", "select", "before_x"), Partition: []int{0}, Indexes: []int{1, 2}},
		// The names of its indexes are longer than an identifier of PostgreSQL.
		&storage.Table{TableName: named("a_table_whose_name_is_quite_long"), Columns: columns("id", "a_column_whose_name_is_long_too", "other"),
			Partition: []int{0}, Indexes: []int{1}},
		&storage.Table{TableName: named("indexed_key"), Columns: columns("p", "c", "v"), Partition: []int{0},
			Clustering: []storage.ClusteringColumn{{Column: 1}}, Indexes: []int{1}},
	)
}

// Tables that one library has created are the same, to the database and to the
// other library, as if that one had created them; it changes and drops them as
// its own.
func TestTables(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		ctx := t.Context()
		all := storage.Properties{
			"scalar.db.consensus_commit.coordinator.group_commit.enabled":      "true",
			"scalar.db.consensus_commit.coordinator.write_set_logging.enabled": "true",
		}
		tables := schemaTables(db)
		var created, changed map[string][]string = map[string][]string{}, map[string][]string{}
		for _, creator := range libraries {
			t.Run("created by "+creator.name, func(t *testing.T) {
				own := creator.open(t, db, options{properties: all}).administration()
				other := creator.other().open(t, db, options{properties: all}).administration()
				ok(t, own.create(ctx, tables...))
				created[creator.name] = db.dump(t)
				sameDefinitions(t, db, own, other, tables)

				ok(t, other.repair(ctx, tables...))
				if diff := cmp.Diff(created[creator.name], db.dump(t)); diff != "" {
					t.Errorf("a repair by the other changes (-before +after):\n%s", diff)
				}

				tables := changeTables(t, other, tables)
				changed[creator.name] = db.dump(t)
				// Definitions are kept for ever: a client that has begun before does not
				// know the change.
				sameDefinitions(t, db, creator.open(t, db, options{properties: all}).administration(), other, tables)

				ok(t, creator.other().open(t, db, options{properties: all}).administration().drop(ctx, tables...))
				left := slices.DeleteFunc(db.dump(t), db.ofMetadata) // empty now, which harms nobody
				if len(left) > 0 {
					t.Errorf("dropped by the other, but there remain:\n%s", strings.Join(left, "\n"))
				}
			})
		}
		if diff := cmp.Diff(created["java"], created["go"]); diff != "" {
			t.Errorf("created tables differ (-java +go):\n%s", diff)
		}
		if diff := cmp.Diff(changed["go"], changed["java"]); diff != "" {
			t.Errorf("changed tables differ (-by java +by go):\n%s", diff)
		}
	})
}

func sameDefinitions(t *testing.T, db *database, own, other administration, tables []*storage.Table) {
	t.Helper()
	ctx := t.Context()
	for _, table := range tables {
		for _, a := range []administration{own, other} {
			got, err := a.table(ctx, table.TableName)
			if err != nil || got == nil || !got.Equal(table) {
				t.Errorf("%T has %s as %+v, %v; want %+v", a, table.TableName, got, err, table)
			}
		}
		mine, theirs := must(own.deployed(ctx, table.TableName))(t), must(other.deployed(ctx, table.TableName))(t)
		if mine == nil || theirs == nil || !mine.Equal(theirs) {
			t.Errorf("%s is deployed as %+v and as %+v", table.TableName, mine, theirs)
		}
	}
	for _, a := range []administration{own, other} {
		if !must(a.coordinatorExists(ctx))(t) {
			t.Errorf("%T finds no coordinator", a)
		}
		if got, err := a.deployed(ctx, db.coordinator().TableName); err != nil || got == nil || !got.Equal(db.coordinator()) {
			t.Errorf("%T has the coordinator as %+v, %v; want %+v", a, got, err, db.coordinator())
		}
		want := []string{"Two Words", "a_table_whose_name_is_quite_long", "indexed_key", "key_only", "mixed_orders"}
		if diff := cmp.Diff(want, must(a.tables(ctx, db.namespace("shapes")))(t)); diff != "" {
			t.Errorf("%T lists tables (-want +got):\n%s", a, diff)
		}
	}
}

// changeTables changes tables, and returns what they are then.
func changeTables(t *testing.T, a administration, tables []*storage.Table) []*storage.Table {
	t.Helper()
	ctx := t.Context()
	changed := make([]*storage.Table, len(tables))
	for i, table := range tables {
		changed[i] = table
		switch table.Name {
		case "account":
			ok(t, a.createIndex(ctx, table.TableName, "note"))
			ok(t, a.addColumn(ctx, table.TableName, storage.Column{Name: "since", Type: storage.Date}))
			ok(t, a.dropColumn(ctx, table.TableName, "balance"))
			copied := *table
			copied.Columns = []storage.Column{table.Columns[0], table.Columns[1], table.Columns[3], table.Columns[4], {Name: "since", Type: storage.Date}}
			copied.Indexes = []int{2, 3}
			changed[i] = &copied
		case "a_table_whose_name_is_quite_long":
			ok(t, a.dropIndex(ctx, table.TableName, table.Columns[1].Name))
			ok(t, a.renameColumn(ctx, table.TableName, "other", "another"))
			copied := *table
			copied.Columns = []storage.Column{table.Columns[0], table.Columns[1], {Name: "another", Type: table.Columns[2].Type}}
			copied.Indexes = nil
			changed[i] = &copied
		}
	}
	return changed
}

// A coordinator table with any of the optional columns, whoever has created it,
// is the same and serves clients of both libraries; those of this one also if
// they would use a column that is not there.
func TestCoordinatorColumns(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		ctx := t.Context()
		table := accountTable(db)
		ok(t, openGo(t, db, options{}).administration().create(ctx, table))
		group, sets := ccPrefix+"coordinator.group_commit.enabled", ccPrefix+"coordinator.write_set_logging.enabled"
		for i, properties := range []storage.Properties{{}, {group: "true"}, {sets: "true"}, {group: "true", sets: "true"}} {
			var dumps [][]string
			for _, creator := range libraries {
				properties[ccPrefix+"coordinator.namespace"] = db.namespace(fmt.Sprint("coordinator", i))
				ok(t, creator.open(t, db, options{properties: properties}).administration().create(ctx))
				dumps = append(dumps, db.dump(t))
				for _, l := range libraries {
					for _, logging := range []string{"false", "true"} {
						if l.name == javaLibrary.name && logging == "true" && properties[sets] == "" {
							continue // Java does not look for the column, and fails to commit (DB-CORE-10017)
						}
						use := maps.Clone(properties)
						use[sets] = logging
						write(t, l.open(t, db, options{properties: use}), table, []storage.Row{account(creator.name+" "+l.name+" "+logging, int32(i), 1, "owner")})
					}
				}
				ok(t, creator.other().open(t, db, options{properties: properties}).administration().drop(ctx))
			}
			if diff := cmp.Diff(dumps[1], dumps[0]); diff != "" {
				t.Errorf("coordinator tables for %v differ (-java +go):\n%s", properties, diff)
			}
		}
	})
}
