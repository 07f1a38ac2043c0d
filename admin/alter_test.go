package admin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

var (
	customers   = storage.TableName{Namespace: "customer", Name: "customers"}
	orders      = storage.TableName{Namespace: "order", Name: "orders"}
	plainLog    = storage.TableName{Namespace: "order", Name: "log"}
	legacy      = storage.TableName{Namespace: "order", Name: "legacy"}
	coordinator = storage.TableName{Namespace: "coordinator", Name: "state"}
)

var kinds = []string{"memory", "sqlite"}

// open opens an empty storage, which for SQLite is the file at path.
func open(t *testing.T, kind string) (s storage.Storage, path string) {
	t.Helper()
	if kind == "memory" {
		return memory.New(), ""
	}
	path = filepath.Join(t.TempDir(), "test.db")
	file, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file, path
}

// execute changes the file as another program would.
func execute(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// plan is a method of Admin with its arguments.
type plan func(ctx context.Context, a *Admin) (*Plan, error)

// changes are the changes of the tables of shop, with their steps.
var changes = map[string]struct {
	plan  plan
	steps string
}{
	"create index": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanCreateIndex(ctx, customers, "credit", nil)
	}, `
create index on column before_credit of customer.customers
create index on column credit of customer.customers
`},
	"create index on a key column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanCreateIndex(ctx, orders, "id", nil)
	}, "create index on column id of order.orders\n"},
	"drop index": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanDropIndex(ctx, customers, "name")
	}, `
drop index on column name of customer.customers
drop index on column before_name of customer.customers
`},
	"drop index without transactions": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanDropIndex(ctx, plainLog, "line")
	}, "drop index on column line of order.log\n"},
	"add column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanAddColumn(ctx, customers, storage.Column{Name: "born", Type: storage.Date})
	}, `
add column born DATE to customer.customers
add column before_born DATE to customer.customers
`},
	"add column without transactions": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanAddColumn(ctx, plainLog, storage.Column{Name: "tx_id", Type: storage.Int})
	}, "add column tx_id INT to order.log\n"},
	"drop column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanDropColumn(ctx, customers, "name")
	}, `
drop column before_name of customer.customers
drop column name of customer.customers
`},
	"rename column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanRenameColumn(ctx, customers, "name", "full_name")
	}, `
rename column name of customer.customers to full_name
rename column before_name of customer.customers to before_full_name
`},
	"rename key column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanRenameColumn(ctx, orders, "at", "placed_at")
	}, "rename column at of order.orders to placed_at\n"},
	"alter column": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanAlterColumn(ctx, customers, "credit", storage.Text)
	}, `
alter column credit of customer.customers to TEXT
alter column before_credit of customer.customers to TEXT
`},
	"rename table": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanRenameTable(ctx, customers, "clients")
	}, "rename table customer.customers to clients\n"},
	"import": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanImport(ctx, legacy, nil, true)
	}, `
import table order.legacy
extend table order.legacy by the columns of transactions
`},
	"import without transactions": {func(ctx context.Context, a *Admin) (*Plan, error) {
		return a.PlanImport(ctx, legacy, nil, false)
	}, "import table order.legacy\n"},
}

// newShop returns a storage with the tables of shop, and one that another
// program has made.
func newShop(t *testing.T, kind string) storage.Storage {
	t.Helper()
	s, path := open(t, kind)
	create(t, s, shop, scalar.Config{})
	if m, inMemory := s.(*memory.Storage); inMemory {
		foreign := &storage.Table{TableName: legacy, Columns: []storage.Column{
			{Name: "line", Type: storage.BigInt}, {Name: "note", Type: storage.Text}, {Name: "id", Type: storage.Text}, {Name: "amount", Type: storage.BigInt},
		}, Partition: []int{2, 0}}
		if err := m.AddForeignTable(foreign); err != nil {
			t.Fatal(err)
		}
	} else {
		execute(t, path, `CREATE TABLE "order$legacy" (line INTEGER, note VARCHAR(20), id TEXT, amount BIGINT, PRIMARY KEY (id, line))`)
	}
	return s
}

