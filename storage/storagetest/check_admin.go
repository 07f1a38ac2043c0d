package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func adminChecks() []check {
	return []check{
		{"admin/namespace", checkNamespace},
		{"admin/table", checkTable},
		{"admin/definition comes back", checkDefinition},
		{"admin/truncate", checkTruncate},
		{"admin/table not found everywhere", checkTableNotFound},
		{"admin/table again after drop", checkTableAgain},
		{"admin/listing", checkListing},
	}
}

// createNamespace creates a namespace that the check drops at its end.
func (h *harness) createNamespace(namespace string) {
	h.Helper()
	if err := h.storage.Admin().CreateNamespace(background, namespace, h.creation); err != nil {
		h.Fatalf("create namespace %q: %v", namespace, err)
	}
	h.namespaces = append(h.namespaces, namespace)
}

func (h *harness) wantNamespace(namespace string, want bool) {
	h.Helper()
	exists, err := h.storage.Admin().NamespaceExists(background, namespace)
	if err != nil {
		h.Fatalf("namespace exists: %v", err)
	}
	all, err := h.storage.Admin().Namespaces(background)
	if err != nil {
		h.Fatalf("namespaces: %v", err)
	}
	if exists != want || slices.Contains(all, namespace) != want {
		h.Errorf("namespace %q: exists %t, listed %t, want %t", namespace, exists, slices.Contains(all, namespace), want)
	}
	if !slices.IsSorted(all) {
		h.Errorf("namespaces %q are not in byte order", all)
	}
}

func checkNamespace(h *harness) {
	admin, namespace := h.storage.Admin(), h.namespace+"_ns"
	h.wantNamespace(namespace, false)
	if err := admin.DropNamespace(background, namespace); err != nil {
		h.Errorf("drop of a namespace that is not there: %v", err)
	}
	for range 2 {
		h.createNamespace(namespace)
	}
	if h.implicitNamespaces == "" {
		h.wantNamespace(namespace, true)
	} else {
		h.leaveOut("an empty namespace exists", h.implicitNamespaces)
	}
	t := h.createTable(Table(namespace, "t", PartitionKey("p", storage.Int)))
	h.wantNamespace(namespace, true)
	h.wantError("drop namespace with a table", admin.DropNamespace(background, namespace), storage.ErrNotEmpty)
	h.apply(put(t, key(storage.IntValue(1)))) // the table is still of use
	if err := admin.DropTable(background, t.TableName); err != nil {
		h.Fatalf("drop table: %v", err)
	}
	for range 2 {
		if err := admin.DropNamespace(background, namespace); err != nil {
			h.Errorf("drop namespace: %v", err)
		}
	}
	h.wantNamespace(namespace, false)
}

func checkTable(h *harness) {
	admin := h.storage.Admin()
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int), Indexed("x", storage.Int))
	h.apply(put(t, key(storage.IntValue(1)), is("v", storage.IntValue(1))))
	h.wantError("create table again", admin.CreateTable(background, t, h.creation), storage.ErrTableExists)
	other := Table(t.Namespace, t.Name, PartitionKey("q", storage.Text))
	h.wantError("create table of another shape", admin.CreateTable(background, other, h.creation), storage.ErrTableExists)
	h.wantRow(t, row(t, is("p", storage.IntValue(1)), is("v", storage.IntValue(1))), storage.IntValue(1))
	if again, err := h.storage.Table(background, t.TableName); err != nil || !again.Equal(t) {
		h.Errorf("definition after a refused creation: %+v, %v", again, err)
	}
	if err := admin.DropTable(background, t.TableName); err != nil {
		h.Fatalf("drop table: %v", err)
	}
	h.wantMissing(t.TableName)
	h.wantError("drop table again", admin.DropTable(background, t.TableName), storage.ErrTableNotFound)
}

// wantMissing checks that there is no such table.
func (h *harness) wantMissing(name storage.TableName) {
	h.Helper()
	_, err := h.storage.Table(background, name)
	h.wantError("definition of "+name.String(), err, storage.ErrTableNotFound)
	if tables := h.tablesOf(name.Namespace); slices.Contains(tables, name.Name) {
		h.Errorf("table %s is listed", name)
	}
}

func (h *harness) tablesOf(namespace string) []string {
	h.Helper()
	tables, err := h.storage.Admin().Tables(background, namespace)
	if err != nil {
		h.Fatalf("tables of %q: %v", namespace, err)
	}
	if !slices.IsSorted(tables) {
		h.Errorf("tables %q are not in byte order", tables)
	}
	return tables
}

// checkDefinition reads definitions back: types, key order, clustering orders
// and indexes.
func checkDefinition(h *harness) {
	var everyType []Part
	for _, typ := range storage.Types() {
		if h.lacks(AsValue, typ) == "" {
			everyType = append(everyType, Column("c_"+typ.String(), typ))
		}
	}
	for _, parts := range [][]Part{
		{PartitionKey("p", storage.Int)},
		append(everyType, PartitionKey("p", storage.Int)),
		{Column("z", storage.Int), ClusteringKey("b", storage.Int, storage.Desc), PartitionKey("y", storage.Text), Column("a", storage.Int),
			PartitionKey("x", storage.Int), ClusteringKey("a2", storage.Text, storage.Asc), ClusteringKey("c", storage.BigInt, storage.Desc)},
		{PartitionKey("p", storage.Int), Indexed("x", storage.Int), Column("v", storage.Int), Indexed("w", storage.Text)},
		{ClusteringKey("c9", storage.Int, storage.Asc), ClusteringKey("c1", storage.Int, storage.Asc), ClusteringKey("c5", storage.Int, storage.Desc), PartitionKey("p", storage.Int)},
	} {
		name := h.newTableName()
		want := Table(name.Namespace, name.Name, parts...)
		got := h.createTable(want)
		if !got.Equal(want) {
			h.Errorf("definition of %s:\n got %+v\nwant %+v", name, got, want)
		}
		again, err := h.storage.Table(background, name)
		if err != nil || !again.Equal(want) {
			h.Errorf("definition of %s, read again: %+v, %v", name, again, err)
		}
	}
}

