package storagetest

import (
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

func randomChecks() []check {
	return []check{{"random/same as memory", checkSameAsMemory}}
}

// newDifferential creates the same tables in the storage and in a reference
// model.
func (h *harness) newDifferential() *differential {
	h.Helper()
	h.Logf("seed %d (%s)", h.seed, SeedVariable)
	model := memory.New(memory.WithAtomicity(h.info.Atomicity, h.info.MaxMutations))
	if err := model.CreateNamespace(background, h.namespace, nil); err != nil {
		h.Fatalf("model: %v", err)
	}
	d := &differential{harness: h, model: model, random: rand.New(rand.NewPCG(h.seed, 2))}
	for _, parts := range [][]Part{
		{PartitionKey("p", storage.Int), ClusteringKey("c1", storage.Int, storage.Asc), ClusteringKey("c2", storage.Text, storage.Desc), Column("a", storage.Int), Column("b", storage.Text), Indexed("x", storage.BigInt)},
		{Column("a", storage.BigInt), PartitionKey("p", storage.Text), PartitionKey("q", storage.Int), Indexed("b", storage.Text), ClusteringKey("c", storage.BigInt, storage.Desc)},
		{PartitionKey("p", storage.Int), Column("a", storage.Int), Column("b", storage.Int)},
	} {
		t := h.create(parts...)
		if err := model.CreateTable(background, t, nil); err != nil {
			h.Fatalf("model: %v", err)
		}
		d.tables = append(d.tables, t)
	}
	return d
}

// checkSameAsMemory runs the same random operations on the storage and on the
// reference model, and compares every result.
func checkSameAsMemory(h *harness) {
	d := h.newDifferential()
	const operations = 600
	for n := range operations {
		d.operation = n
		switch d.random.IntN(6) {
		case 0, 1, 2:
			d.mutate()
		case 3:
			d.get()
		default:
			d.scan()
		}
		if h.Failed() {
			h.Fatalf("first difference at operation %d with seed %d", n, h.seed)
		}
	}
	for _, t := range d.tables {
		d.compareScans(storage.Scan{Table: t, Kind: storage.FullScan})
	}
}

type differential struct {
	*harness
	model     *memory.Storage
	random    *rand.Rand
	tables    []*storage.Table
	operation int
}

// value returns one of few values, so that keys and conditions often meet.
func (d *differential) value(t storage.Type) storage.Value {
	n := d.random.Int32N(4)
	switch t {
	case storage.Int:
		return storage.IntValue(n - 1)
	case storage.BigInt:
		return storage.BigIntValue(int64(n-1) << 40)
	default:
		return plainTexts[n]
	}
}

func (d *differential) nullable(t storage.Type) storage.Value {
	if d.random.IntN(4) == 0 {
		return storage.Null(t)
	}
	return d.value(t)
}

func (d *differential) table() *storage.Table { return d.tables[d.random.IntN(len(d.tables))] }

func (d *differential) key(t *storage.Table) []storage.Value {
	var k []storage.Value
	for _, c := range t.PrimaryKey() {
		k = append(k, d.value(t.Columns[c].Type))
	}
	return k
}

func (d *differential) predicate(t *storage.Table, columns []int, mutation bool) storage.Predicate {
	c := columns[d.random.IntN(len(columns))]
	p := storage.Predicate{Column: c, Operator: storage.Operator(d.random.IntN(int(storage.NotLike) + 1))}
	switch p.Operator {
	case storage.IsNull, storage.IsNotNull:
		return p
	case storage.Like, storage.NotLike:
		if t.Columns[c].Type == storage.Text && !mutation {
			p.Value = storage.TextValue([]string{"a%", "%b", "_", "%"}[d.random.IntN(4)])
			return p
		}
		p.Operator = storage.Eq
	}
	p.Value = d.value(t.Columns[c].Type)
	return p
}

func (d *differential) mutation(t *storage.Table) storage.Mutation {
	var rest []int
	for c := range t.Columns {
		if !t.InPrimaryKey(c) {
			rest = append(rest, c)
		}
	}
	m := storage.Mutation{Table: t, Op: storage.Op(d.random.IntN(3)), Key: d.key(t), Condition: storage.Precondition(d.random.IntN(4))}
	if d.random.IntN(2) == 0 {
		m.Op = storage.Put // deletes alone would leave little to read
	}
	switch {
	case m.Op == storage.Delete && m.Condition == storage.IfNotExists:
		m.Condition = storage.IfExists
	case m.Op == storage.Check && m.Condition == storage.Always:
		m.Condition = storage.IfNotExists
	}
	if m.Condition == storage.If {
		for range 1 + d.random.IntN(2) {
			m.Where = append(m.Where, d.predicate(t, rest, true))
		}
	}
	for _, c := range rest {
		if m.Op == storage.Put && d.random.IntN(2) == 0 {
			m.Columns, m.Values = append(m.Columns, c), append(m.Values, d.nullable(t.Columns[c].Type))
		}
	}
	return m
}

// group returns mutations that lie in one atomicity unit. They may name a
// record twice, or be too many.
func (d *differential) group() []storage.Mutation {
	t := d.table()
	group := []storage.Mutation{d.mutation(t)}
	for range d.random.IntN(3) {
		if d.info.Atomicity >= storage.AtomicNamespace {
			t = d.table()
		}
		m := d.mutation(t)
		if d.info.Atomicity <= storage.AtomicPartition {
			copy(m.Key, group[0].Key[:len(t.Partition)])
		}
		group = append(group, m)
	}
	return group
}

func (d *differential) mutate() {
	d.Helper()
	group := d.group()
	want := d.model.Mutate(background, group)
	got := d.try(group...)
	for _, class := range []error{storage.ErrCondition, storage.ErrInvalid} {
		if errors.Is(want, class) != errors.Is(got, class) {
			d.Errorf("operation %d: mutate reports %v, want %v\n%s", d.operation, got, want, formatGroup(group))
		}
	}
	if (want == nil) != (got == nil) {
		d.Errorf("operation %d: mutate reports %v, want %v\n%s", d.operation, got, want, formatGroup(group))
	}
	for i := range group {
		d.compareGets([]storage.Get{{Table: group[i].Table, Key: group[i].Key}})
	}
}

func (d *differential) projection(t *storage.Table) []int {
	if d.random.IntN(2) == 0 {
		return nil
	}
	return d.random.Perm(len(t.Columns))[:1+d.random.IntN(len(t.Columns))]
}

func (d *differential) get() {
	d.Helper()
	var gets []storage.Get
	for range 1 + d.random.IntN(6) {
		t := d.table()
		gets = append(gets, storage.Get{Table: t, Key: d.key(t), Columns: d.projection(t)})
	}
	d.compareGets(gets)
}

func (d *differential) compareGets(gets []storage.Get) {
	d.Helper()
	want, err := d.model.Get(background, gets)
	if err != nil {
		d.Fatalf("model: %v", err)
	}
	d.wantGets(gets, want)
}

func (d *differential) scan() {
	d.Helper()
	t := d.table()
	s := storage.Scan{Table: t, Kind: storage.ScanKind(d.random.IntN(3)), Columns: d.projection(t)}
	all := make([]int, len(t.Columns))
	for c := range all {
		all[c] = c
	}
	for range d.random.IntN(3) {
		conjunction := []storage.Predicate{d.predicate(t, all, false)}
		if d.random.IntN(2) == 0 {
			conjunction = append(conjunction, d.predicate(t, all, false))
		}
		s.Where = append(s.Where, conjunction)
	}
	if s.Kind == storage.IndexScan && len(t.Indexes) == 0 {
		s.Kind = storage.FullScan
	}
	switch s.Kind {
	case storage.IndexScan:
		s.Index = t.Indexes[0]
		s.IndexValue = d.value(t.Columns[s.Index].Type)
	case storage.PartitionScan:
		k := d.key(t)
		s.Partition, s.Backward = k[:len(t.Partition)], d.random.IntN(2) == 0
		clustering := k[len(t.Partition):]
		depth := d.random.IntN(len(clustering) + 1)
		if depth > 0 && d.random.IntN(2) == 0 {
			s.Start = storage.Bound{Values: clustering[:depth], Inclusive: d.random.IntN(2) == 0}
		}
		if depth > 0 && d.random.IntN(2) == 0 {
			end := slices.Clone(clustering[:depth])
			end[depth-1] = d.value(end[depth-1].Type())
			s.End = storage.Bound{Values: end, Inclusive: d.random.IntN(2) == 0}
		}
	}
	s.Limit = d.random.IntN(5)
	d.compareScans(s)
}

func (d *differential) compareScans(s storage.Scan) {
	d.Helper()
	var want []storage.Row
	for asked := s; ; {
		page, err := d.model.Scan(background, &asked)
		if err != nil {
			d.Fatalf("model: %v", err)
		}
		want = append(want, page.Rows...)
		if page.Next == nil {
			break
		}
		asked.After = page.Next
	}
	d.wantPath(s, want)
}
