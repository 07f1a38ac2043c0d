package storagetest

import "github.com/scalargen/scalargen/storage"

func getChecks() []check {
	return []check{
		{"get/many keys", checkGetMany},
		{"get/several tables", checkGetSeveralTables},
		{"get/projection", checkProjection},
		{"get/own definition with columns in another order", checkOwnDefinition},
		{"get/consistency levels", checkConsistencyLevels},
	}
}

// checkGetMany asks for present, absent and repeated keys in one call.
func checkGetMany(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Text, storage.Desc), Column("v", storage.Int))
	const records, partitions = 60, 7
	rowOf := func(i int32) storage.Row {
		return row(t, is("p", storage.IntValue(i%partitions)), is("c", storage.TextValue(string(rune('a'+i%26))+string(rune('a'+i/26)))), is("v", storage.IntValue(i)))
	}
	for i := range int32(records) {
		h.apply(putRow(t, rowOf(i)))
	}
	var gets []storage.Get
	var want []storage.Row
	for i := range int32(300) {
		n := (i * 37) % (2 * records) // half of them absent, all repeated
		r := rowOf(n)
		gets = append(gets, storage.Get{Table: t, Key: t.Key(r)})
		if n >= records {
			r = nil
		}
		want = append(want, r)
	}
	h.wantGets(gets, want)
	h.wantGets(nil, nil)
}

func (h *harness) wantGets(gets []storage.Get, want []storage.Row) {
	h.Helper()
	rows, err := h.storage.Get(background, gets)
	if err != nil {
		h.Fatalf("get: %v", err)
	}
	if len(rows) != len(want) {
		h.Fatalf("get: %d rows for %d keys", len(rows), len(gets))
	}
	for i := range want {
		if !sameRow(rows[i], want[i]) {
			h.Errorf("get %d of %d, %s%s: got %s, want %s", i, len(gets), gets[i].Table.TableName, gets[i].Table.FormatKey(gets[i].Key), formatRow(rows[i]), formatRow(want[i]))
		}
	}
}

func checkGetSeveralTables(h *harness) {
	a := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	b := h.create(PartitionKey("name", storage.Text), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Text))
	one := storage.IntValue(1)
	text := storage.TextValue("x")
	h.apply(put(a, key(one), is("v", one)))
	h.apply(put(b, key(text, one), is("v", text)))
	h.wantGets([]storage.Get{
		{Table: b, Key: key(text, one)},
		{Table: a, Key: key(storage.IntValue(2))},
		{Table: a, Key: key(one), Columns: []int{a.Column("v")}},
		{Table: b, Key: key(text, storage.IntValue(2))},
		{Table: a, Key: key(one)},
		{Table: b, Key: key(text, one), Columns: []int{b.Column("v"), b.Column("name")}},
	}, []storage.Row{
		row(b, is("name", text), is("c", one), is("v", text)),
		nil,
		{one},
		nil,
		row(a, is("p", one), is("v", one)),
		{text, text},
	})
}

func checkProjection(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("a", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("b", storage.Text), Column("d", storage.Int))
	one, two := storage.IntValue(1), storage.IntValue(2)
	full := row(t, is("p", one), is("c", two), is("a", storage.IntValue(3)), is("b", storage.TextValue("b")))
	h.apply(putRow(t, full))
	for _, names := range [][]string{{"a"}, {"d"}, {"p"}, {"c", "p"}, {"b", "a"}, {"d", "c", "b", "a", "p"}} {
		var columns []int
		for _, name := range names {
			columns = append(columns, t.Column(name))
		}
		want := []storage.Row{project(full, columns)}
		h.wantGets([]storage.Get{{Table: t, Key: key(one, two), Columns: columns}}, want)
		h.wantScan(storage.Scan{Table: t, Partition: key(one), Columns: columns}, want)
		h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan, Columns: columns, Where: storage.Filter{{predicate(t, "a", storage.Eq, storage.IntValue(3))}}}, want)
	}
	// A record all of whose projected columns are NULL is still there.
	h.wantGets([]storage.Get{{Table: t, Key: key(one, one), Columns: []int{t.Column("d")}}}, []storage.Row{nil})
}

// checkOwnDefinition works through a definition that equals the deployed one
// but lists the columns in another order.
func checkOwnDefinition(h *harness) {
	deployed := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("a", storage.Int), Indexed("b", storage.Int), Column("d", storage.Text))
	own := Table(deployed.Namespace, deployed.Name,
		Column("d", storage.Text), Indexed("b", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("a", storage.Int), PartitionKey("p", storage.Int))
	if !own.Equal(deployed) {
		h.Fatalf("the deployed table differs from the created one: %+v", deployed)
	}
	i := storage.IntValue
	cells := []cell{is("p", i(1)), is("c", i(2)), is("a", i(3)), is("b", i(4)), is("d", storage.TextValue("d"))}
	h.apply(putRow(own, row(own, cells...)))
	h.wantRow(deployed, row(deployed, cells...), i(1), i(2))
	h.wantRow(own, row(own, cells...), i(1), i(2))
	h.wantScan(storage.Scan{Table: own, Partition: key(i(1)), Where: storage.Filter{{predicate(own, "a", storage.Eq, i(3))}}}, []storage.Row{row(own, cells...)})
	h.apply(when(put(own, key(i(1), i(2)), is("a", i(5))), storage.If, predicate(own, "b", storage.Eq, i(4)), predicate(own, "a", storage.Eq, i(3))))
	cells[2] = is("a", i(5))
	h.wantRow(deployed, row(deployed, cells...), i(1), i(2))
	h.wantSet(storage.Scan{Table: own, Kind: storage.IndexScan, Index: own.Column("b"), IndexValue: i(4), Columns: []int{own.Column("a")}}, []storage.Row{{i(5)}})
}

// checkConsistencyLevels only asks: what a weaker read may miss is not defined.
func checkConsistencyLevels(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Column("v", storage.Int))
	one := storage.IntValue(1)
	h.apply(put(t, key(one), is("v", one)))
	for _, level := range []storage.Consistency{storage.Linearizable, storage.Sequential, storage.Eventual} {
		rows, err := h.storage.Get(background, []storage.Get{{Table: t, Key: key(one), Consistency: level}})
		if err != nil || len(rows) != 1 || level == storage.Linearizable && rows[0] == nil {
			h.Errorf("get with consistency %d: %v, %v", level, rows, err)
		}
		if _, err := h.storage.Scan(background, &storage.Scan{Table: t, Partition: key(one), Consistency: level}); err != nil {
			h.Errorf("scan with consistency %d: %v", level, err)
		}
	}
}