// definitions returns the deployed tables by name.
func definitions(t *testing.T, s storage.Storage) map[string]*storage.Table {
	t.Helper()
	all := map[string]*storage.Table{}
	namespaces, err := s.Admin().Namespaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range namespaces {
		tables, err := s.Admin().Tables(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range tables {
			table, err := s.Table(t.Context(), storage.TableName{Namespace: n, Name: name})
			if err != nil {
				t.Fatal(err)
			}
			all[table.TableName.String()] = table
		}
	}
	return all
}

var sameTable = cmp.Comparer(func(a, b *storage.Table) bool { return a.Equal(b) })

// wantTransactional checks that every table with transactions has exactly what
// those need.
func wantTransactional(t *testing.T, s storage.Storage) {
	t.Helper()
	for name, table := range definitions(t, s) {
		if d := deploymentOf(table); d.transaction && !scalar.TransactionTable(d.user, false).Equal(table) {
			t.Errorf("%s is no whole table with transactions: %+v", name, table)
		}
	}
}

// Every change is made of the before images too (spec consensus-commit.md 1.7 and
// 10.2, R03).
func TestChanges(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for _, kind := range kinds {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, kind)
				a := New(s, scalar.Config{})
				before := definitions(t, s)
				p, err := change.plan(t.Context(), a)
				planned(t, p, err, change.steps)
				if diff := cmp.Diff(before, definitions(t, s), sameTable); diff != "" {
					t.Fatalf("planning changed the tables: %s", diff)
				}
				err = a.Apply(t.Context(), p, nil)
				if kind == "sqlite" && name == "alter column" {
					if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "step 1 of 2") {
						t.Error(err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantTransactional(t, s)
				if again, err := change.plan(t.Context(), a); err != nil || again.Changes() != 0 {
					t.Errorf("planned again: %v\n%s", err, describe(again))
				}
			})
		}
	}
}

// repeatable checks that a change that fails at any step, before or after the
// step had its effect, is completed by planning and applying it again.
func repeatable(t *testing.T, fresh func() storage.Storage, plan plan, c scalar.Config) {
	t.Helper()
	applying := false
	run := func(a *Admin) error {
		applying = false
		p, err := plan(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		applying = true
		return a.Apply(t.Context(), p, nil)
	}
	undisturbed := fresh()
	p, err := plan(t.Context(), New(undisturbed, c))
	if err != nil {
		t.Fatal(err)
	}
	if err := run(New(undisturbed, c)); err != nil {
		t.Fatal(err)
	}
	want := definitions(t, undisturbed)
	for failAt := range p.Changes() {
		for action, do := range map[string]faulty.Action{"lost request": faulty.LoseRequest, "lost reply": faulty.LoseReply} {
			rule := faulty.On().Matching(func(c *faulty.Call) bool { return applying && c.Op != faulty.Table }).Nth(failAt + 1).Do(do)
			s := faulty.Wrap(fresh(), faulty.Rules(rule))
			a := New(s, c)
			if err := run(a); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("step %d of %d", failAt+1, p.Changes())) {
				t.Fatalf("%s at step %d: %v", action, failAt+1, err)
			}
			if err := run(a); err != nil {
				t.Fatalf("after a %s at step %d: %v", action, failAt+1, err)
			}
			if diff := cmp.Diff(want, definitions(t, s), sameTable); diff != "" {
				t.Errorf("after a %s at step %d (-want +got)\n%s", action, failAt+1, diff)
			}
		}
	}
}

func TestEveryChangeCanBeRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for _, kind := range kinds {
			if kind == "sqlite" && name == "alter column" {
				continue // it cannot do it at all
			}
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				repeatable(t, func() storage.Storage { return newShop(t, kind) }, change.plan, scalar.Config{})
			})
		}
	}
}

func TestEventuallyConsistentIndexesHaveNoSecondOne(t *testing.T) {
	t.Parallel()
	s := newShop(t, "memory")
	a := New(s, scalar.Config{EventuallyConsistentIndexes: true})
	p, err := a.PlanCreateIndex(t.Context(), customers, "credit", nil)
	planned(t, p, err, "create index on column credit of customer.customers\n")
	// One that is there goes with the first.
	p, err = a.PlanDropIndex(t.Context(), customers, "name")
	planned(t, p, err, changes["drop index"].steps)
}