func checkTruncate(h *harness) {
	parts := []Part{PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Indexed("x", storage.Int)}
	t, other := h.create(parts...), h.create(parts...)
	i := storage.IntValue
	for n := range int32(10) {
		h.apply(put(t, key(i(n%2), i(n)), is("x", i(1))))
		h.apply(put(other, key(i(n%2), i(n)), is("x", i(1))))
	}
	for range 2 {
		if err := h.storage.Admin().TruncateTable(background, t.TableName); err != nil {
			h.Fatalf("truncate: %v", err)
		}
		h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
		h.wantRow(t, nil, i(0), i(0))
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: i(1)}, nil)
	h.apply(when(put(t, key(i(0), i(0)), is("x", i(1))), storage.IfNotExists))
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{row(t, is("p", i(0)), is("c", i(0)), is("x", i(1)))})
	var untouched []storage.Row
	for n := range int32(10) {
		untouched = append(untouched, row(other, is("p", i(n%2)), is("c", i(n)), is("x", i(1))))
	}
	h.wantSet(storage.Scan{Table: other, Kind: storage.FullScan}, untouched)
}

// checkTableNotFound calls everything with a table that never was, and with
// one that was dropped after it had been in use.
func checkTableNotFound(h *harness) {
	name := h.newTableName()
	never := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), Indexed("x", storage.Int))
	dropped := h.create(PartitionKey("p", storage.Int), Indexed("x", storage.Int))
	one := storage.IntValue(1)
	h.apply(put(dropped, key(one), is("x", one)))
	h.wantRow(dropped, row(dropped, is("p", one), is("x", one)), one)
	admin := h.storage.Admin()
	if err := admin.DropTable(background, dropped.TableName); err != nil {
		h.Fatalf("drop table: %v", err)
	}
	elsewhere := Table(h.namespace+"_never", "t", PartitionKey("p", storage.Int), Indexed("x", storage.Int))
	for _, t := range []*storage.Table{never, dropped, elsewhere} {
		for call, err := range map[string]error{
			"get":             second(h.storage.Get(background, []storage.Get{{Table: t, Key: key(one)}})),
			"partition scan":  second(h.storage.Scan(background, &storage.Scan{Table: t, Partition: key(one)})),
			"full scan":       second(h.storage.Scan(background, &storage.Scan{Table: t, Kind: storage.FullScan})),
			"index scan":      second(h.storage.Scan(background, &storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: one})),
			"put":             h.try(put(t, key(one), is("x", one))),
			"conditional put": h.try(when(put(t, key(one), is("x", one)), storage.IfExists)),
			"delete":          h.try(remove(t, one)),
			"check":           h.try(when(verify(t, one), storage.IfNotExists)),
			"definition":      second(h.storage.Table(background, t.TableName)),
			"drop table":      admin.DropTable(background, t.TableName),
			"truncate table":  admin.TruncateTable(background, t.TableName),
		} {
			h.wantError(call+" on a table that does not exist", err, storage.ErrTableNotFound)
		}
	}
	if tables := h.tablesOf(elsewhere.Namespace); len(tables) != 0 {
		h.Errorf("tables of a namespace that does not exist: %q", tables)
	}
}

// checkTableAgain creates a table of another shape under the name of a dropped
// one: nothing prepared or cached for the old one may survive.
func checkTableAgain(h *harness) {
	old := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int), Indexed("x", storage.Int))
	one := storage.IntValue(1)
	h.apply(put(old, key(one, one), is("v", one), is("x", one)))
	h.get(old, one, one)
	h.scan(storage.Scan{Table: old, Partition: key(one)})
	if err := h.storage.Admin().DropTable(background, old.TableName); err != nil {
		h.Fatalf("drop table: %v", err)
	}
	t := h.createTable(Table(old.Namespace, old.Name, PartitionKey("p", storage.Text), Column("x", storage.Text), Column("c", storage.Int), Indexed("v", storage.Int)))
	text := plainTexts[0]
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
	want := row(t, is("p", text), is("x", text), is("v", one))
	h.apply(putRow(t, want))
	h.wantRow(t, want, text)
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("v"), IndexValue: one}, []storage.Row{want})
}

// checkListing looks for names that a pattern of SQL's LIKE would mix up.
func checkListing(h *harness) {
	tables := map[string][]string{ // by suffix of the namespace, in byte order
		"_a":   {"T", "_t", "a", "t", "t_1", "tx1"},
		"xa":   {"_t", "t_1"},
		"_a_b": {"b", "t"},
	}
	if h.foldsCase != "" {
		h.leaveOut("tables that differ in letter case", h.foldsCase)
		tables["_a"] = tables["_a"][1:]
	}
	for suffix, names := range tables {
		names, _ := h.allowed(TableName, names)
		tables[suffix] = names
		h.createNamespace(h.namespace + suffix)
		for _, name := range slices.Backward(names) {
			h.createTable(Table(h.namespace+suffix, name, PartitionKey("p", storage.Int)))
		}
	}
	for suffix, want := range tables {
		if got := h.tablesOf(h.namespace + suffix); !slices.Equal(got, want) {
			h.Errorf("tables %q, want %q", got, want)
		}
	}
}
