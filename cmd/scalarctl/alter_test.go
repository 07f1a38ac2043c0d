package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/admin"
	"github.com/scalargen/scalargen/storage"
)

func (b *bench) schemaOnly(verb string, more ...string) []string {
	return append([]string{"schema", verb, "-c", b.config, "-f", b.schema}, more...)
}

func TestAlter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.write("schema.json", strings.NewReplacer(`"at": "TIMESTAMP"`, `"at": "TIMESTAMP", "note": "TEXT"`, `"partition-key": ["id"],
    "columns": {"id": "INT", "name": "TEXT"}`, `"partition-key": ["id"], "secondary-index": ["name"],
    "columns": {"id": "INT", "name": "TEXT"}`).Replace(shop))
	// Nothing of this does harm, so nobody is asked.
	if stderr := b.want(exitOK, `
Plan: 2 changes
  + extend table customer.customers by index on name
  + extend table order.orders by column note TEXT
[1/2] extend table customer.customers by index on name ... done
[2/2] extend table order.orders by column note TEXT ... done
Altered 2 tables.
`, b.schemaOnly("alter")...); stderr != "" {
		t.Errorf("standard error %q", stderr)
	}
	b.want(exitOK, `
Plan: no changes
  = customer.customers: is as the schema says
  = order.orders: is as the schema says
Nothing was changed.
`, b.schemaOnly("alter")...)
}

func TestAlterAsksBeforeItDoesHarm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.write("schema.json", strings.NewReplacer(`, "name": "TEXT"`, ``, `"at"`, `"placed"`, "order.orders", "order.sales").Replace(shop))
	args := b.schemaOnly("alter", "--rename-table", "order.orders=sales", "--rename", "order.sales.at=placed")
	const plan = `
Plan: 5 changes
  - drop column before_name of customer.customers  ! its values are lost
  - drop column name of customer.customers  ! its values are lost
  ~ rename column at of order.orders to placed  ! programs that use the old name fail
  ~ rename column before_at of order.orders to before_placed  ! programs that use the old name fail
  ~ rename table order.orders to sales  ! programs that use the old name fail
`
	stderr := b.want(exitUsage, plan, args...)
	if !strings.Contains(stderr, "alter asks before it does what is marked with !, and standard input is not a terminal: nothing was changed; add --yes if it is meant") {
		t.Error(stderr)
	}
	if got := b.columns("customer", "customers"); !strings.Contains(got, "name") {
		t.Errorf("columns %s", got)
	}
	b.want(exitOK, plan+`[1/5] drop column before_name of customer.customers ... done
[2/5] drop column name of customer.customers ... done
[3/5] rename column at of order.orders to placed ... done
[4/5] rename column before_at of order.orders to before_placed ... done
[5/5] rename table order.orders to sales ... done
Altered 2 tables.
`, append(args, "--yes")...)
	b.want(exitOK, `
Plan: no changes
  = customer.customers: is as the schema says
  = order.sales: is as the schema says
Nothing was changed.
`, args...)
}

func TestAlterRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.write("schema.json", strings.NewReplacer(`"partition-key": ["id"],
    "columns": {"id": "INT", "at"`, `"partition-key": ["id"], "clustering-key": ["at"],
    "columns": {"id": "INT", "at"`, `"name": "TEXT"`, `"name": "TEXT", "added": "INT"`, "customer.customers", "customer.clients").Replace(shop))
	stderr := b.want(exitNo, "", b.schemaOnly("alter", "--yes")...)
	const want = `schema.json:2:3: table customer.clients does not exist: create it, or say which table is to be renamed so
schema.json:6:3: table order.orders has the clustering key (), and (at ASC) in the schema, and a key cannot change: create a table of another name, copy the records, and drop this one
`
	if diff := cmp.Diff(want, stderr); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAlterOfATypeOnSQLiteChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.write("schema.json", strings.NewReplacer(`"name": "TEXT"`, `"name": "TEXT", "added": "INT"`, `"at": "TIMESTAMP"`, `"at": "TEXT"`).Replace(shop))
	stderr := b.want(exitNo, "", b.schemaOnly("alter", "--yes")...)
	if want := "schema.json:8:30: table order.orders has column at of type TIMESTAMP, and TEXT in the schema, which cannot be altered: SQLite cannot change the type of a column"; !strings.Contains(stderr, want) {
		t.Errorf("%s\nwant %s", stderr, want)
	}
	if got := b.columns("customer", "customers"); strings.Contains(got, "added") {
		t.Errorf("columns %s", got)
	}
}

func TestQuestion(t *testing.T) {
	t.Parallel()
	column := storage.Column{Name: "a"}
	for want, actions := range map[string][]admin.Action{
		"Of 1 change, 1 loses data or makes running programs fail, as marked with !. Go on? [y/N] ":  {admin.DropColumn},
		"Of 3 changes, 2 lose data or make running programs fail, as marked with !. Go on? [y/N] ":   {admin.AddColumn, admin.DropIndex, admin.Keep, admin.RenameColumn},
		"This deletes 1 table with all records. Go on? [y/N] ":                                       {admin.DropTable, admin.DropNamespace},
		"Of 2 changes, 1 loses data or makes running programs fail, as marked with !. Go on? [y/N] ": {admin.AddColumn, admin.AlterColumn},
	} {
		plan := &admin.Plan{}
		for _, a := range actions {
			plan.Steps = append(plan.Steps, admin.Step{Action: a, Column: column})
		}
		if got := question(plan); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
