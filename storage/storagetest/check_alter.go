package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func alterChecks() []check {
	return []check{
		{"alter/create and drop index", checkAlterIndex},
		{"alter/add column", checkAddColumn},
		{"alter/drop column", checkDropColumn},
		{"alter/rename column", checkRenameColumn},
		{"alter/column type", checkAlterColumnType},
		{"alter/rename table", checkRenameTable},
		{"alter/what cannot be", checkRefusedChanges},
		{"alter/repair", checkRepair},
		{"alter/repair refuses contradictions", checkRefusedRepair},
		{"alter/import", checkImport},
	}
}

// altered checks that the changes, which must all succeed, leave the definition
// want behind, and returns it as it is deployed. Each change is made twice: a
// repeated one must be none.
func (h *harness) altered(want *storage.Table, changes ...func() error) *storage.Table {
	h.Helper()
	for i, change := range changes {
		for range 2 {
			if err := change(); err != nil {
				h.Fatalf("change %d of %s: %v", i+1, want.TableName, err)
			}
		}
	}
	return h.wantDefinition(want)
}

func (h *harness) wantDefinition(want *storage.Table) *storage.Table {
	h.Helper()
	got, err := h.storage.Table(background, want.TableName)
	if err != nil {
		h.Fatalf("definition of %s: %v", want.TableName, err)
	}
	if !got.Equal(want) {
		h.Errorf("definition of %s:\n got %+v\nwant %+v", want.TableName, got, want)
	}
	return got
}

// lacking reports whether the storage cannot make a kind of change, after it
// has checked that it says so and leaves the table alone.
func (h *harness) lacking(kind Change, t *storage.Table, change func() error) bool {
	h.Helper()
	reason := h.cannotChange[kind]
	if reason == "" {
		return false
	}
	h.leaveOut(kind.String(), reason)
	h.wantError(kind.String(), change(), storage.ErrInvalid)
	h.wantDefinition(t)
	return true
}

// people is a table of three records for changes: id is the key, name has an
// index, age has none.
func (h *harness) people() (t *storage.Table, rows []storage.Row) {
	h.Helper()
	t = h.create(PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Indexed("name", storage.Text), Column("age", storage.Int))
	for i, name := range []string{"a", "b", "a"} {
		id := storage.IntValue(int32(i))
		rows = append(rows, row(t, is("p", storage.IntValue(1)), is("id", id), is("name", storage.TextValue(name)), is("age", storage.IntValue(int32(40+i)))))
		h.apply(putRow(t, rows[i]))
	}
	slices.Reverse(rows) // as a scan returns them
	return t, rows
}

// wantPeople reads the records of people on every path.
func (h *harness) wantPeople(t *storage.Table, rows []storage.Row, index string, found []storage.Row, value storage.Value) {
	h.Helper()
	h.wantScan(storage.Scan{Table: t, Partition: key(storage.IntValue(1))}, rows)
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, rows)
	h.wantRow(t, rows[1], t.Key(rows[1])...)
	if index != "" {
		h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column(index), IndexValue: value}, found)
	}
}

// inOrderOf returns rows of one definition as rows of another one; names says
// how columns of to are called in from.
func inOrderOf(from, to *storage.Table, rows []storage.Row, names map[string]string) []storage.Row {
	out := make([]storage.Row, len(rows))
	for i, r := range rows {
		out[i] = make(storage.Row, len(to.Columns))
		for j, c := range to.Columns {
			name := c.Name
			if former, renamed := names[name]; renamed {
				name = former
			}
			out[i][j] = storage.Null(c.Type)
			if p := from.Column(name); p >= 0 {
				out[i][j] = r[p]
			}
		}
	}
	return out
}

