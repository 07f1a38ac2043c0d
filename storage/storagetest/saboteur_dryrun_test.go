package storagetest

import (
	"context"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// talkative is an Admin that shows a statement for each dry run, as one of a SQL
// database would. Its zero value shows the right ones.
type talkative struct {
	storage.Admin
	ignores bool // executes all the same
	silent  bool // shows only the creation of tables
	vague   bool // does not name what it is about
	gossip  bool // shows a repair that has nothing to do
	lenient bool // reports no failure
}

// run makes a call. The statement names whatever the checks look for.
func (a *talkative) run(ctx context.Context, kind, statement string, call func(ctx context.Context) error) error {
	show := storage.DryRun(ctx)
	if show == nil {
		return call(ctx)
	}
	if a.ignores && kind != "create" {
		ctx = background
	}
	if err := call(ctx); err != nil {
		if a.lenient {
			return nil
		}
		return err
	}
	switch {
	case a.silent && kind != "create":
	case a.vague:
		show(kind)
	default:
		show(kind + " " + statement)
	}
	return nil
}

func (a *talkative) CreateTable(ctx context.Context, t *storage.Table, options storage.Options) error {
	return a.run(ctx, "create", t.Name+" weight note", func(ctx context.Context) error { return a.Admin.CreateTable(ctx, t, options) })
}

func (a *talkative) DropTable(ctx context.Context, name storage.TableName) error {
	return a.run(ctx, "drop", name.Name, func(ctx context.Context) error { return a.Admin.DropTable(ctx, name) })
}

func (a *talkative) TruncateTable(ctx context.Context, name storage.TableName) error {
	return a.run(ctx, "truncate", name.Name, func(ctx context.Context) error { return a.Admin.TruncateTable(ctx, name) })
}

func (a *talkative) AddColumn(ctx context.Context, name storage.TableName, column storage.Column) error {
	return a.run(ctx, "add", name.Name+column.Name, func(ctx context.Context) error { return a.Admin.AddColumn(ctx, name, column) })
}

func (a *talkative) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	return a.run(ctx, "rename", name.Name+from+to, func(ctx context.Context) error { return a.Admin.RenameColumn(ctx, name, from, to) })
}

func (a *talkative) AlterColumnType(ctx context.Context, name storage.TableName, column string, typ storage.Type) error {
	return a.run(ctx, "alter", name.Name+column, func(ctx context.Context) error { return a.Admin.AlterColumnType(ctx, name, column, typ) })
}

func (a *talkative) RenameTable(ctx context.Context, name storage.TableName, to string) error {
	return a.run(ctx, "rename", name.Name+" "+to, func(ctx context.Context) error { return a.Admin.RenameTable(ctx, name, to) })
}

func (a *talkative) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	return a.run(ctx, "import", name.Name, func(ctx context.Context) error { return a.Admin.ImportTable(ctx, name, types) })
}

// CreateIndex, DropIndex, DropColumn and RepairTable may have nothing to do, and
// show only then nothing.
func (a *talkative) changing(ctx context.Context, kind string, name storage.TableName, statement string, change func(t *storage.Table) (*storage.Table, error), call func(ctx context.Context) error) error {
	t, err := a.Admin.(storage.Storage).Table(ctx, name)
	if err == nil {
		if changed, err := change(t); err == nil && changed == t && !(a.gossip && kind == "repair") {
			return call(ctx)
		}
	}
	return a.run(ctx, kind, statement, call)
}

func (a *talkative) CreateIndex(ctx context.Context, name storage.TableName, column string, options storage.Options) error {
	return a.changing(ctx, "index", name, name.Name+column, func(t *storage.Table) (*storage.Table, error) { return t.WithIndex(column) },
		func(ctx context.Context) error { return a.Admin.CreateIndex(ctx, name, column, options) })
}

func (a *talkative) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	return a.changing(ctx, "index", name, name.Name+column, func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex(column) },
		func(ctx context.Context) error { return a.Admin.DropIndex(ctx, name, column) })
}

func (a *talkative) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	return a.changing(ctx, "drop", name, name.Name+column, func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn(column) },
		func(ctx context.Context) error { return a.Admin.DropColumn(ctx, name, column) })
}

func (a *talkative) RepairTable(ctx context.Context, want *storage.Table, options storage.Options) error {
	return a.changing(ctx, "repair", want.TableName, want.Name+" born", func(t *storage.Table) (*storage.Table, error) { return t.WithMissing(want) },
		func(ctx context.Context) error { return a.Admin.RepairTable(ctx, want, options) })
}

func TestDryRunChecksCatchFaults(t *testing.T) {
	t.Parallel()
	const changes, reports, repair, imported = "dry run/changes nothing", "dry run/reports what the call reports", "dry run/repair of what is whole", "dry run/import"
	all := []string{changes, reports, repair, imported}
	for _, c := range []struct {
		name   string
		admin  talkative
		broken []string
	}{
		{"none", talkative{}, nil},
		{"a dry run is executed", talkative{ignores: true}, []string{changes, imported}},
		{"only creations are shown", talkative{silent: true}, []string{changes, imported}},
		{"statements name nothing", talkative{vague: true}, []string{changes, imported}},
		{"a repair always executes something", talkative{gossip: true}, []string{repair}},
		{"what would fail is fine", talkative{lenient: true}, []string{reports, repair}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range all {
				s := &saboteur{Storage: memory.New(), admin: func(a storage.Admin) storage.Admin {
					admin := c.admin
					admin.Admin = a
					return &admin
				}}
				failures := record(s, checkNamed(t, name), foreignInMemory)
				want := false
				for _, broken := range c.broken {
					want = want || broken == name
				}
				if (len(failures) > 0) != want {
					t.Errorf("check %q fails: %t, want %t: %q", name, len(failures) > 0, want, failures)
				}
			}
		})
	}
}
