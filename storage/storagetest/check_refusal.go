package storagetest

import (
	"github.com/scalargen/scalargen/storage"
)

func refusalChecks() []check {
	return []check{
		{"refuse/mutations", checkRefusedMutations},
		{"refuse/reads", checkRefusedReads},
		{"refuse/values out of range", checkRefusedRanges},
		{"refuse/tables", checkRefusedTables},
	}
}

// checkRefusedMutations: a mutation that breaks a rule is ErrInvalid, and so is
// the whole group with it.
func checkRefusedMutations(h *harness) {
	t := h.create(PartitionKey("p", storage.Text), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Int), Column("s", storage.Text))
	i, text := storage.IntValue, storage.TextValue
	k := key(text("a"), i(1))
	h.apply(put(t, k, is("v", i(1))))
	want := row(t, is("p", text("a")), is("c", i(1)), is("v", i(1)))
	named := func(columns []int, values ...storage.Value) storage.Mutation {
		return storage.Mutation{Table: t, Op: storage.Put, Key: k, Columns: columns, Values: values}
	}
	v := t.Column("v")
	like := predicate(t, "s", storage.Like, text("%"))
	refused := map[string]storage.Mutation{
		"key too short":               put(t, k[:1], is("v", i(2))),
		"key too long":                put(t, append(k[:2:2], i(1)), is("v", i(2))),
		"key of the wrong type":       put(t, key(text("a"), text("1")), is("v", i(2))),
		"key with NULL":               put(t, key(text("a"), storage.Null(storage.Int)), is("v", i(2))),
		"key with empty text":         put(t, key(text(""), i(1)), is("v", i(2))),
		"key without a value":         put(t, key(text("a"), storage.Value{}), is("v", i(2))),
		"key column written":          put(t, k, is("c", i(2))),
		"value of the wrong type":     put(t, k, is("v", text("x"))),
		"NULL of the wrong type":      put(t, k, is("v", storage.Null(storage.Text))),
		"no value":                    put(t, k, is("v", storage.Value{})),
		"text that is not UTF-8":      put(t, k, is("s", text("\xff"))),
		"column twice":                named([]int{v, v}, i(2), i(3)),
		"column that is not there":    named([]int{99}, i(2)),
		"fewer values than columns":   named([]int{v}),
		"If without predicate":        when(put(t, k, is("v", i(2))), storage.If),
		"predicate without If":        when(put(t, k, is("v", i(2))), storage.IfExists, predicate(t, "v", storage.Eq, i(1))),
		"predicate on a key column":   when(put(t, k, is("v", i(2))), storage.If, predicate(t, "c", storage.Eq, i(1))),
		"LIKE":                        when(put(t, k, is("v", i(2))), storage.If, like),
		"comparison with NULL":        when(put(t, k, is("v", i(2))), storage.If, predicate(t, "v", storage.Ne, storage.Null(storage.Int))),
		"operand of the wrong type":   when(put(t, k, is("v", i(2))), storage.If, predicate(t, "v", storage.Eq, text("1"))),
		"delete with columns":         {Table: t, Op: storage.Delete, Key: k, Columns: []int{v}, Values: key(i(1))},
		"delete if not exists":        when(remove(t, k...), storage.IfNotExists),
		"check without precondition":  verify(t, k...),
		"operation that is not there": {Table: t, Op: 9, Key: k},
		"no table":                    {Op: storage.Delete, Key: k},
	}
	for name, m := range refused {
		h.wantError(name, h.storage.Mutate(background, []storage.Mutation{m}), storage.ErrInvalid)
	}
	h.wantRow(t, want, k...)
	if h.info.Atomicity > storage.AtomicRecord {
		other := key(text("a"), i(2))
		h.fails(storage.ErrInvalid, put(t, other, is("v", i(2))), put(t, k, is("c", i(2))))
		h.fails(storage.ErrInvalid, put(t, other, is("v", i(2))), put(t, k), remove(t, other...))
		h.wantRow(t, nil, other...)
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{want})
}