func checkAlterIndex(h *harness) {
	admin := h.storage.Admin()
	t, rows := h.people()
	create := func() error { return admin.CreateIndex(background, t.TableName, "age", h.creation) }
	if h.lacking(ChangeIndexes, t, create) {
		return
	}
	want := *t
	want.Indexes = append(slices.Clone(t.Indexes), t.Column("age"))
	age := storage.IntValue(41)
	indexed := h.altered(&want, create)
	rows = inOrderOf(t, indexed, rows, nil)
	h.wantPeople(indexed, rows, "age", rows[1:2], age)
	// The index holds what is written later, also with the old definition.
	fourth := row(t, is("p", storage.IntValue(1)), is("id", storage.IntValue(-1)), is("age", age))
	h.apply(putRow(t, fourth))
	rows = append(rows, inOrderOf(t, indexed, []storage.Row{fourth}, nil)...)
	h.wantPeople(indexed, rows, "age", []storage.Row{rows[1], rows[3]}, age)
	h.wantPeople(indexed, rows, "name", rows[1:2], storage.TextValue("b"))

	dropped := h.altered(t, func() error { return admin.DropIndex(background, t.TableName, "age") })
	h.wantPeople(dropped, inOrderOf(indexed, dropped, rows, nil), "", nil, age)
	again := h.altered(&want, create)
	h.wantPeople(again, inOrderOf(indexed, again, rows, nil), "age", inOrderOf(indexed, again, []storage.Row{rows[1], rows[3]}, nil), age)
	// A definition from before the index was dropped still reads by key.
	h.altered(t, func() error { return admin.DropIndex(background, t.TableName, "age") })
	h.wantRow(indexed, rows[1], indexed.Key(rows[1])...)
}

func checkAddColumn(h *harness) {
	admin := h.storage.Admin()
	old, rows := h.people()
	want := *old
	want.Columns = slices.Clone(old.Columns)
	var changes []func() error
	for _, typ := range storage.Types() {
		if h.lacks(AsValue, typ) == "" {
			c := storage.Column{Name: "new " + typ.String(), Type: typ}
			want.Columns = append(want.Columns, c)
			changes = append(changes, func() error { return admin.AddColumn(background, old.TableName, c) })
		}
	}
	if h.lacking(AddColumns, old, changes[0]) {
		return
	}
	t := h.altered(&want, changes...)
	rows = inOrderOf(old, t, rows, nil)
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
	for i, c := range t.Columns {
		if old.Column(c.Name) < 0 {
			rows[1][i] = h.fold(h.ordinary(c.Type))
		}
	}
	h.apply(putRow(t, rows[1]))
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
	// The definition from before serves what it knows.
	h.wantRow(old, inOrderOf(t, old, rows[1:2], nil)[0], old.Key(inOrderOf(t, old, rows[1:2], nil)[0])...)
	h.apply(put(old, t.Key(rows[1]), is("age", storage.IntValue(7))))
	rows[1][t.Column("age")] = storage.IntValue(7)
	h.wantRow(t, rows[1], t.Key(rows[1])...)
}

// ordinary returns a value that every storage holds.
func (h *harness) ordinary(typ storage.Type) storage.Value {
	for _, v := range slices.Backward(Extremes(typ)) {
		if h.refusedBecause(AsValue, v) == "" {
			return v
		}
	}
	return storage.Null(typ)
}

func checkDropColumn(h *harness) {
	admin := h.storage.Admin()
	old, rows := h.people()
	dropName := func() error { return admin.DropColumn(background, old.TableName, "name") }
	if h.lacking(DropColumns, old, dropName) {
		return
	}
	want := Table(old.Namespace, old.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Column("age", storage.Int))
	t := h.altered(want, dropName)
	left := inOrderOf(old, t, rows, nil)
	h.wantPeople(t, left, "", nil, storage.Value{})
	h.wantError("get of a dropped column", second(h.storage.Get(background, []storage.Get{{Table: old, Key: old.Key(rows[0])}})), storage.ErrInvalid)
	h.fails(storage.ErrInvalid, put(old, old.Key(rows[0]), is("name", storage.TextValue("x"))))
	// A column of the same name is another one.
	if h.cannotChange[AddColumns] != "" || h.cannotChange[ChangeIndexes] != "" {
		return
	}
	want = Table(old.Namespace, old.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Column("age", storage.Int), Indexed("name", storage.BigInt))
	again := h.altered(want,
		func() error {
			return admin.AddColumn(background, old.TableName, storage.Column{Name: "name", Type: storage.BigInt})
		},
		func() error { return admin.CreateIndex(background, old.TableName, "name", h.creation) })
	left = inOrderOf(t, again, left, nil)
	h.wantPeople(again, left, "", nil, storage.Value{})
	left[1][again.Column("name")] = storage.BigIntValue(5)
	h.apply(putRow(again, left[1]))
	h.wantPeople(again, left, "name", left[1:2], storage.BigIntValue(5))
}

