package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/admin"
	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// administration is how tables with transactions are created and changed with a
// library; definitions are those of the schema.
type administration interface {
	// create creates tables with their namespaces and the coordinator table, with
	// the columns that the configuration asks for.
	create(ctx context.Context, tables ...*storage.Table) error
	repair(ctx context.Context, tables ...*storage.Table) error
	drop(ctx context.Context, tables ...*storage.Table) error
	table(ctx context.Context, name storage.TableName) (*storage.Table, error)
	// deployed returns the definition with what transactions add.
	deployed(ctx context.Context, name storage.TableName) (*storage.Table, error)
	tables(ctx context.Context, namespace string) ([]string, error)
	coordinatorExists(ctx context.Context) (bool, error)
	createIndex(ctx context.Context, name storage.TableName, column string) error
	dropIndex(ctx context.Context, name storage.TableName, column string) error
	addColumn(ctx context.Context, name storage.TableName, column storage.Column) error
	dropColumn(ctx context.Context, name storage.TableName, column string) error
	renameColumn(ctx context.Context, name storage.TableName, from, to string) error
	importTable(ctx context.Context, name storage.TableName) error
}

type goAdmin struct {
	*admin.Admin
	storage storage.Storage
}

func (c *goClient) administration() administration {
	return goAdmin{admin.New(c.storage, c.config), c.storage}
}

// schemaOf writes tables as a schema file, which is where users have them.
func schemaOf(tables []*storage.Table) (*schema.Schema, error) {
	quote := func(name string) string {
		text, _ := json.Marshal(name)
		return string(text)
	}
	list := func(t *storage.Table, positions []int) string {
		names := make([]string, len(positions))
		for i, p := range positions {
			names[i] = quote(t.Columns[p].Name)
		}
		return "[" + strings.Join(names, ",") + "]"
	}
	entries := make([]string, len(tables))
	for i, t := range tables {
		var columns, clustering []string
		for _, c := range t.Columns {
			columns = append(columns, quote(c.Name)+":"+quote(c.Type.String()))
		}
		for _, c := range t.Clustering {
			clustering = append(clustering, quote(t.Columns[c.Column].Name+" "+c.Order.String()))
		}
		entries[i] = fmt.Sprintf(`%s:{"transaction":true,"partition-key":%s,"clustering-key":[%s],"columns":{%s},"secondary-index":%s}`,
			quote(t.String()), list(t, t.Partition), strings.Join(clustering, ","), strings.Join(columns, ","), list(t, t.Indexes))
	}
	s, found := schema.Parse(schema.File{Name: "schema.json", Data: []byte("{" + strings.Join(entries, ",") + "}")})
	return s, found.Err()
}

func (a goAdmin) apply(ctx context.Context) func(*admin.Plan, error) error {
	return func(p *admin.Plan, err error) error {
		if err != nil {
			return err
		}
		return a.Apply(ctx, p, nil)
	}
}

func (a goAdmin) planned(ctx context.Context, plan func(context.Context, *schema.Schema, bool) (*admin.Plan, error), tables []*storage.Table) error {
	s, err := schemaOf(tables)
	if err != nil {
		return err
	}
	return a.apply(ctx)(plan(ctx, s, true))
}

func (a goAdmin) create(ctx context.Context, tables ...*storage.Table) error {
	return a.planned(ctx, a.PlanCreate, tables)
}

func (a goAdmin) repair(ctx context.Context, tables ...*storage.Table) error {
	return a.planned(ctx, a.PlanRepair, tables)
}

func (a goAdmin) drop(ctx context.Context, tables ...*storage.Table) error {
	return a.planned(ctx, a.PlanDrop, tables)
}

func (a goAdmin) table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	t, transaction, err := a.Table(ctx, name)
	if err == nil && !transaction {
		err = fmt.Errorf("%s is no table with transactions", name)
	}
	return t, err
}

func (a goAdmin) deployed(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	return a.storage.Table(ctx, name)
}

func (a goAdmin) tables(ctx context.Context, namespace string) ([]string, error) {
	return a.Tables(ctx, namespace)
}

func (a goAdmin) coordinatorExists(ctx context.Context) (bool, error) {
	return a.CoordinatorExists(ctx)
}

func (a goAdmin) createIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.apply(ctx)(a.PlanCreateIndex(ctx, name, column, nil))
}

func (a goAdmin) dropIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.apply(ctx)(a.PlanDropIndex(ctx, name, column))
}

func (a goAdmin) addColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	return a.apply(ctx)(a.PlanAddColumn(ctx, name, column))
}

func (a goAdmin) dropColumn(ctx context.Context, name storage.TableName, column string) error {
	return a.apply(ctx)(a.PlanDropColumn(ctx, name, column))
}

func (a goAdmin) renameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	return a.apply(ctx)(a.PlanRenameColumn(ctx, name, from, to))
}

func (a goAdmin) importTable(ctx context.Context, name storage.TableName) error {
	return a.apply(ctx)(a.PlanImport(ctx, name, nil, true))
}

type javaAdmin struct{ transactions, storage *java.Admin }

func (c javaClient) administration() administration {
	return javaAdmin{c.Admin(false), c.Admin(true)}
}

func (a javaAdmin) create(ctx context.Context, tables ...*storage.Table) error {
	for _, t := range tables {
		if err := a.transactions.CreateTable(ctx, t); err != nil {
			return err
		}
	}
	return a.transactions.CreateCoordinator(ctx)
}

func (a javaAdmin) repair(ctx context.Context, tables ...*storage.Table) error {
	for _, t := range tables {
		if err := a.transactions.RepairTable(ctx, t); err != nil {
			return err
		}
	}
	return a.transactions.RepairCoordinator(ctx)
}

func (a javaAdmin) drop(ctx context.Context, tables ...*storage.Table) error {
	namespaces := map[string]bool{}
	for _, t := range tables {
		namespaces[t.Namespace] = true
		if err := a.transactions.DropTable(ctx, t.TableName); err != nil {
			return err
		}
	}
	for namespace := range namespaces {
		if err := a.transactions.DropNamespace(ctx, namespace); err != nil {
			return err
		}
	}
	return a.transactions.DropCoordinator(ctx)
}

func (a javaAdmin) table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	return a.transactions.Table(ctx, name)
}

func (a javaAdmin) deployed(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	return a.storage.Table(ctx, name)
}

func (a javaAdmin) tables(ctx context.Context, namespace string) ([]string, error) {
	return a.transactions.Tables(ctx, namespace)
}

func (a javaAdmin) coordinatorExists(ctx context.Context) (bool, error) {
	return a.transactions.CoordinatorExists(ctx)
}

func (a javaAdmin) createIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.transactions.CreateIndex(ctx, name, column)
}

func (a javaAdmin) dropIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.transactions.DropIndex(ctx, name, column)
}

func (a javaAdmin) addColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	return a.transactions.AddColumn(ctx, name, column)
}

func (a javaAdmin) dropColumn(ctx context.Context, name storage.TableName, column string) error {
	return a.transactions.DropColumn(ctx, name, column)
}

func (a javaAdmin) renameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	return a.transactions.RenameColumn(ctx, name, from, to)
}

func (a javaAdmin) importTable(ctx context.Context, name storage.TableName) error {
	return a.transactions.ImportTable(ctx, name, nil)
}
