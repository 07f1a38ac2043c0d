package admin

import (
	"context"
	"fmt"
	"maps"
	"slices"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// PlanImport returns the steps that import a table that another program has
// created: they write its metadata and, for transactions, add the columns that
// those need. The records that are there count as committed. All columns of the
// primary key become the partition key; indexes are not taken over.
//
// types choose other types than the default ones for columns whose database type
// stands for several; see [storage.Admin]. A table that is defined already and
// has no transactions, as an import leaves it that was cut off, gets what it
// lacks.
//
// No program may write the table otherwise than through transactions from then
// on. The database's own constraints stay: a write that leaves out a column that
// must not be NULL fails, and so does the delete of a record that is not there.
func (a *Admin) PlanImport(ctx context.Context, name storage.TableName, types map[string]storage.Type, transaction bool) (*Plan, error) {
	const op = "import table"
	if err := a.reserved(op, name); err != nil {
		return nil, err
	}
	t, err := a.deployed(ctx, name)
	if err != nil {
		return nil, err
	}
	b := alteration{}
	if t == nil {
		if t, err = a.storage.Admin().ForeignTable(ctx, name, types); err != nil {
			return nil, err
		}
		b.plan.Steps = append(b.plan.Steps, Step{Action: ImportTable, Name: name, Types: types})
	} else if err := checkTypes(op, t, types); err != nil {
		return nil, err
	}
	b.deployment, b.now = deploymentOf(t), t
	if transaction {
		user, err := b.imported(op)
		if err != nil {
			return nil, err
		}
		b.extend(scalar.TransactionTable(user, a.eventuallyConsistentIndexes), nil, []string{"the columns of transactions"})
	}
	return b.end("is imported already")
}

// checkTypes refuses types that were not those of an earlier import.
func checkTypes(op string, t *storage.Table, types map[string]storage.Type) error {
	for _, column := range slices.Sorted(maps.Keys(types)) {
		switch i := t.Column(column); {
		case i < 0:
			return storage.Invalidf(op, t.TableName, "there is no column %s", column)
		case t.Columns[i].Type != types[column]:
			return storage.Invalidf(op, t.TableName, "the table is imported already, with column %s of type %s", column, t.Columns[i].Type)
		}
	}
	return nil
}

// imported returns the table without what transactions add, of which an import
// that was cut off has added the first columns, at the end of the table. Columns
// of these names anywhere else are the users' own, and in the way.
func (d *deployment) imported(op string) (*storage.Table, error) {
	if d.transaction {
		return d.user, nil
	}
	user := d.withoutTail()
	// It will be one with transactions.
	future := &deployment{Table: user, transaction: true}
	for _, c := range user.Columns {
		if err := future.checkName(op, c.Name); err != nil {
			return nil, fmt.Errorf("the table cannot take part in transactions, rename the column: %w", err)
		}
	}
	return user, nil
}

// withoutTail returns the table without the columns from tx_id on if they are
// the first of those that transactions add.
func (d *deployment) withoutTail() *storage.Table {
	end := slices.Index(d.Columns, addedColumns[0])
	if end < 0 {
		return d.Table
	}
	user, tail := d.Table, d.Columns[end:]
	for _, c := range tail {
		var err error
		if user, err = user.WithoutColumn(c.Name); err != nil {
			return d.Table
		}
	}
	added := scalar.TransactionTable(user, true).Columns[len(user.Columns):]
	if len(tail) > len(added) || !slices.Equal(tail, added[:len(tail)]) {
		return d.Table
	}
	return user
}
