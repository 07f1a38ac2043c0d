package admin

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// replaced returns shop with other texts: from, to, from, to, …
func replaced(t *testing.T, texts ...string) string {
	t.Helper()
	for i := 0; i < len(texts); i += 2 {
		if !strings.Contains(shop, texts[i]) {
			t.Fatalf("the schema has no %s", texts[i])
		}
	}
	return strings.NewReplacer(texts...).Replace(shop)
}

// alterations make of the tables of shop those of another schema.
var alterations = map[string]struct {
	replace []string
	renames Renames
	config  scalar.Config
	steps   string
}{
	"nothing": {nil, Renames{}, scalar.Config{}, `
customer.customers: is as the schema says
order.orders: is as the schema says
order.log: is as the schema says
`},
	"add": {[]string{`"credit": "BIGINT"}`, `"credit": "BIGINT", "born": "DATE"}`, `["name"]`, `["name", "born", "id"]`}, Renames{}, scalar.Config{}, `
extend table customer.customers by column born DATE, index on born, index on id
order.orders: is as the schema says
order.log: is as the schema says
`},
	"drop": {[]string{`"name": "TEXT", `, ``, `"secondary-index": ["name"],`, ``, `,
    "secondary-index": ["line"]`, ``}, Renames{}, scalar.Config{}, `
drop column before_name of customer.customers
drop column name of customer.customers
order.orders: is as the schema says
drop index on column line of order.log
`},
	"another index": {[]string{`["name"]`, `["credit"]`}, Renames{}, scalar.Config{}, `
extend table customer.customers by index on credit
drop index on column name of customer.customers
drop index on column before_name of customer.customers
order.orders: is as the schema says
order.log: is as the schema says
`},
	"eventually consistent indexes": {nil, Renames{}, scalar.Config{EventuallyConsistentIndexes: true}, `
drop index on column before_name of customer.customers
order.orders: is as the schema says
order.log: is as the schema says
`},
	"rename": {
		[]string{`customer.customers`, `customer.clients`, `name`, `full_name`, `"at"`, `"placed_at"`, `"at DESC"`, `"placed_at DESC"`},
		Renames{
			Tables: []TableRename{{From: customers, To: "clients"}},
			Columns: []ColumnRename{
				{Table: storage.TableName{Namespace: "customer", Name: "clients"}, From: "name", To: "full_name"},
				{Table: orders, From: "at", To: "placed_at"},
			},
		}, scalar.Config{}, `
rename column name of customer.customers to full_name
rename column before_name of customer.customers to before_full_name
rename table customer.customers to clients
rename column at of order.orders to placed_at
order.log: is as the schema says
`},
	"instead of another": {[]string{`"note": "TEXT"`, `"remark": "TEXT"`}, Renames{}, scalar.Config{}, `
customer.customers: is as the schema says
extend table order.orders by column remark TEXT
drop column before_note of order.orders
drop column note of order.orders
order.log: is as the schema says
`},
	"all at once": {
		[]string{`customer.customers`, `customer.clients`, `"name": "TEXT"`, `"full_name": "TEXT", "born": "DATE"`, `["name"]`, `["full_name", "born"]`, `, "credit": "BIGINT"`, ``},
		Renames{
			Tables:  []TableRename{{From: customers, To: "clients"}},
			Columns: []ColumnRename{{Table: storage.TableName{Namespace: "customer", Name: "clients"}, From: "name", To: "full_name"}},
		}, scalar.Config{}, `
extend table customer.customers by column born DATE, index on born
drop column before_credit of customer.customers
drop column credit of customer.customers
rename column name of customer.customers to full_name
rename column before_name of customer.customers to before_full_name
rename table customer.customers to clients
order.orders: is as the schema says
order.log: is as the schema says
`},
	"type": {[]string{`"credit": "BIGINT"`, `"credit": "TEXT"`}, Renames{}, scalar.Config{}, `
alter column credit of customer.customers to TEXT
alter column before_credit of customer.customers to TEXT
order.orders: is as the schema says
order.log: is as the schema says
`},
	"type and name": {
		[]string{`"credit": "BIGINT"`, `"balance": "TEXT"`},
		Renames{Columns: []ColumnRename{{Table: customers, From: "credit", To: "balance"}}}, scalar.Config{}, `
alter column credit of customer.customers to TEXT
alter column before_credit of customer.customers to TEXT
rename column credit of customer.customers to balance
rename column before_credit of customer.customers to before_balance
order.orders: is as the schema says
order.log: is as the schema says
`},
}

