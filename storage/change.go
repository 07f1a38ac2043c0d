package storage

import (
	"fmt"
	"maps"
	"slices"
)

// The With methods return the definition that a deployed table has after a
// change by [Admin], and t itself if there is nothing to change. They report, as
// an [ErrInvalid], changes that no storage can make. Adapters call them before
// they turn to the database, so that all of them refuse the same changes.

// WithIndex returns t with a secondary index on column.
func (t *Table) WithIndex(column string) (*Table, error) {
	c, err := t.existing("create index", column)
	if err != nil {
		return nil, err
	}
	if t.Indexed(c) {
		return t, nil
	}
	changed := t.clone()
	changed.Indexes = append(changed.Indexes, c)
	return changed, nil
}

// WithoutIndex returns t without a secondary index on column.
func (t *Table) WithoutIndex(column string) (*Table, error) {
	c, err := t.existing("drop index", column)
	if err != nil {
		return nil, err
	}
	if !t.Indexed(c) {
		return t, nil
	}
	changed := t.clone()
	changed.Indexes = slices.DeleteFunc(changed.Indexes, func(i int) bool { return i == c })
	return changed, nil
}

// WithColumn returns t with one more column, which comes last.
func (t *Table) WithColumn(column Column) (*Table, error) {
	const op = "add column"
	if i := t.Column(column.Name); i >= 0 {
		if t.Columns[i].Type != column.Type {
			return nil, Invalidf(op, t.TableName, "there is a column %s already, of type %s", column.Name, t.Columns[i].Type)
		}
		return t, nil
	}
	if why := checkColumn(column); why != "" {
		return nil, Invalidf(op, t.TableName, "%s", why)
	}
	changed := t.clone()
	changed.Columns = append(changed.Columns, column)
	return changed, nil
}

// WithoutColumn returns t without a column and its index.
func (t *Table) WithoutColumn(column string) (*Table, error) {
	c := t.Column(column)
	if c < 0 {
		return t, nil
	}
	if t.InPrimaryKey(c) {
		return nil, Invalidf("drop column", t.TableName, "column %s belongs to the primary key, which cannot change", column)
	}
	changed, err := t.WithoutIndex(column)
	if err != nil {
		return nil, err
	}
	changed = changed.clone()
	changed.Columns = slices.Delete(changed.Columns, c, c+1)
	closeGap := func(position *int) {
		if *position > c {
			*position--
		}
	}
	for i := range changed.Partition {
		closeGap(&changed.Partition[i])
	}
	for i := range changed.Clustering {
		closeGap(&changed.Clustering[i].Column)
	}
	for i := range changed.Indexes {
		closeGap(&changed.Indexes[i])
	}
	return changed, nil
}

// WithColumnRenamed returns t with the column from called to.
func (t *Table) WithColumnRenamed(from, to string) (*Table, error) {
	const op = "rename column"
	c, taken := t.Column(from), t.Column(to)
	switch {
	case c < 0 && taken >= 0, c >= 0 && from == to:
		return t, nil
	case c < 0:
		return nil, Invalidf(op, t.TableName, "there is no column %s", from)
	case taken >= 0:
		return nil, Invalidf(op, t.TableName, "there is a column %s already", to)
	}
	column := Column{to, t.Columns[c].Type}
	if why := checkColumn(column); why != "" {
		return nil, Invalidf(op, t.TableName, "%s", why)
	}
	changed := t.clone()
	changed.Columns[c] = column
	return changed, nil
}

// WithColumnType returns t with another type of a column.
func (t *Table) WithColumnType(column string, typ Type) (*Table, error) {
	const op = "alter column type"
	c, err := t.existing(op, column)
	if err != nil {
		return nil, err
	}
	from := t.Columns[c].Type
	switch {
	case from == typ:
		return t, nil
	case t.InPrimaryKey(c):
		return nil, Invalidf(op, t.TableName, "column %s belongs to the primary key, which cannot change", column)
	case t.Indexed(c):
		return nil, Invalidf(op, t.TableName, "column %s has an index: drop it first", column)
	case typ != Text && !(from == Int && typ == BigInt) && !(from == Float && typ == Double):
		return nil, Invalidf(op, t.TableName, "column %s is %s and cannot become %s: possible are INT to BIGINT, FLOAT to DOUBLE, and any type to TEXT", column, from, typ)
	}
	changed := t.clone()
	changed.Columns[c].Type = typ
	return changed, nil
}

// WithMissing returns want together with the columns and indexes of t that it does not
// name: what a repair makes of a table that is t so far. It refuses what
// contradicts: a column of another type, or with another place in the primary
// key. t may lack columns of the key, as metadata do that were cut off; an
// adapter must look at the table itself for them.
func (t *Table) WithMissing(want *Table) (*Table, error) {
	const op = "repair table"
	whole := want.clone()
	for i, c := range t.Columns {
		at := want.Column(c.Name)
		switch {
		case at < 0 && t.InPrimaryKey(i):
			return nil, Invalidf(op, t.TableName, "column %s belongs to the primary key of the deployed table, and is not in the definition", c.Name)
		case at < 0:
			whole.Columns = append(whole.Columns, c)
		case want.Columns[at].Type != c.Type:
			return nil, Invalidf(op, t.TableName, "column %s is %s, and %s in the definition", c.Name, c.Type, want.Columns[at].Type)
		case t.keyRole(i) != want.keyRole(at):
			return nil, Invalidf(op, t.TableName, "column %s is %s of the deployed table, and %s in the definition", c.Name, t.keyRole(i), want.keyRole(at))
		}
	}
	for _, i := range t.Indexes {
		if at := whole.Column(t.Columns[i].Name); !whole.Indexed(at) {
			whole.Indexes = append(whole.Indexes, at)
		}
	}
	if whole.Equal(t) {
		return t, nil
	}
	return whole, nil
}

// WithTypes returns t with the types chosen for columns of a foreign table. fits
// reports whether a column can be read as another type than that of t.
func (t *Table) WithTypes(types map[string]Type, fits func(column Column, typ Type) bool) (*Table, error) {
	const op = "import table"
	changed := t.clone()
	for _, column := range slices.Sorted(maps.Keys(types)) {
		typ := types[column]
		c, err := t.existing(op, column)
		if err != nil {
			return nil, err
		}
		if typ != t.Columns[c].Type && !fits(t.Columns[c], typ) {
			return nil, Invalidf(op, t.TableName, "column %s is %s and cannot be read as %s", column, t.Columns[c].Type, typ)
		}
		changed.Columns[c].Type = typ
	}
	return changed, nil
}

// keyRole names a column's place in the primary key.
func (t *Table) keyRole(column int) string {
	if i := slices.Index(t.Partition, column); i >= 0 {
		return fmt.Sprintf("number %d of the partition key", i+1)
	}
	for i, c := range t.Clustering {
		if c.Column == column {
			return fmt.Sprintf("number %d (%s) of the clustering key", i+1, c.Order)
		}
	}
	return "no part of the primary key"
}

// existing returns the position of a column that must be there.
func (t *Table) existing(op, column string) (int, error) {
	c := t.Column(column)
	if c < 0 {
		return c, Invalidf(op, t.TableName, "there is no column %s", column)
	}
	return c, nil
}

func (t *Table) clone() *Table {
	return &Table{
		TableName: t.TableName, Columns: slices.Clone(t.Columns),
		Partition: slices.Clone(t.Partition), Clustering: slices.Clone(t.Clustering), Indexes: slices.Clone(t.Indexes),
	}
}
