package storagetest

import "github.com/scalargen/scalargen/storage"

func checkRepair(h *harness) {
	admin := h.storage.Admin()
	name := h.newTableName()
	whole := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Indexed("name", storage.Text), Column("age", storage.Int))
	repair := func(t *storage.Table) func() error {
		return func() error { return admin.RepairTable(background, t, h.creation) }
	}
	// Nothing is there.
	h.created = append(h.created, name)
	t := h.altered(whole, repair(whole))
	one := storage.IntValue(1)
	r := row(t, is("p", one), is("id", one), is("name", storage.TextValue("a")), is("age", one))
	h.apply(putRow(t, r))
	// Everything is there; columns and indexes beyond the definition stay.
	less := Table(name.Namespace, name.Name, Column("age", storage.Int), PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc))
	t = h.altered(whole, repair(whole), repair(less))
	h.wantRow(t, r, one, one)
	h.wantSet(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("name"), IndexValue: storage.TextValue("a")}, []storage.Row{r})
	// Columns and indexes are missing.
	if h.cannotChange[AddColumns] != "" || h.cannotChange[ChangeIndexes] != "" {
		return
	}
	more := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc),
		Indexed("name", storage.Text), Indexed("age", storage.Int), Indexed("more", storage.BigInt))
	again := h.altered(more, repair(more))
	r = inOrderOf(t, again, []storage.Row{r}, nil)[0]
	h.wantRow(again, r, one, one)
	h.wantSet(storage.Scan{Table: again, Kind: storage.IndexScan, Index: again.Column("age"), IndexValue: one}, []storage.Row{r})
	r[again.Column("more")] = storage.BigIntValue(9)
	h.apply(putRow(again, r))
	h.wantSet(storage.Scan{Table: again, Kind: storage.IndexScan, Index: again.Column("more"), IndexValue: storage.BigIntValue(9)}, []storage.Row{r})
}

func checkRefusedRepair(h *harness) {
	t, rows := h.people()
	p, id, name := PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Indexed("name", storage.Text)
	for what, parts := range map[string][]Part{
		"another type":                {p, id, name, Column("age", storage.BigInt)},
		"another type of a key":       {PartitionKey("p", storage.Text), id, name, Column("age", storage.Int)},
		"another clustering order":    {p, ClusteringKey("id", storage.Int, storage.Asc), name, Column("age", storage.Int)},
		"a shorter key":               {p, Column("id", storage.Int), name, Column("age", storage.Int)},
		"a longer key":                {p, id, ClusteringKey("age", storage.Int, storage.Asc), name},
		"a key with a new column":     {p, id, ClusteringKey("line", storage.Int, storage.Asc), name, Column("age", storage.Int)},
		"clustering key as partition": {p, PartitionKey("id", storage.Int), name, Column("age", storage.Int)},
		"a key without a column":      {p, name, Column("age", storage.Int)},
	} {
		h.wantError("repair with "+what, h.storage.Admin().RepairTable(background, Table(t.Namespace, t.Name, parts...), h.creation), storage.ErrInvalid)
	}
	h.wantDefinition(t)
	h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
}

func checkImport(h *harness) {
	admin := h.storage.Admin()
	t, _ := h.people()
	never := h.newTableName()
	if reason := h.cannotChange[ImportTables]; reason != "" || h.foreign == nil {
		h.leaveOut(ImportTables.String(), "the adapter's test cannot create a table without metadata: "+reason)
		if err := admin.ImportTable(background, never, nil); err == nil {
			h.Errorf("import of a table that does not exist: no error")
		}
		return
	}
	describe := func(name storage.TableName, types map[string]storage.Type) error {
		return second(admin.ForeignTable(background, name, types))
	}
	for _, try := range []func(storage.TableName, map[string]storage.Type) error{
		describe,
		func(name storage.TableName, types map[string]storage.Type) error {
			return admin.ImportTable(background, name, types)
		},
	} {
		h.wantError("import of a table that does not exist", try(never, nil), storage.ErrTableNotFound)
		h.wantError("import of a table that is defined", try(t.TableName, nil), storage.ErrTableExists)
	}
	// Not all types: those of one storage may be one in another's catalogue.
	name := h.newTableName()
	foreign := Table(name.Namespace, name.Name, PartitionKey("q", storage.Text), PartitionKey("p", storage.Int), Column("b", storage.BigInt),
		Column("d", storage.Double), Column("t", storage.Text), Column("x", storage.Blob), Column("f", storage.Boolean))
	if err := h.foreign(h.storage, foreign); err != nil {
		h.Fatalf("create a table without metadata: %v", err)
	}
	h.wantMissing(name)
	if err := describe(name, nil); err != nil {
		h.Errorf("description of a table without metadata: %v", err)
	}
	h.wantMissing(name)
	for call, types := range map[string]map[string]storage.Type{
		"that cannot be":               {"t": storage.Boolean},
		"of a column that there isn't": {"none": storage.Int},
	} {
		h.wantError("import with a type "+call, admin.ImportTable(background, name, types), storage.ErrInvalid)
		h.wantMissing(name)
	}
	described, err := admin.ForeignTable(background, name, nil)
	if err != nil || !described.Equal(foreign) {
		h.Errorf("description of a table without metadata: %+v, %v\nwant %+v", described, err, foreign)
	}
	if err := admin.ImportTable(background, name, nil); err != nil {
		h.Fatalf("import: %v", err)
	}
	h.created = append(h.created, name)
	imported := h.wantDefinition(foreign)
	h.wantError("import again", admin.ImportTable(background, name, nil), storage.ErrTableExists)
	one, text := storage.IntValue(1), storage.TextValue("x")
	r := row(imported, is("q", text), is("p", one), is("d", storage.DoubleValue(0.1)), is("f", storage.BooleanValue(true)))
	h.apply(putRow(imported, r))
	h.wantRow(imported, r, text, one)
	h.wantSet(storage.Scan{Table: imported, Kind: storage.FullScan}, []storage.Row{r})
	if h.cannotChange[AddColumns] == "" {
		h.altered(Table(name.Namespace, name.Name, PartitionKey("q", storage.Text), PartitionKey("p", storage.Int), Column("b", storage.BigInt),
			Column("d", storage.Double), Column("t", storage.Text), Column("x", storage.Blob), Column("f", storage.Boolean), Column("tx_id", storage.Text)),
			func() error {
				return admin.AddColumn(background, name, storage.Column{Name: "tx_id", Type: storage.Text})
			})
	}
}
