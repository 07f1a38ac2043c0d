package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func nameChecks() []check {
	return []check{
		{"names/columns", checkColumnNames},
		{"names/tables", checkTableNames},
		{"names/namespaces", checkNamespaceNames},
		{"names/letter case", checkLetterCase},
	}
}

// nastyNames need quoting, or are taken by databases for their own use.
var nastyNames = []string{
	"order", "select", "table", "group", "user", "index", "key", "values", "rowid", "oid", "MixedCase", "with space", "dash-ed", "1st", "ünïcødé", "日本",
	`dou"ble`, "sin'gle", "back`tick", "brac]ket", `back\slash`, "per%cent", "semi;colon", "--", "quest?ion", "do$lar", ":colon", "@at", "$1", "do.t",
}

// allowed sorts the names into those the storage holds and those it refuses.
func (h *harness) allowed(kind NameKind, names []string) (held, refused []string) {
	h.Helper()
	for _, name := range names {
		if h.refusesName != nil && h.refusesName(kind, name) {
			h.leaveOut("the name "+name, h.nameReason)
			refused = append(refused, name)
		} else {
			held = append(held, name)
		}
	}
	return held, refused
}

// checkColumnNames uses every name in every role of a column.
func checkColumnNames(h *harness) {
	held, refused := h.allowed(ColumnName, nastyNames)
	for start := 0; start < len(held); start += 5 {
		name := func(i int) string { return held[(start+i)%len(held)] }
		t := h.create(PartitionKey(name(0), storage.Int), ClusteringKey(name(1), storage.Int, storage.Desc), Column(name(2), storage.Int), Indexed(name(3), storage.Int), Column(name(4), storage.Text))
		h.useEverything(t, name)
	}
	for _, name := range refused {
		table := h.newTableName()
		h.refusesTable(Table(table.Namespace, table.Name, PartitionKey("p", storage.Int), Column(name, storage.Int)))
	}
}

// refusesTable checks that a table with a name that the storage cannot hold is
// not created.
func (h *harness) refusesTable(definition *storage.Table) {
	h.Helper()
	h.wantError("create table "+definition.Name, h.storage.Admin().CreateTable(background, definition, h.creation), storage.ErrInvalid)
	h.wantMissing(definition.TableName)
}

// useEverything reads and writes through the columns of the given names: a
// partition key, a clustering key, a number, an indexed number and a text.
func (h *harness) useEverything(t *storage.Table, name func(int) string) {
	h.Helper()
	i, text := storage.IntValue, storage.TextValue("x")
	r := row(t, is(name(0), i(1)), is(name(1), i(2)), is(name(2), i(3)), is(name(3), i(4)), is(name(4), text))
	h.apply(when(putRow(t, r), storage.IfNotExists))
	h.wantRow(t, r, i(1), i(2))
	h.apply(when(put(t, key(i(1), i(2)), is(name(2), i(5)), is(name(4), text)), storage.If, predicate(t, name(2), storage.Eq, i(3)), predicate(t, name(3), storage.Ge, i(4)), predicate(t, name(4), storage.IsNotNull)))
	r[t.Column(name(2))] = i(5)
	h.wantScan(storage.Scan{Table: t, Partition: key(i(1)), Start: storage.Bound{Values: key(i(2)), Inclusive: true}, Where: storage.Filter{
		{predicate(t, name(2), storage.Lt, i(9)), predicate(t, name(4), storage.Like, storage.TextValue("x%"))}, {predicate(t, name(0), storage.Eq, i(0))},
	}}, []storage.Row{r})
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan, Columns: []int{t.Column(name(4)), t.Column(name(1))}}, []storage.Row{{text, i(2)}})
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column(name(3)), IndexValue: i(4)}, []storage.Row{r})
	h.fails(storage.ErrCondition, when(verify(t, i(1), i(2)), storage.If, predicate(t, name(2), storage.Ne, i(5))))
	if err := h.storage.Admin().TruncateTable(background, t.TableName); err != nil {
		h.Errorf("truncate: %v", err)
	}
	h.apply(put(t, key(i(1), i(2))))
	h.apply(when(remove(t, i(1), i(2)), storage.IfExists))
}

func plainColumn(i int) string { return []string{"p", "c", "v", "x", "s"}[i] }

func plainParts() []Part {
	return []Part{PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("v", storage.Int), Indexed("x", storage.Int), Column("s", storage.Text)}
}

func checkTableNames(h *harness) {
	held, refused := h.allowed(TableName, nastyNames)
	for _, name := range held {
		h.useEverything(h.createTable(Table(h.namespace, name, plainParts()...)), plainColumn)
	}
	tables := h.tablesOf(h.namespace)
	for _, name := range held {
		if !slices.Contains(tables, name) {
			h.Errorf("table %q is not listed among %q", name, tables)
		}
	}
	for _, name := range refused {
		h.refusesTable(Table(h.namespace, name, PartitionKey("p", storage.Int)))
	}
}

func checkNamespaceNames(h *harness) {
	var names []string
	for _, name := range nastyNames {
		names = append(names, h.namespace+name) // servers have namespaces of their own
	}
	held, refused := h.allowed(NamespaceName, names)
	for _, namespace := range held {
		h.createNamespace(namespace)
		h.useEverything(h.createTable(Table(namespace, "t", plainParts()...)), plainColumn)
		h.wantNamespace(namespace, true)
		if tables := h.tablesOf(namespace); len(tables) != 1 || tables[0] != "t" {
			h.Errorf("tables of namespace %q: %q, want t", namespace, tables)
		}
	}
	for _, namespace := range refused {
		h.wantError("create namespace "+namespace, h.storage.Admin().CreateNamespace(background, namespace, h.creation), storage.ErrInvalid)
	}
}

// checkLetterCase keeps names apart that differ in letter case alone, or
// refuses the second one: it must not take one for the other.
func checkLetterCase(h *harness) {
	parts := func(column string) []Part {
		return []Part{PartitionKey("p", storage.Int), Column("v", storage.Int), Column(column, storage.Int)}
	}
	if h.foldsCase != "" {
		h.leaveOut("names that differ in letter case alone", h.foldsCase)
		h.refusesTable(Table(h.namespace, "case", parts("V")...))
		h.createTable(Table(h.namespace, "case", parts("w")...))
		h.refusesTable(Table(h.namespace, "CASE", parts("w")...))
		return
	}
	lower := h.createTable(Table(h.namespace, "case", parts("V")...))
	upper := h.createTable(Table(h.namespace, "CASE", parts("w")...))
	one, two := storage.IntValue(1), storage.IntValue(2)
	want := row(lower, is("p", one), is("v", one), is("V", two))
	h.apply(putRow(lower, want))
	h.wantRow(lower, want, one)
	h.wantRow(upper, nil, one)
}
