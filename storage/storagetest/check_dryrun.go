package storagetest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

func dryRunChecks() []check {
	return []check{
		{"dry run/changes nothing", checkDryRun},
		{"dry run/reports what the call reports", checkDryRunErrors},
		{"dry run/repair of what is whole", checkDryRunRepair},
		{"dry run/import", checkDryRunImport},
	}
}

// dry runs a call that must not change anything, and returns what it showed.
func (h *harness) dry(call func(ctx context.Context) error) (statements []string, err error) {
	err = call(storage.WithDryRun(background, func(statement string) { statements = append(statements, statement) }))
	return statements, err
}

// dryRun is a call that would change something, and what its statements name.
type dryRun struct {
	name  string
	needs Change // what the storage may lack for it; always if nothing
	names []string
	call  func(ctx context.Context) error
}

// always is a change that no storage lacks.
const always = Change(255)

// showsStatements reports whether the storage has statements of its own to show:
// then it has some for every change.
func (h *harness) showsStatements() bool {
	h.Helper()
	t := Table(h.namespace, h.newTableName().Name, PartitionKey("p", storage.Int))
	shown, err := h.dry(func(ctx context.Context) error { return h.storage.Admin().CreateTable(ctx, t, h.creation) })
	if err != nil {
		h.Fatalf("dry run of create table: %v", err)
	}
	h.wantMissing(t.TableName)
	if len(shown) == 0 {
		h.leaveOut("statements", "the storage shows none")
	}
	return len(shown) > 0
}

// wantDry makes the dry runs, each of which must succeed and show a statement
// that names what it is about.
func (h *harness) wantDry(runs []dryRun, unchanged func()) {
	h.Helper()
	shows := h.showsStatements()
	for _, run := range runs {
		shown, err := h.dry(run.call)
		unchanged()
		if reason := h.cannotChange[run.needs]; reason != "" {
			h.leaveOut(run.name, reason)
			if !errors.Is(err, storage.ErrInvalid) {
				h.Errorf("dry run of %s, which the storage cannot do: %v", run.name, err)
			}
			continue
		}
		if err != nil {
			h.Errorf("dry run of %s: %v", run.name, err)
			continue
		}
		if slices.Contains(shown, "") {
			h.Errorf("dry run of %s: an empty statement", run.name)
		}
		all := strings.Join(shown, "\n")
		for _, name := range run.names {
			if shows && !strings.Contains(all, name) {
				h.Errorf("dry run of %s: nothing about %s in\n%s", run.name, name, all)
			}
		}
	}
}

func checkDryRun(h *harness) {
	admin := h.storage.Admin()
	t, rows := h.people()
	name, created, renamed := t.TableName, h.newTableName(), h.newTableName()
	namespace := h.namespace + "_dry"
	tables := h.tablesOf(name.Namespace)
	unchanged := func() {
		h.Helper()
		h.wantDefinition(t)
		h.wantPeople(t, rows, "name", rows[1:2], storage.TextValue("b"))
		if got := h.tablesOf(name.Namespace); !slices.Equal(got, tables) {
			h.Errorf("tables %q, want %q", got, tables)
		}
		h.wantNamespace(namespace, false)
	}
	more := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc),
		Indexed("name", storage.Text), Column("age", storage.Int), Column("born", storage.Date))
	h.wantDry([]dryRun{
		{"create namespace", always, nil, func(ctx context.Context) error { return admin.CreateNamespace(ctx, namespace, h.creation) }},
		{"create table", always, []string{created.Name, "weight", "note"}, func(ctx context.Context) error {
			return admin.CreateTable(ctx, Table(created.Namespace, created.Name, PartitionKey("p", storage.Int), Column("weight", storage.Double), Indexed("note", storage.Text)), h.creation)
		}},
		{"create index", ChangeIndexes, []string{name.Name, "age"}, func(ctx context.Context) error { return admin.CreateIndex(ctx, name, "age", h.creation) }},
		{"drop index", ChangeIndexes, []string{name.Name, "name"}, func(ctx context.Context) error { return admin.DropIndex(ctx, name, "name") }},
		{"add column", AddColumns, []string{name.Name, "born"}, func(ctx context.Context) error {
			return admin.AddColumn(ctx, name, storage.Column{Name: "born", Type: storage.Date})
		}},
		{"drop column", DropColumns, []string{name.Name, "age"}, func(ctx context.Context) error { return admin.DropColumn(ctx, name, "age") }},
		{"drop column with an index", DropColumns, []string{name.Name, "name"}, func(ctx context.Context) error { return admin.DropColumn(ctx, name, "name") }},
		{"rename column", RenameColumns, []string{name.Name, "age", "years"}, func(ctx context.Context) error { return admin.RenameColumn(ctx, name, "age", "years") }},
		{"rename column with an index", RenameIndexedColumns, []string{name.Name, "name", "called"}, func(ctx context.Context) error { return admin.RenameColumn(ctx, name, "name", "called") }},
		{"rename key column", RenameKeyColumns, []string{name.Name, "id", "number"}, func(ctx context.Context) error { return admin.RenameColumn(ctx, name, "id", "number") }},
		{"alter column type", AlterTypes, []string{name.Name, "age"}, func(ctx context.Context) error { return admin.AlterColumnType(ctx, name, "age", storage.BigInt) }},
		{"rename table", RenameTables, []string{name.Name, renamed.Name}, func(ctx context.Context) error { return admin.RenameTable(ctx, name, renamed.Name) }},
		{"repair of a table that lacks something", AddColumns, []string{name.Name, "born"}, func(ctx context.Context) error { return admin.RepairTable(ctx, more, h.creation) }},
		{"repair of a table that is missing", always, []string{created.Name}, func(ctx context.Context) error {
			return admin.RepairTable(ctx, Table(created.Namespace, created.Name, PartitionKey("p", storage.Int)), h.creation)
		}},
		{"truncate table", always, []string{name.Name}, func(ctx context.Context) error { return admin.TruncateTable(ctx, name) }},
		{"drop table", always, []string{name.Name}, func(ctx context.Context) error { return admin.DropTable(ctx, name) }},
	}, unchanged)

	h.createNamespace(namespace)
	if _, err := h.dry(func(ctx context.Context) error { return admin.DropNamespace(ctx, namespace) }); err != nil {
		h.Errorf("dry run of drop namespace: %v", err)
	}
	if h.implicitNamespaces == "" {
		h.wantNamespace(namespace, true)
	}
}