func TestAlterMakesTheTablesWhatTheSchemaSays(t *testing.T) {
	t.Parallel()
	for name, c := range alterations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, s storage.Storage) {
				create(t, s, shop, scalar.Config{})
				a, want := New(s, c.config), parse(t, replaced(t, c.replace...))
				before := definitions(t, s)
				p, err := a.PlanAlter(t.Context(), want, c.renames)
				if _, inMemory := s.(*memory.Storage); !inMemory && strings.HasPrefix(name, "type") {
					if err == nil || !strings.Contains(err.Error(), "SQLite cannot change the type of a column") {
						t.Errorf("%v\n%s", err, describe(p))
					}
					return
				}
				planned(t, p, err, c.steps)
				if diff := cmp.Diff(before, definitions(t, s), sameTable); diff != "" {
					t.Fatalf("planning changed the tables: %s", diff)
				}
				apply(t, a, p)
				if c.config.EventuallyConsistentIndexes {
					return
				}
				wantTransactional(t, s)
				reports, err := a.Compare(t.Context(), want, true)
				if err != nil || reported(reports) != "" {
					t.Errorf("%v\n%s", err, reported(reports))
				}
				if again, err := a.PlanAlter(t.Context(), want, c.renames); err != nil || again.Changes() != 0 {
					t.Errorf("planned again: %v\n%s", err, describe(again))
				}
			})
		})
	}
}

func TestAlterCanBeRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	for name, c := range alterations {
		if name == "nothing" {
			continue
		}
		for _, kind := range kinds {
			if kind == "sqlite" && strings.HasPrefix(name, "type") {
				continue // it cannot do it at all
			}
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				want := parse(t, replaced(t, c.replace...))
				repeatable(t, func() storage.Storage { return newShop(t, kind) },
					func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanAlter(ctx, want, c.renames) }, c.config)
			})
		}
	}
}

func TestOnlyWhatDoesHarmIsDangerous(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"nothing": 0, "add": 0, "drop": 3, "another index": 2, "rename": 4, "type": 2} {
		s := memory.New()
		create(t, s, shop, scalar.Config{})
		p, err := New(s, scalar.Config{}).PlanAlter(t.Context(), parse(t, replaced(t, alterations[name].replace...)), alterations[name].renames)
		if err != nil || p.Dangers() != want {
			t.Errorf("%s: %d dangerous steps, want %d; %v\n%s", name, p.Dangers(), want, err, describe(p))
		}
	}
}

// Java changes columns first and before images after.
func TestAlterCompletesWhatJavaBegan(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		admin, ctx := s.Admin(), t.Context()
		if err := errors.Join(
			admin.DropColumn(ctx, customers, "credit"), // and it is added again
			admin.DropIndex(ctx, customers, "name"),
			admin.DropColumn(ctx, orders, "note"),
			admin.AddColumn(ctx, orders, storage.Column{Name: "remark", Type: storage.Text}),
		); err != nil {
			t.Fatal(err)
		}
		a := New(s, scalar.Config{})
		p, err := a.PlanAlter(ctx, parse(t, replaced(t, `"note": "TEXT"`, `"remark": "TEXT"`, `
    "secondary-index": ["name"],`, ``)), Renames{})
		apply(t, a, planned(t, p, err, `
extend table customer.customers by column credit BIGINT
drop index on column before_name of customer.customers
extend table order.orders by before image of remark
drop column before_note of order.orders
order.log: is as the schema says
`))
		wantTransactional(t, s)
	})
}