// ScalarDB changes the column first and the before image after. What it leaves
// when it is cut off is completed as well.
func TestChangesThatJavaBeganAreCompleted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a, admin, ctx := New(s, scalar.Config{}), s.Admin(), t.Context()
		if err := errors.Join(admin.DropColumn(ctx, customers, "credit"), admin.CreateIndex(ctx, orders, "note", nil)); err != nil {
			t.Fatal(err)
		}
		p, err := a.PlanAddColumn(ctx, customers, storage.Column{Name: "credit", Type: storage.BigInt})
		planned(t, p, err, "add column credit BIGINT to customer.customers\n")
		p, err = a.PlanDropColumn(ctx, customers, "credit")
		apply(t, a, planned(t, p, err, "drop column before_credit of customer.customers\n"))
		p, err = a.PlanCreateIndex(ctx, orders, "note", nil)
		apply(t, a, planned(t, p, err, "create index on column before_note of order.orders\n"))
		wantTransactional(t, s)
	})
}

func TestNothingToChangeIsNoFailure(t *testing.T) {
	t.Parallel()
	a, ctx := New(newShop(t, "memory"), scalar.Config{}), t.Context()
	p, err := a.PlanCreateIndex(ctx, customers, "name", nil)
	planned(t, p, err, "customer.customers: has the index on column name already\n")
	p, err = a.PlanDropIndex(ctx, customers, "credit")
	planned(t, p, err, "customer.customers: has no index on column credit\n")
	p, err = a.PlanAddColumn(ctx, customers, storage.Column{Name: "name", Type: storage.Text})
	planned(t, p, err, "customer.customers: has column name already\n")
	p, err = a.PlanDropColumn(ctx, customers, "none")
	planned(t, p, err, "customer.customers: has no column none\n")
	p, err = a.PlanRenameColumn(ctx, customers, "none", "name")
	planned(t, p, err, "customer.customers: has column name already\n")
	p, err = a.PlanAlterColumn(ctx, customers, "name", storage.Text)
	planned(t, p, err, "customer.customers: has column name of type TEXT already\n")
	p, err = a.PlanRenameTable(ctx, storage.TableName{Namespace: "order", Name: "none"}, "orders")
	planned(t, p, err, "order.orders: exists already\n")
	p, err = a.PlanRenameTable(ctx, orders, "orders")
	planned(t, p, err, "order.orders: exists already\n")
	p, err = a.PlanImport(ctx, orders, nil, true)
	planned(t, p, err, "order.orders: is imported already\n")
}