// checkDryRunErrors: what would fail fails, and what is done already is not shown.
func checkDryRunErrors(h *harness) {
	admin := h.storage.Admin()
	t, _ := h.people()
	name, never := t.TableName, h.newTableName()
	for _, c := range []struct {
		name  string
		class error // nil for what has nothing to do
		call  func(ctx context.Context) error
	}{
		{"create table", storage.ErrTableExists, func(ctx context.Context) error { return admin.CreateTable(ctx, t, h.creation) }},
		{"drop table", storage.ErrTableNotFound, func(ctx context.Context) error { return admin.DropTable(ctx, never) }},
		{"truncate table", storage.ErrTableNotFound, func(ctx context.Context) error { return admin.TruncateTable(ctx, never) }},
		{"add column", storage.ErrTableNotFound, func(ctx context.Context) error {
			return admin.AddColumn(ctx, never, storage.Column{Name: "x", Type: storage.Int})
		}},
		{"rename table", storage.ErrTableNotFound, func(ctx context.Context) error { return admin.RenameTable(ctx, never, "x") }},
		{"drop key column", storage.ErrInvalid, func(ctx context.Context) error { return admin.DropColumn(ctx, name, "id") }},
		{"create index", storage.ErrInvalid, func(ctx context.Context) error { return admin.CreateIndex(ctx, name, "none", h.creation) }},
		{"alter column type", storage.ErrInvalid, func(ctx context.Context) error { return admin.AlterColumnType(ctx, name, "age", storage.Boolean) }},
		{"drop namespace", storage.ErrNotEmpty, func(ctx context.Context) error { return admin.DropNamespace(ctx, name.Namespace) }},
		{"create index that is there", nil, func(ctx context.Context) error { return admin.CreateIndex(ctx, name, "name", h.creation) }},
		{"drop index that is not there", nil, func(ctx context.Context) error { return admin.DropIndex(ctx, name, "age") }},
		{"drop column that is not there", nil, func(ctx context.Context) error { return admin.DropColumn(ctx, name, "none") }},
	} {
		shown, err := h.dry(c.call)
		if c.class != nil {
			h.wantError("dry run of "+c.name, err, c.class)
		} else if err != nil {
			h.Errorf("dry run of %s: %v", c.name, err)
		}
		if len(shown) > 0 {
			h.Errorf("dry run of %s: it shows\n%s", c.name, strings.Join(shown, "\n"))
		}
	}
	h.wantDefinition(t)
}

// checkDryRunRepair: a repair that would execute nothing is how tables are
// verified.
func checkDryRunRepair(h *harness) {
	t, _ := h.people()
	repair := func(t *storage.Table) ([]string, error) {
		return h.dry(func(ctx context.Context) error { return h.storage.Admin().RepairTable(ctx, t, h.creation) })
	}
	if shown, err := repair(t); err != nil || len(shown) > 0 {
		h.Errorf("dry run of the repair of a whole table: %v\n%s", err, strings.Join(shown, "\n"))
	}
	other := Table(t.Namespace, t.Name, PartitionKey("p", storage.Int), ClusteringKey("id", storage.Int, storage.Desc), Indexed("name", storage.Text), Column("age", storage.Text))
	shown, err := repair(other)
	h.wantError("dry run of the repair of a table of another shape", err, storage.ErrInvalid)
	if len(shown) > 0 {
		h.Errorf("dry run of the repair of a table of another shape: it shows\n%s", strings.Join(shown, "\n"))
	}
	h.wantDefinition(t)
}

func checkDryRunImport(h *harness) {
	if reason := h.cannotChange[ImportTables]; reason != "" || h.foreign == nil {
		h.skip(ImportTables.String(), "the adapter's test cannot create a table without metadata: "+reason)
	}
	admin, name := h.storage.Admin(), h.newTableName()
	if err := h.foreign(h.storage, Table(name.Namespace, name.Name, PartitionKey("p", storage.Int), Column("v", storage.Text))); err != nil {
		h.Fatalf("create a table without metadata: %v", err)
	}
	h.wantDry([]dryRun{{"import", ImportTables, []string{name.Name}, func(ctx context.Context) error { return admin.ImportTable(ctx, name, nil) }}},
		func() { h.wantMissing(name) })
	if err := admin.ImportTable(background, name, nil); err != nil {
		h.Fatalf("import after a dry run: %v", err)
	}
	h.created = append(h.created, name)
}