func TestAlterCompletesARenameThatWasCutOff(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		if err := s.Admin().RenameColumn(t.Context(), customers, "name", "full_name"); err != nil {
			t.Fatal(err)
		}
		a := New(s, scalar.Config{})
		p, err := a.PlanAlter(t.Context(), parse(t, replaced(t, `name`, `full_name`)), Renames{Columns: []ColumnRename{{customers, "name", "full_name"}}})
		apply(t, a, planned(t, p, err, `
rename column before_name of customer.customers to before_full_name
order.orders: is as the schema says
order.log: is as the schema says
`))
		wantTransactional(t, s)
	})
}

// The before image of a new column must not take a column for its own that is to
// be dropped.
func TestAlterRefusesAColumnWhoseBeforeImageIsInTheWay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, replaced(t, `"note"`, `"before_lunch"`), scalar.Config{})
		_, err := New(s, scalar.Config{}).PlanAlter(t.Context(), parse(t, replaced(t, `"note"`, `"lunch"`)), Renames{})
		if err == nil || !strings.HasSuffix(err.Error(), "the before image of column lunch would be called before_lunch, as a column that is there (DB-CORE-10102)") || strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
	})
}

func TestWhatCannotBeAltered(t *testing.T) {
	t.Parallel()
	rename := func(column, to string) Renames {
		return Renames{Columns: []ColumnRename{{Table: customers, From: column, To: to}}}
	}
	for name, c := range map[string]struct {
		replace []string
		renames Renames
		want    []string
	}{
		"partition key": {[]string{`"partition-key": ["customer_id"]`, `"partition-key": ["customer_id", "note"]`}, Renames{}, []string{
			"schema.json:8:3: table order.orders has the partition key (customer_id), and (customer_id, note) in the schema, and a key cannot change: create a table of another name",
		}},
		"order and another table": {[]string{`"at DESC"`, `"at"`, `"order.log"`, `"order.journal"`}, Renames{}, []string{
			"schema.json:8:3: table order.orders has the clustering key (at DESC, id ASC), and (at ASC, id ASC) in the schema",
			"schema.json:13:3: table order.journal does not exist: create it",
		}},
		"type of a key": {[]string{`"customer_id": "INT"`, `"customer_id": "BIGINT"`}, Renames{}, []string{
			"schema.json:11:17: table order.orders has the key column customer_id of type INT, and BIGINT in the schema, and a key cannot change",
		}},
		"type": {[]string{`"credit": "BIGINT"`, `"credit": "DATE"`}, Renames{}, []string{
			"has column credit of type BIGINT, and DATE in the schema, which cannot be altered: column credit is BIGINT and cannot become DATE: possible are",
		}},
		"type of an indexed column": {[]string{`"line": "TEXT"`, `"line": "BLOB"`}, Renames{}, []string{
			"has column line of type TEXT, and BLOB in the schema, and it has an index: alter the table without the index first",
		}},
		"without transactions": {[]string{`"partition-key": ["customer_id"]`, `"transaction": false, "partition-key": ["customer_id"]`}, Renames{}, []string{
			"table order.orders has the columns of transactions, and is to be one without them: create another table",
		}},
		"with transactions": {[]string{`"transaction": false,`, ``}, Renames{}, []string{
			`table order.log has not the columns of transactions: import it, which adds them, or say "transaction": false`,
		}},
		"rename of no column": {[]string{`"credit"`, `"balance"`}, rename("none", "balance"), []string{"table customer.customers has no column none, which is to be renamed to balance"}},
		"rename to a column that is there": {[]string{`"name": "TEXT", `, ``, `["name"]`, `[]`}, rename("name", "credit"), []string{
			"table customer.customers has a column credit already, to which name is to be renamed: drop one of them",
		}},
		"rename of the transaction id": {nil, rename("tx_id", "credit"), []string{"column name tx_id belongs to the transactions (DB-CORE-10101)"}},
		"rename of no table": {[]string{`"order.log"`, `"order.journal"`}, Renames{Tables: []TableRename{{storage.TableName{Namespace: "order", Name: "none"}, "journal"}}}, []string{
			"table order.journal does not exist, and neither does order.none, which is to be renamed so",
		}},
		"rename to a table that is there": {[]string{`"order.log"`, `"order.journal"`}, Renames{Tables: []TableRename{{plainLog, "orders"}}}, []string{
			"exists already, and order.log, which is to be renamed so, does too: drop one of them", "order.journal does not exist",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, s storage.Storage) {
				create(t, s, shop, scalar.Config{})
				before := definitions(t, s)
				p, err := New(s, scalar.Config{}).PlanAlter(t.Context(), parse(t, replaced(t, c.replace...)), c.renames)
				var found schema.Diagnostics
				if !errors.As(err, &found) || p != nil || len(found) != len(c.want) {
					t.Fatalf("%v\n%v", err, p)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%v\nwant %s", err, want)
					}
				}
				if diff := cmp.Diff(before, definitions(t, s), sameTable); diff != "" {
					t.Errorf("the tables changed: %s", diff)
				}
			})
		})
	}
}

