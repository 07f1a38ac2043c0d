package admin

import (
	"context"
	"slices"
	"strings"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

const beforePrefix = "before_"

// addedColumns are the columns that every table with transactions has (spec
// consensus-commit.md 1.2), in the order in which they are created.
var addedColumns = scalar.TransactionTable(&storage.Table{}, true).Columns

// deployment is a deployed table as its users see it.
type deployment struct {
	*storage.Table // as deployed

	// user is the table without what transactions add.
	user        *storage.Table
	transaction bool
}

// deploymentOf takes a table for one with transactions if it has the ten columns
// that all of those have. A column without a before image, which the engine
// does not accept (spec 1.1), is what a change leaves that was cut off.
func deploymentOf(t *storage.Table) *deployment {
	d := &deployment{Table: t, user: t}
	for _, c := range addedColumns {
		if i := t.Column(c.Name); i < 0 || t.Columns[i] != c || t.InPrimaryKey(i) {
			return d
		}
	}
	d.transaction = true
	for i, c := range t.Columns {
		if t.InPrimaryKey(i) || !isAdded(c.Name) && !d.isImage(c.Name) {
			continue
		}
		// Neither refuses a column outside the key.
		d.user, _ = d.user.WithoutColumn(c.Name)
	}
	return d
}

// isAdded reports whether a column of the name belongs to every table with
// transactions.
func isAdded(name string) bool {
	return slices.ContainsFunc(addedColumns, func(c storage.Column) bool { return c.Name == name })
}

// hasData reports whether there is a column of the name outside the key.
func (d *deployment) hasData(name string) bool {
	i := d.Column(name)
	return i >= 0 && !d.InPrimaryKey(i)
}

// isImage reports whether a column of the name is the before image of another
// one.
func (d *deployment) isImage(name string) bool {
	original, prefixed := strings.CutPrefix(name, beforePrefix)
	return prefixed && d.hasData(original)
}

// hasImage reports whether a column outside the key has a before image.
func (d *deployment) hasImage(column string) bool {
	return d.transaction && d.hasData(column) && d.hasData(beforePrefix+column)
}

// hasOrphan reports whether there is the before image of a column that is gone.
// A column of the schema that is called like one has a before image itself.
func (d *deployment) hasOrphan(column string) bool {
	image := beforePrefix + column
	return d.transaction && d.Column(column) < 0 && d.hasData(image) && !d.hasData(beforePrefix+image)
}

// checkName refuses the name of a column that belongs to transactions (spec
// 1.3).
func (d *deployment) checkName(op, column string) error {
	switch {
	case !d.transaction:
		return nil
	case isAdded(column):
		return storage.Invalidf(op, d.TableName, "column name %s belongs to the transactions (DB-CORE-10101)", column)
	case d.isImage(column):
		return storage.Invalidf(op, d.TableName, "column name %s belongs to the before image of column %s (DB-CORE-10102)", column, strings.TrimPrefix(column, beforePrefix))
	}
	return nil
}

// checkNewName refuses also a name whose before image could not have its name.
func (d *deployment) checkNewName(op, column string) error {
	if err := d.checkName(op, column); err != nil {
		return err
	}
	if image := beforePrefix + column; d.transaction && d.Column(column) < 0 && d.hasData(image) && !d.hasOrphan(column) {
		return storage.Invalidf(op, d.TableName, "the before image of column %s would be called %s, as a column that is there (DB-CORE-10102)", column, image)
	}
	return nil
}

// find returns a deployed table that users may change.
func (a *Admin) find(ctx context.Context, op string, name storage.TableName) (*deployment, error) {
	if err := a.reserved(op, name); err != nil {
		return nil, err
	}
	t, err := a.storage.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	return deploymentOf(t), nil
}

// Table returns the definition of a deployed table as its schema gives it,
// without what transactions add, and whether it is one with transactions. It
// reports [storage.ErrTableNotFound].
func (a *Admin) Table(ctx context.Context, name storage.TableName) (t *storage.Table, transaction bool, err error) {
	d, err := a.find(ctx, "table", name)
	if err != nil {
		return nil, false, err
	}
	return d.user, d.transaction, nil
}

// Tables lists the tables of a namespace in byte order. It refuses that of the
// coordinator.
func (a *Admin) Tables(ctx context.Context, namespace string) ([]string, error) {
	if err := a.reserved("tables", storage.TableName{Namespace: namespace}); err != nil {
		return nil, err
	}
	return a.storage.Admin().Tables(ctx, namespace)
}

// Namespaces lists the namespaces in byte order, without that of the
// coordinator.
func (a *Admin) Namespaces(ctx context.Context) ([]string, error) {
	namespaces, err := a.storage.Admin().Namespaces(ctx)
	return slices.DeleteFunc(namespaces, func(n string) bool { return n == a.coordinator.Namespace }), err
}

// NamespaceExists reports whether a namespace exists. That of the coordinator
// does not.
func (a *Admin) NamespaceExists(ctx context.Context, namespace string) (bool, error) {
	if namespace == a.coordinator.Namespace {
		return false, nil
	}
	return a.storage.Admin().NamespaceExists(ctx, namespace)
}
