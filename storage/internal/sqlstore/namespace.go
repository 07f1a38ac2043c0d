package sqlstore

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// namespaceColumns are the columns of the list of namespaces. Only databases
// that ScalarDB 4.0 has written have one, and then it is kept up to date.
var namespaceColumns = []string{"namespace_name"}

// CreateNamespace creates the namespace.
func (a *Administration) CreateNamespace(ctx context.Context, namespace string, _ storage.Options) error {
	const op = "create namespace"
	name := storage.TableName{Namespace: namespace}
	if why := a.engine.CheckNamespace(namespace); why != "" {
		return storage.Invalidf(op, name, "%s", why)
	}
	return a.engine.Update(ctx, op, name, func(ses Session) error {
		if err := ses.CreateNamespace(namespace); err != nil {
			return err
		}
		has, err := a.hasTable(ses, NamespacesTable, namespaceColumns)
		if err != nil || !has {
			return err
		}
		listed, err := found(ses, a.query("SELECT 1 FROM ", NamespacesTable, " WHERE namespace_name=", 1), namespace)
		if err != nil || listed {
			return err
		}
		return ses.Execute(a.config.Dialect.New().Text("INSERT INTO ").Table(a.metadataTable(NamespacesTable)).Text(" VALUES (").Param().Text(")").String(), namespace)
	})
}

// DropNamespace removes the namespace, if it is empty.
func (a *Administration) DropNamespace(ctx context.Context, namespace string) error {
	const op = "drop namespace"
	return a.engine.Update(ctx, op, storage.TableName{Namespace: namespace}, func(ses Session) error {
		if err := ses.DropNamespace(op, namespace); err != nil {
			return err
		}
		has, err := a.hasTable(ses, NamespacesTable, namespaceColumns)
		if err != nil || !has {
			return err
		}
		return ses.Execute(a.query("DELETE FROM ", NamespacesTable, " WHERE namespace_name=", 1), namespace)
	})
}

// NamespaceExists reports whether the namespace is in the database or in the
// list of ScalarDB 4.0.
func (a *Administration) NamespaceExists(ctx context.Context, namespace string) (bool, error) {
	namespaces, err := a.Namespaces(ctx)
	return slices.Contains(namespaces, namespace), err
}

// Namespaces lists the namespaces that are in the database or in the list of
// ScalarDB 4.0.
func (a *Administration) Namespaces(ctx context.Context) ([]string, error) {
	var namespaces []string
	err := a.engine.Read(ctx, "namespaces", storage.TableName{}, func(ses Session) (err error) {
		if namespaces, err = ses.Namespaces(); err != nil {
			return err
		}
		has, err := a.hasTable(ses, NamespacesTable, namespaceColumns)
		if err != nil || !has {
			return err
		}
		listed, err := texts(ses, a.query("SELECT namespace_name FROM ", NamespacesTable, "", 0))
		// Java lists the metadata schema itself.
		namespaces = append(namespaces, slices.DeleteFunc(listed, func(n string) bool { return n == a.config.MetadataSchema })...)
		return err
	})
	slices.Sort(namespaces)
	return slices.Compact(namespaces), err
}