func checkRenameColumn(h *harness) {
	admin := h.storage.Admin()
	old, rows := h.people()
	rename := func(from, to string) func() error {
		return func() error { return admin.RenameColumn(background, old.TableName, from, to) }
	}
	names := map[string]string{}
	want, t := old, old
	for _, r := range []struct {
		kind     Change
		from, to string
	}{{RenameColumns, "age", "years"}, {RenameIndexedColumns, "name", "full name"}, {RenameKeyColumns, "id", "number"}, {RenameKeyColumns, "p", "part"}} {
		if h.lacking(r.kind, want, rename(r.from, r.to)) {
			continue
		}
		changed := *want
		changed.Columns = slices.Clone(want.Columns)
		changed.Columns[want.Column(r.from)].Name = r.to
		want = &changed
		names[r.to] = r.from
		t = h.altered(want, rename(r.from, r.to))
		index := "name"
		if t.Column(index) < 0 {
			index = "full name"
		}
		now := inOrderOf(old, t, rows, names)
		h.wantPeople(t, now, index, now[1:2], storage.TextValue("b"))
	}
	// The new index is kept up to date, and its old name is free.
	now := inOrderOf(old, t, rows, names)
	if t.Column("full name") >= 0 && h.cannotChange[AddColumns] == "" && h.cannotChange[ChangeIndexes] == "" {
		now[0][t.Column("full name")] = storage.TextValue("b")
		h.apply(putRow(t, now[0]))
		h.wantPeople(t, now, "full name", now[:2], storage.TextValue("b"))
		for _, change := range []error{
			admin.AddColumn(background, t.TableName, storage.Column{Name: "name", Type: storage.Text}),
			admin.CreateIndex(background, t.TableName, "name", h.creation),
		} {
			if change != nil {
				h.Errorf("a column and an index under the old name: %v", change)
			}
		}
	}
}

func checkAlterColumnType(h *harness) {
	admin := h.storage.Admin()
	parts := func(small, single, text storage.Type) []Part {
		return []Part{PartitionKey("p", storage.Int), Column("n", small), Column("f", single), Column("t", text), Indexed("x", storage.Int)}
	}
	old := h.create(parts(storage.Int, storage.Float, storage.Int)...)
	alter := func(column string, typ storage.Type) func() error {
		return func() error { return admin.AlterColumnType(background, old.TableName, column, typ) }
	}
	one, negative := storage.IntValue(1), storage.IntValue(-12)
	h.apply(put(old, key(one), is("n", negative), is("f", storage.FloatValue(0.5)), is("t", negative), is("x", one)))
	h.apply(put(old, key(storage.IntValue(2))))
	h.altered(old, alter("n", storage.Int)) // no change
	if h.lacking(AlterTypes, old, alter("n", storage.BigInt)) {
		return
	}
	want := Table(old.Namespace, old.Name, parts(storage.BigInt, storage.Double, storage.Text)...)
	t := h.altered(want, alter("n", storage.BigInt), alter("f", storage.Double), alter("t", storage.Text))
	first := row(t, is("p", one), is("n", storage.BigIntValue(-12)), is("f", storage.DoubleValue(0.5)), is("t", storage.TextValue("-12")), is("x", one))
	h.wantRow(t, first, one)
	h.wantRow(t, row(t, is("p", storage.IntValue(2))), storage.IntValue(2))
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: one}, []storage.Row{first})
	first[t.Column("n")] = storage.BigIntValue(1 << 40)
	h.apply(putRow(t, first))
	h.wantRow(t, first, one)
}