func TestChangesThatAreRefused(t *testing.T) {
	t.Parallel()
	a, ctx := New(newShop(t, "memory"), scalar.Config{}), t.Context()
	never := storage.TableName{Namespace: "order", Name: "never"}
	column := func(name string) storage.Column { return storage.Column{Name: name, Type: storage.Int} }
	for name, c := range map[string]struct {
		err   error
		class error
		want  string
	}{
		"index on no column":            {second(a.PlanCreateIndex(ctx, customers, "none", nil)), storage.ErrInvalid, "there is no column none"},
		"index on a before image":       {second(a.PlanCreateIndex(ctx, customers, "before_credit", nil)), storage.ErrInvalid, "DB-CORE-10102"},
		"drop index on a before image":  {second(a.PlanDropIndex(ctx, customers, "before_name")), storage.ErrInvalid, "DB-CORE-10102"},
		"drop of a before image":        {second(a.PlanDropColumn(ctx, customers, "before_name")), storage.ErrInvalid, "DB-CORE-10102"},
		"drop of the transaction id":    {second(a.PlanDropColumn(ctx, customers, "tx_id")), storage.ErrInvalid, "DB-CORE-10101"},
		"drop of a key column":          {second(a.PlanDropColumn(ctx, customers, "id")), storage.ErrInvalid, "primary key"},
		"a transaction's column":        {second(a.PlanAddColumn(ctx, customers, column("before_tx_id"))), storage.ErrInvalid, "DB-CORE-10101"},
		"the name of a before image":    {second(a.PlanAddColumn(ctx, customers, column("before_name"))), storage.ErrInvalid, "DB-CORE-10102"},
		"a column that is there":        {second(a.PlanAddColumn(ctx, customers, column("name"))), storage.ErrInvalid, "of type TEXT"},
		"a column that is in the key":   {second(a.PlanAddColumn(ctx, customers, column("id"))), storage.ErrInvalid, "primary key"},
		"rename of a before image":      {second(a.PlanRenameColumn(ctx, customers, "before_name", "x")), storage.ErrInvalid, "DB-CORE-10102"},
		"rename to a before image":      {second(a.PlanRenameColumn(ctx, customers, "name", "before_credit")), storage.ErrInvalid, "DB-CORE-10102"},
		"rename to a transaction's":     {second(a.PlanRenameColumn(ctx, customers, "name", "tx_version")), storage.ErrInvalid, "DB-CORE-10101"},
		"type of an indexed column":     {second(a.PlanAlterColumn(ctx, customers, "name", storage.Blob)), storage.ErrInvalid, "has an index"},
		"type of a key column":          {second(a.PlanAlterColumn(ctx, customers, "id", storage.BigInt)), storage.ErrInvalid, "primary key"},
		"a smaller type":                {second(a.PlanAlterColumn(ctx, customers, "credit", storage.Int)), storage.ErrInvalid, "cannot become INT"},
		"rename to a table that exists": {second(a.PlanRenameTable(ctx, orders, "log")), storage.ErrTableExists, "order.log"},
		"rename of no table":            {second(a.PlanRenameTable(ctx, never, "other")), storage.ErrTableNotFound, "order.never"},
		"truncate of no table":          {second(a.PlanTruncate(ctx, never)), storage.ErrTableNotFound, "order.never"},
		"column of no table":            {second(a.PlanAddColumn(ctx, never, column("x"))), storage.ErrTableNotFound, "order.never"},
		"import of no table":            {second(a.PlanImport(ctx, never, nil, true)), storage.ErrTableNotFound, "order.never"},
		"import with a type":            {second(a.PlanImport(ctx, legacy, map[string]storage.Type{"none": storage.Int}, true)), storage.ErrInvalid, "no column none"},
		"import with types, again":      {second(a.PlanImport(ctx, plainLog, map[string]storage.Type{"line": storage.Blob}, true)), storage.ErrInvalid, "imported already, with column line of type TEXT"},
	} {
		if !errors.Is(c.err, c.class) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %v and %q", name, c.err, c.class, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A column may be called before_x as long as no column outside the key is called
// x, and then none can be.
func TestColumnsThatAreCalledLikeBeforeImages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, `{"n.t": {"partition-key": ["id"], "columns": {"id": "INT", "before_lunch": "TEXT", "x": "INT"}}}`, scalar.Config{})
		a, ctx, name := New(s, scalar.Config{}), t.Context(), storage.TableName{Namespace: "n", Name: "t"}
		for _, err := range []error{
			second(a.PlanAddColumn(ctx, name, storage.Column{Name: "lunch", Type: storage.Text})),
			second(a.PlanRenameColumn(ctx, name, "x", "lunch")),
		} {
			if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "DB-CORE-10102") {
				t.Error(err)
			}
		}
		p, err := a.PlanDropColumn(ctx, name, "lunch")
		planned(t, p, err, "n.t: has no column lunch\n")
		p, err = a.PlanDropColumn(ctx, name, "before_lunch")
		apply(t, a, planned(t, p, err, "drop column before_before_lunch of n.t\ndrop column before_lunch of n.t\n"))
		wantTransactional(t, s)
	})
}

func TestTablesAreShownWithoutWhatTransactionsAdd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a := New(s, scalar.Config{})
		for _, want := range parse(t, shop).Tables {
			got, transaction, err := a.Table(t.Context(), nameOf(want))
			if err != nil || transaction != want.Transaction || !got.Equal(userTable(want)) {
				t.Errorf("%s: %+v, %t, %v", nameOf(want), got, transaction, err)
			}
		}
		if _, _, err := a.Table(t.Context(), storage.TableName{Namespace: "order", Name: "none"}); !errors.Is(err, storage.ErrTableNotFound) {
			t.Error(err)
		}
	})
}

func TestTruncateRemovesTheRecords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		table, err := s.Table(t.Context(), plainLog)
		if err != nil {
			t.Fatal(err)
		}
		key := []storage.Value{storage.TextValue("k")}
		if err := s.Mutate(t.Context(), []storage.Mutation{{Table: table, Key: key}}); err != nil {
			t.Fatal(err)
		}
		a := New(s, scalar.Config{})
		p, err := a.PlanTruncate(t.Context(), plainLog)
		apply(t, a, planned(t, p, err, "truncate table order.log\n"))
		rows, err := s.Get(t.Context(), []storage.Get{{Table: table, Key: key}})
		if err != nil || rows[0] != nil {
			t.Error(rows, err)
		}
	})
}