func TestTableWithAPartOfTheColumnsOfTransactionsIsToBeRepaired(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		if err := s.Admin().DropColumn(t.Context(), orders, "before_tx_id"); err != nil {
			t.Fatal(err)
		}
		_, err := New(s, scalar.Config{}).PlanAlter(t.Context(), parse(t, shop), Renames{})
		if err == nil || !strings.Contains(err.Error(), "table order.orders has a part of the columns of transactions: repair it first") {
			t.Error(err)
		}
	})
}

func TestRenamesThatAreNoneOfTheSchema(t *testing.T) {
	t.Parallel()
	table := func(name string) storage.TableName { return storage.TableName{Namespace: "order", Name: name} }
	for want, renames := range map[string]Renames{
		"the schema has no table order.none":                {Tables: []TableRename{{table("x"), "none"}}},
		"the schema has a table order.log itself":           {Tables: []TableRename{{table("log"), "orders"}}},
		"order.y to orders: one of the names is in two":     {Tables: []TableRename{{table("x"), "orders"}, {table("y"), "orders"}}},
		"order.x to log: one of the names is in two":        {Tables: []TableRename{{table("x"), "orders"}, {table("x"), "log"}}},
		"column a of order.none: the schema has no such":    {Columns: []ColumnRename{{table("none"), "a", "b"}}},
		"the schema has no column b":                        {Columns: []ColumnRename{{orders, "a", "b"}}},
		"the schema has a column id itself":                 {Columns: []ColumnRename{{orders, "id", "note"}}},
		"of order.orders to note: one of the names is in":   {Columns: []ColumnRename{{orders, "a", "note"}, {orders, "b", "note"}}},
		"column a of order.orders to at: one of the names":  {Columns: []ColumnRename{{orders, "a", "note"}, {orders, "a", "at"}}},
		"the schema has no table customer.orders":           {Tables: []TableRename{{storage.TableName{Namespace: "customer", Name: "x"}, "orders"}}},
		"rename of table order.log to orders: the schema h": {Tables: []TableRename{{table("log"), "orders"}}},
	} {
		if _, err := New(memory.New(), scalar.Config{}).PlanAlter(t.Context(), parse(t, shop), renames); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestAlterRefusesTheCoordinatorsNamespace(t *testing.T) {
	t.Parallel()
	_, err := New(memory.New(), scalar.Config{CoordinatorNamespace: "order"}).PlanAlter(t.Context(), parse(t, shop), Renames{})
	if err == nil || !strings.Contains(err.Error(), "DB-CORE-10096") {
		t.Error(err)
	}
}
