package memory

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/scalargen/scalargen/storage"
)

// table holds the rows of one table. A stored row is never changed, only
// replaced, so it can be handed out as it is.
type table struct {
	definition *storage.Table // columns in physical order: the primary key first
	blank      storage.Row    // NULL in every column
	rows       *rowSet
	indexes    []index // of the columns in definition.Indexes
	foreign    bool    // it has no metadata: see AddForeignTable
	views      atomic.Pointer[map[*storage.Table]*view]
}

func newTable(definition *storage.Table) *table {
	t := &table{definition: definition, blank: make(storage.Row, len(definition.Columns))}
	for i, c := range definition.Columns {
		t.blank[i] = storage.Null(c.Type)
	}
	t.views.Store(&map[*storage.Table]*view{definition: {}})
	t.truncate()
	return t
}

func (t *table) truncate() {
	descending := make([]bool, t.definition.KeyLen())
	for i, c := range t.definition.Clustering {
		descending[len(t.definition.Partition)+i] = c.Order == storage.Desc
	}
	t.rows = &rowSet{descending: descending}
	t.indexes = make([]index, len(t.definition.Indexes))
	for i, c := range t.definition.Indexes {
		t.indexes[i] = index{column: c, entries: &rowSet{descending: make([]bool, 1+len(descending))}}
	}
}

// index finds records by the value of one column. Its entries are that value
// followed by the primary key, so that they change with the value only. A NULL
// has none.
type index struct {
	column  int
	entries *rowSet
}

// follow brings the index up to date with a record that was old and is now row,
// where nil is no record.
func (x index) follow(key []storage.Value, old, row storage.Row) {
	var before, now storage.Value
	if old != nil {
		before = old[x.column]
	}
	if row != nil {
		now = row[x.column]
	}
	if before == now {
		return
	}
	if old != nil && !before.IsNull() {
		x.entries.replace(append(storage.Row{before}, key...), nil)
	}
	if row != nil && !now.IsNull() {
		entry := append(storage.Row{now}, key...)
		x.entries.replace(entry, entry)
	}
}

// replace stores row, or removes the record if row is nil; old is the record's
// present row, nil if there is none.
func (t *table) replace(key []storage.Value, old, row storage.Row) {
	t.rows.replace(key, row)
	for _, x := range t.indexes {
		x.follow(key, old, row)
	}
}

// inPhysicalOrder returns a copy of definition with the columns of the
// partition key first, then those of the clustering key, then the others: the
// order in which ScalarDB keeps a table's metadata.
func inPhysicalOrder(definition *storage.Table) *storage.Table {
	order := definition.PrimaryKey()
	for i := range definition.Columns {
		if !definition.InPrimaryKey(i) {
			order = append(order, i)
		}
	}
	physical := &storage.Table{TableName: definition.TableName, Columns: make([]storage.Column, len(order))}
	for to, from := range order {
		physical.Columns[to] = definition.Columns[from]
	}
	for i := range definition.Partition {
		physical.Partition = append(physical.Partition, i)
	}
	for i, c := range definition.Clustering {
		physical.Clustering = append(physical.Clustering, storage.ClusteringColumn{Column: len(definition.Partition) + i, Order: c.Order})
	}
	for _, i := range definition.Indexes {
		physical.Indexes = append(physical.Indexes, slices.Index(order, i))
	}
	return physical
}

// view translates between the caller's definition of a table, which may list
// the columns in another order or leave some out, and the physical one.
type view struct {
	positions []int // of the caller's columns; nil if both are the same
}

func (v *view) position(column int) int {
	if v.positions == nil {
		return column
	}
	return v.positions[column]
}

// project returns the values of the caller's columns, of all for nil.
func (v *view) project(row storage.Row, columns []int) storage.Row {
	if columns == nil {
		if v.positions == nil {
			return row
		}
		projected := make(storage.Row, len(v.positions))
		for i, p := range v.positions {
			projected[i] = row[p]
		}
		return projected
	}
	projected := make(storage.Row, len(columns))
	for i, c := range columns {
		projected[i] = row[v.position(c)]
	}
	return projected
}

// viewOf returns the view of the caller's definition, which stays cached by its
// address.
func (t *table) viewOf(op string, caller *storage.Table) (*view, error) {
	if v, cached := (*t.views.Load())[caller]; cached {
		return v, nil
	}
	v, err := t.newView(op, caller)
	if err != nil {
		return nil, err
	}
	// A caller that makes a new definition for every request must not fill the
	// memory.
	const maxViews = 64
	views := maps.Clone(*t.views.Load())
	if len(views) >= maxViews {
		views = map[*storage.Table]*view{t.definition: {}}
	}
	views[caller] = v
	t.views.Store(&views)
	return v, nil
}

func (t *table) newView(op string, caller *storage.Table) (*view, error) {
	deployed := t.definition
	v := &view{positions: make([]int, len(caller.Columns))}
	for i, c := range caller.Columns {
		p := deployed.Column(c.Name)
		if p < 0 || deployed.Columns[p] != c {
			return nil, storage.Invalidf(op, caller.TableName, "the deployed table has no column %s of type %s", c.Name, c.Type)
		}
		v.positions[i] = p
	}
	same := len(caller.Partition) == len(deployed.Partition) && len(caller.Clustering) == len(deployed.Clustering)
	for i, c := range caller.PrimaryKey() {
		same = same && v.positions[c] == i
	}
	for i := range caller.Clustering {
		same = same && caller.Clustering[i].Order == deployed.Clustering[i].Order
	}
	if !same {
		return nil, storage.Invalidf(op, caller.TableName, "the deployed table has another primary key")
	}
	if slices.Equal(caller.Columns, deployed.Columns) {
		v.positions = nil
	}
	return v, nil
}

// table returns the named table. The caller holds the lock.
func (db *database) table(op string, name storage.TableName) (*table, error) {
	if t, exists := db.namespaces[name.Namespace][name.Name]; exists && !t.foreign {
		return t, nil
	}
	return nil, &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
}

func (db *database) view(op string, caller *storage.Table) (*table, *view, error) {
	t, err := db.table(op, caller.TableName)
	if err != nil {
		return nil, nil, err
	}
	v, err := t.viewOf(op, caller)
	return t, v, err
}