func checkRenameTable(h *harness) {
	admin := h.storage.Admin()
	old, rows := h.people()
	other, _ := h.people()
	to := h.newTableName()
	rename := func() error { return admin.RenameTable(background, old.TableName, to.Name) }
	if h.lacking(RenameTables, old, rename) {
		return
	}
	h.wantError("rename to a table that exists", admin.RenameTable(background, old.TableName, other.Name), storage.ErrTableExists)
	if err := rename(); err != nil {
		h.Fatalf("rename table: %v", err)
	}
	h.created = append(h.created, to)
	h.wantMissing(old.TableName)
	h.wantError("rename again", rename(), storage.ErrTableNotFound)
	h.wantError("get under the old name", second(h.storage.Get(background, []storage.Get{{Table: old, Key: old.Key(rows[0])}})), storage.ErrTableNotFound)
	want := *old
	want.TableName = to
	t := h.wantDefinition(&want)
	if !slices.Contains(h.tablesOf(to.Namespace), to.Name) {
		h.Errorf("table %s is not listed", to)
	}
	rows = inOrderOf(old, t, rows, nil)
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
	// The old name is free, and with it those of the indexes.
	h.createTable(old)
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
	h.wantSet(storage.Scan{Table: old, Kind: storage.FullScan}, nil)
}

// checkRefusedChanges asks for what no storage can do, and for changes of tables
// that do not exist.
func checkRefusedChanges(h *harness) {
	admin := h.storage.Admin()
	t, rows := h.people()
	column := func(name string, typ storage.Type) storage.Column { return storage.Column{Name: name, Type: typ} }
	name := t.TableName
	for call, err := range map[string]error{
		"index on a column that does not exist":  admin.CreateIndex(background, name, "none", h.creation),
		"drop of its index":                      admin.DropIndex(background, name, "none"),
		"column of another type":                 admin.AddColumn(background, name, column("age", storage.BigInt)),
		"column without a name":                  admin.AddColumn(background, name, column("", storage.Int)),
		"column without a type":                  admin.AddColumn(background, name, column("x", 0)),
		"drop of a partition-key column":         admin.DropColumn(background, name, "p"),
		"drop of a clustering-key column":        admin.DropColumn(background, name, "id"),
		"rename of a column that does not exist": admin.RenameColumn(background, name, "none", "other"),
		"rename to a column that exists":         admin.RenameColumn(background, name, "age", "name"),
		"rename to nothing":                      admin.RenameColumn(background, name, "age", ""),
		"type of a column that does not exist":   admin.AlterColumnType(background, name, "none", storage.Text),
		"type of a key column":                   admin.AlterColumnType(background, name, "id", storage.BigInt),
		"type of a column with an index":         admin.AlterColumnType(background, name, "name", storage.Blob),
		"type that is smaller":                   admin.AlterColumnType(background, name, "age", storage.Boolean),
		"rename of the table to nothing":         admin.RenameTable(background, name, ""),
		"repair of a table without a key":        admin.RepairTable(background, &storage.Table{TableName: name, Columns: []storage.Column{column("p", storage.Int)}}, h.creation),
	} {
		h.wantError(call, err, storage.ErrInvalid)
	}
	h.wantDefinition(t)
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
	if err := admin.DropColumn(background, name, "none"); err != nil {
		h.Errorf("drop of a column that does not exist: %v", err)
	}
	never := storage.TableName{Namespace: h.namespace, Name: h.newTableName().Name}
	for call, err := range h.changesOf(never) {
		h.wantError(call+" of a table that does not exist", err, storage.ErrTableNotFound)
	}
}

// changesOf makes every change of a table that is named, and returns the
// errors.
func (h *harness) changesOf(name storage.TableName) map[string]error {
	admin := h.storage.Admin()
	return map[string]error{
		"create index":      admin.CreateIndex(background, name, "age", h.creation),
		"drop index":        admin.DropIndex(background, name, "age"),
		"add column":        admin.AddColumn(background, name, storage.Column{Name: "x", Type: storage.Int}),
		"drop column":       admin.DropColumn(background, name, "age"),
		"rename column":     admin.RenameColumn(background, name, "age", "years"),
		"alter column type": admin.AlterColumnType(background, name, "age", storage.Text),
		"rename table":      admin.RenameTable(background, name, "renamed"),
	}
}