func checkRefusedReads(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), ClusteringKey("d", storage.Text, storage.Asc), Column("v", storage.Int), Indexed("x", storage.Int))
	i, text := storage.IntValue, storage.TextValue
	for name, g := range map[string]storage.Get{
		"key too short":            {Table: t, Key: key(i(1), i(1))},
		"key of the wrong type":    {Table: t, Key: key(i(1), i(1), i(1))},
		"key with NULL":            {Table: t, Key: key(i(1), storage.Null(storage.Int), text("d"))},
		"column that is not there": {Table: t, Key: key(i(1), i(1), text("d")), Columns: []int{17}},
		"no column":                {Table: t, Key: key(i(1), i(1), text("d")), Columns: []int{}},
	} {
		_, err := h.storage.Get(background, []storage.Get{g})
		h.wantError("get, "+name, err, storage.ErrInvalid)
	}
	p := key(i(1))
	where := func(p storage.Predicate) storage.Scan {
		return storage.Scan{Table: t, Kind: storage.FullScan, Where: storage.Filter{{p}}}
	}
	badEscape := predicate(t, "d", storage.Like, text(`a\b`))
	badEscape.Escape = `\`
	for name, s := range map[string]storage.Scan{
		"no partition key":              {Table: t},
		"partition key of another type": {Table: t, Partition: key(text("1"))},
		"partition key with NULL":       {Table: t, Partition: key(storage.Null(storage.Int))},
		"bound longer than the key":     {Table: t, Partition: p, Start: storage.Bound{Values: key(i(1), text("a"), i(1))}},
		"bound of another type":         {Table: t, Partition: p, End: storage.Bound{Values: key(text("a"))}},
		"bound with NULL":               {Table: t, Partition: p, Start: storage.Bound{Values: key(storage.Null(storage.Int))}},
		"bounds of different length":    {Table: t, Partition: p, Start: storage.Bound{Values: key(i(1), text("a"))}, End: storage.Bound{Values: key(i(1))}},
		"bounds of different prefix":    {Table: t, Partition: p, Start: storage.Bound{Values: key(i(1), text("a"))}, End: storage.Bound{Values: key(i(2), text("a"))}},
		"column without index":          {Table: t, Kind: storage.IndexScan, Index: t.Column("v"), IndexValue: i(1)},
		"index value NULL":              {Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: storage.Null(storage.Int)},
		"index value of another type":   {Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: text("1")},
		"index scan backward":           {Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: i(1), Backward: true},
		"full scan with a bound":        {Table: t, Kind: storage.FullScan, Start: storage.Bound{Values: key(i(1))}},
		"negative limit":                {Table: t, Partition: p, Limit: -1},
		"column that is not there":      {Table: t, Partition: p, Columns: []int{-1}},
		"kind that is not there":        {Table: t, Kind: 9},
		"foreign cursor":                {Table: t, Partition: p, After: struct{ storage.Cursor }{}},
		"filter on a missing column":    where(storage.Predicate{Column: 33, Operator: storage.IsNull}),
		"filter operand of other type":  where(predicate(t, "v", storage.Eq, text("1"))),
		"filter operand NULL":           where(predicate(t, "v", storage.Eq, storage.Null(storage.Int))),
		"operator that is not there":    where(storage.Predicate{Column: t.Column("v"), Operator: 77, Value: i(1)}),
		"LIKE on a number":              where(predicate(t, "v", storage.Like, i(1))),
		"LIKE with a stray escape":      where(badEscape),
		"empty conjunction":             {Table: t, Kind: storage.FullScan, Where: storage.Filter{{}}},
		"no table":                      {Partition: p},
	} {
		_, err := h.storage.Scan(background, &s)
		h.wantError("scan, "+name, err, storage.ErrInvalid)
	}
}

func checkRefusedRanges(h *harness) {
	for _, c := range []struct {
		typ    storage.Type
		values []storage.Value
	}{
		{storage.Date, values(storage.DateValue, storage.MinDate-1, storage.MaxDate+1)},
		{storage.Time, values(storage.TimeValue, -1000, storage.MaxTime+1000, 1, 1_000_001)},
		{storage.Timestamp, values(storage.TimestampValue, storage.MinTimestamp-1, storage.MaxTimestamp+1)},
		{storage.TimestampTZ, values(storage.TimestampTZValue, storage.MinTimestamp-1, storage.MaxTimestamp+1)},
	} {
		if reason := h.lacks(AsValue, c.typ); reason != "" {
			h.leaveOut(c.typ.String(), reason)
			continue
		}
		t := h.create(PartitionKey("p", storage.Int), Column("v", c.typ))
		for _, v := range c.values {
			h.fails(storage.ErrInvalid, put(t, key(storage.IntValue(1)), is("v", v)))
		}
		h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, nil)
	}
}

func checkRefusedTables(h *harness) {
	name := h.newTableName()
	table := func(parts ...Part) *storage.Table { return Table(name.Namespace, name.Name, parts...) }
	p := PartitionKey("p", storage.Int)
	keyTwice := table(p, Column("v", storage.Int))
	keyTwice.Clustering = []storage.ClusteringColumn{{Column: 0}}
	beyond := table(p)
	beyond.Indexes = []int{5}
	twice := table(p, Indexed("x", storage.Int))
	twice.Indexes = append(twice.Indexes, twice.Indexes...)
	for what, definition := range map[string]*storage.Table{
		"no partition key":       table(Column("v", storage.Int)),
		"column twice":           table(p, Column("v", storage.Int), Column("v", storage.Text)),
		"column without a name":  table(p, Column("", storage.Int)),
		"column without a type":  table(p, Column("v", 0)),
		"type that is not there": table(p, Column("v", 99)),
		"key column twice":       keyTwice,
		"index on a missing one": beyond,
		"index twice":            twice,
		"table without a name":   Table(h.namespace, "", p),
		"namespace without name": Table("", "t", p),
	} {
		h.wantError("create table, "+what, h.storage.Admin().CreateTable(background, definition, h.creation), storage.ErrInvalid)
	}
	h.wantMissing(name)
}
