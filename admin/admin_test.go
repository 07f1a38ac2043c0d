package admin

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
	"github.com/scalargen/scalargen/storage/sqlite"
)

const shop = `{
  "customer.customers": {
    "partition-key": ["id"],
    "columns": {"id": "INT", "name": "TEXT", "credit": "BIGINT"},
    "secondary-index": ["name"],
    "ru": 5
  },
  "order.orders": {
    "partition-key": ["customer_id"],
    "clustering-key": ["at DESC", "id"],
    "columns": {"customer_id": "INT", "at": "BIGINT", "id": "TEXT", "note": "TEXT"}
  },
  "order.log": {
    "transaction": false,
    "partition-key": ["id"],
    "columns": {"id": "TEXT", "line": "TEXT"},
    "secondary-index": ["line"]
  }
}`

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, found := schema.Parse(schema.File{Name: "schema.json", Data: []byte(text)})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// onEach runs a test on each storage.
func onEach(t *testing.T, test func(t *testing.T, s storage.Storage)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, memory.New())
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, s)
	})
}

// describe renders a plan, one step a line.
func describe(p *Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintln(&b, s)
		for _, d := range s.Differences {
			fmt.Fprintln(&b, "  ", d)
		}
	}
	return b.String()
}

// sentences renders differences.
func sentences(found []Difference) []string {
	var all []string
	for _, d := range found {
		all = append(all, d.String())
	}
	return all
}

func planned(t *testing.T, p *Plan, err error, want string) *Plan {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), describe(p)); diff != "" {
		t.Fatalf("plan (-want +got)\n%s", diff)
	}
	return p
}

func apply(t *testing.T, a *Admin, p *Plan) {
	t.Helper()
	if err := a.Apply(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s storage.Storage, text string, c scalar.Config) {
	t.Helper()
	a := New(s, c)
	p, err := a.PlanCreate(t.Context(), parse(t, text), true)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, a, p)
}

func TestCreateTwiceAndDropTwice(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a, tables, ctx := New(s, scalar.Config{}), parse(t, shop), t.Context()

		p, err := a.PlanCreate(ctx, tables, true)
		apply(t, a, planned(t, p, err, `
create namespace customer
create table customer.customers
create namespace order
create table order.orders
create table order.log
create namespace coordinator
create table coordinator.state
`))
		p, err = a.PlanCreate(ctx, tables, true)
		apply(t, a, planned(t, p, err, `
customer.customers: exists already
order.orders: exists already
order.log: exists already
coordinator.state: exists already
`))
		p, err = a.PlanDrop(ctx, tables, true)
		apply(t, a, planned(t, p, err, `
drop table customer.customers
drop table order.orders
drop table order.log
drop namespace customer
drop namespace order
drop table coordinator.state
drop namespace coordinator
`))
		p, err = a.PlanDrop(ctx, tables, true)
		planned(t, p, err, `
customer.customers: does not exist
order.orders: does not exist
order.log: does not exist
coordinator.state: does not exist
`)
		if left, err := s.Admin().Namespaces(ctx); err != nil || len(left) > 0 {
			t.Errorf("namespaces %v are left, %v", left, err)
		}
	})
}

func TestCreatedTablesServeTransactions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		customers, err := s.Table(t.Context(), storage.TableName{Namespace: "customer", Name: "customers"})
		if err != nil {
			t.Fatal(err)
		}
		want := &storage.Table{
			TableName: customers.TableName,
			Columns: []storage.Column{
				{Name: "id", Type: storage.Int}, {Name: "name", Type: storage.Text}, {Name: "credit", Type: storage.BigInt},
				{Name: "tx_id", Type: storage.Text}, {Name: "tx_state", Type: storage.Int}, {Name: "tx_version", Type: storage.Int},
				{Name: "tx_prepared_at", Type: storage.BigInt}, {Name: "tx_committed_at", Type: storage.BigInt},
				{Name: "before_tx_id", Type: storage.Text}, {Name: "before_tx_state", Type: storage.Int}, {Name: "before_tx_version", Type: storage.Int},
				{Name: "before_tx_prepared_at", Type: storage.BigInt}, {Name: "before_tx_committed_at", Type: storage.BigInt},
				{Name: "before_name", Type: storage.Text}, {Name: "before_credit", Type: storage.BigInt},
			},
			Partition: []int{0}, Indexes: []int{1, 13},
		}
		if !want.Equal(customers) {
			t.Error(cmp.Diff(want, customers))
		}
		log, err := s.Table(t.Context(), storage.TableName{Namespace: "order", Name: "log"})
		if err != nil {
			t.Fatal(err)
		}
		if len(log.Columns) != 2 || len(log.Indexes) != 1 {
			t.Errorf("a table without transactions: %+v", log)
		}
		orders, err := s.Table(t.Context(), storage.TableName{Namespace: "order", Name: "orders"})
		if err != nil {
			t.Fatal(err)
		}
		if got := clusteringNames(orders); got != "at DESC, id ASC" {
			t.Errorf("clustering key %s", got)
		}
	})
}

func TestEveryTypeIsCreated(t *testing.T) {
	t.Parallel()
	s := memory.New()
	create(t, s, `{"n.t": {"partition-key": ["c4"], "transaction": false, "columns": {"c1": "BOOLEAN", "c2": "INT", "c3": "BIGINT", "c4": "TEXT",
		"c5": "FLOAT", "c6": "DOUBLE", "c7": "BLOB", "c8": "DATE", "c9": "TIME", "c10": "TIMESTAMP", "c11": "TIMESTAMPTZ"}}}`, scalar.Config{})
	got, err := s.Table(t.Context(), storage.TableName{Namespace: "n", Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]storage.Type{
		"c1": storage.Boolean, "c2": storage.Int, "c3": storage.BigInt, "c4": storage.Text, "c5": storage.Float, "c6": storage.Double,
		"c7": storage.Blob, "c8": storage.Date, "c9": storage.Time, "c10": storage.Timestamp, "c11": storage.TimestampTZ,
	} {
		if c := got.Columns[got.Column(name)]; c.Type != want {
			t.Errorf("%s is %s, want %s", name, c.Type, want)
		}
	}
}

func TestConfigDecidesOnCoordinatorAndIndexes(t *testing.T) {
	t.Parallel()
	s := memory.New()
	create(t, s, shop, scalar.Config{CoordinatorNamespace: "decisions", EventuallyConsistentIndexes: true})
	if _, err := s.Table(t.Context(), storage.TableName{Namespace: "decisions", Name: "state"}); err != nil {
		t.Error(err)
	}
	customers, err := s.Table(t.Context(), storage.TableName{Namespace: "customer", Name: "customers"})
	if err != nil || len(customers.Indexes) != 1 {
		t.Errorf("%+v, %v", customers, err)
	}
}

func TestTableInTheCoordinatorsNamespaceIsRefused(t *testing.T) {
	t.Parallel()
	a := New(memory.New(), scalar.Config{CoordinatorNamespace: "order"})
	_, err := a.PlanCreate(t.Context(), parse(t, shop), false)
	if err == nil || !strings.HasPrefix(err.Error(), `schema.json:8:3: namespace "order" belongs to the coordinator table`) || strings.Count(err.Error(), "\n") != 1 {
		t.Error(err)
	}
	if _, again := a.PlanDrop(t.Context(), parse(t, shop), true); again == nil || again.Error() != err.Error() {
		t.Errorf("drop: %v", again)
	}
}

func TestOptionsOfTheFirstTableReachNamespaceAndTable(t *testing.T) {
	t.Parallel()
	p, err := New(memory.New(), scalar.Config{}).PlanCreate(t.Context(), parse(t, shop), true)
	if err != nil {
		t.Fatal(err)
	}
	want := storage.Options{"ru": "5"}
	for _, s := range p.Steps[:2] {
		if diff := cmp.Diff(want, s.Options); diff != "" {
			t.Errorf("%s (-want +got)\n%s", s, diff)
		}
	}
}

func TestCoordinatorWithoutASchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a := New(s, scalar.Config{})
		if err := s.Admin().CreateNamespace(t.Context(), "coordinator", nil); err != nil {
			t.Fatal(err)
		}
		p, err := a.PlanCreate(t.Context(), nil, true)
		if err != nil || p.Count(CreateTable) != 1 {
			t.Fatalf("%s%v", describe(p), err)
		}
		apply(t, a, p)
		p, err = a.PlanDrop(t.Context(), nil, true)
		apply(t, a, planned(t, p, err, `
drop table coordinator.state
drop namespace coordinator
`))
	})
}

func TestCoordinatorOfOtherVersionsIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		later := scalar.CoordinatorTable("")
		later.Columns = slices.Insert(later.Columns, 1, storage.Column{Name: "tx_child_ids", Type: storage.Text}, storage.Column{Name: "tx_write_set", Type: storage.Blob})
		deploy(t, s, later)
		p, err := New(s, scalar.Config{}).PlanCreate(t.Context(), nil, true)
		planned(t, p, err, "coordinator.state: exists already\n")
	})
}

func deploy(t *testing.T, s storage.Storage, tables ...*storage.Table) {
	t.Helper()
	for _, table := range tables {
		if err := s.Admin().CreateNamespace(t.Context(), table.Namespace, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Admin().CreateTable(t.Context(), table, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDifferencesFromDeployedTables(t *testing.T) {
	t.Parallel()
	const want = `{"n.t": {"partition-key": ["p"], "clustering-key": ["c"], "columns": {"p": "INT", "c": "INT", "a": "TEXT", "b": "TEXT"}, "secondary-index": ["a"]}}`
	for name, c := range map[string]struct {
		deployed string
		config   scalar.Config
		want     []string
	}{
		"nothing": {want, scalar.Config{}, nil},
		"order of columns": {
			`{"n.t": {"partition-key": ["p"], "clustering-key": ["c"], "columns": {"b": "TEXT", "a": "TEXT", "c": "INT", "p": "INT"}, "secondary-index": ["a"]}}`,
			scalar.Config{}, nil,
		},
		"column": {
			`{"n.t": {"partition-key": ["p"], "clustering-key": ["c"], "columns": {"p": "INT", "c": "BIGINT", "a": "TEXT", "x": "TEXT"}, "secondary-index": ["a"]}}`,
			scalar.Config{},
			[]string{"its column c is BIGINT, and INT in the schema", "it has no column b", "it has a column x, which the schema has not"},
		},
		"key": {
			`{"n.t": {"partition-key": ["p", "a"], "clustering-key": ["c DESC"], "columns": {"p": "INT", "c": "INT", "a": "TEXT", "b": "TEXT"}}}`,
			scalar.Config{},
			[]string{
				"it has no column before_a", "its partition key is (p, a), and (p) in the schema",
				"its clustering key is (c DESC), and (c ASC) in the schema", "it has no index on column a",
			},
		},
		"index": {
			`{"n.t": {"partition-key": ["p"], "clustering-key": ["c"], "columns": {"p": "INT", "c": "INT", "a": "TEXT", "b": "TEXT"}, "secondary-index": ["b"]}}`,
			scalar.Config{},
			[]string{
				"it has no index on column a", "it has no index on column before_a",
				"it has an index on column b, which the schema has not", "it has an index on column before_b, which the schema has not",
			},
		},
		"indexes of before images": {want, scalar.Config{EventuallyConsistentIndexes: true}, []string{"it has no index on column before_a"}},
		"no transactions": {
			strings.Replace(want, `{"partition-key"`, `{"transaction": false, "partition-key"`, 1), scalar.Config{},
			[]string{`it has not the columns of transactions, and the schema does not say "transaction": false`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := memory.New()
			create(t, s, c.deployed, c.config)
			p, err := New(s, scalar.Config{}).PlanCreate(t.Context(), parse(t, want), false)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Steps) != 1 || p.Changes() != 0 {
				t.Fatalf("plan\n%s", describe(p))
			}
			if diff := cmp.Diff(c.want, sentences(p.Steps[0].Differences)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Run("transactions that the schema has not", func(t *testing.T) {
		t.Parallel()
		s := memory.New()
		create(t, s, want, scalar.Config{})
		p, err := New(s, scalar.Config{}).PlanDrop(t.Context(), parse(t, strings.Replace(want, `{"partition-key"`, `{"transaction": false, "partition-key"`, 1)), false)
		planned(t, p, err, `
drop table n.t
   it has the columns of transactions, and the schema says "transaction": false
drop namespace n
`)
	})
}

func TestNamespaceWithOtherTablesIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a := New(s, scalar.Config{})
		p, err := a.PlanDrop(t.Context(), parse(t, `{"order.orders": {"partition-key": ["a"], "columns": {"a": "INT"}}}`), false)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, a, p)
		if got := p.Steps[len(p.Steps)-1].String(); got != "order: kept, it has other tables: log" {
			t.Errorf("last step %q", got)
		}
		if left, err := s.Admin().Tables(t.Context(), "order"); err != nil || !slices.Equal(left, []string{"log"}) {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

// intruder is a storage whose admin fails at the given call to change
// something, or does it twice, as if another program had done it before.
type intruder struct {
	storage.Storage
	failAt int
	twice  bool
	calls  *int
}

type intruderAdmin struct {
	storage.Admin
	intruder
}

var errInjected = errors.New("injected")

func (i intruder) Admin() storage.Admin { return intruderAdmin{i.Storage.Admin(), i} }

func (i intruder) call(change func() error) error {
	*i.calls++
	if *i.calls == i.failAt {
		return errInjected
	}
	if i.twice {
		if err := change(); err != nil {
			return err
		}
	}
	return change()
}

func (a intruderAdmin) CreateNamespace(ctx context.Context, namespace string, o storage.Options) error {
	return a.call(func() error { return a.Admin.CreateNamespace(ctx, namespace, o) })
}

func (a intruderAdmin) DropNamespace(ctx context.Context, namespace string) error {
	return a.call(func() error { return a.Admin.DropNamespace(ctx, namespace) })
}

func (a intruderAdmin) CreateTable(ctx context.Context, t *storage.Table, o storage.Options) error {
	return a.call(func() error { return a.Admin.CreateTable(ctx, t, o) })
}

func (a intruderAdmin) DropTable(ctx context.Context, name storage.TableName) error {
	return a.call(func() error { return a.Admin.DropTable(ctx, name) })
}

// Wherever a run fails, repeating it ends where an undisturbed run does.
func TestRepeatingAFailedRunCompletesIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		tables := parse(t, shop)
		run := func(a *Admin, drop bool) error {
			plan := a.PlanCreate
			if drop {
				plan = a.PlanDrop
			}
			p, err := plan(t.Context(), tables, true)
			if err != nil {
				t.Fatal(err)
			}
			return a.Apply(t.Context(), p, nil)
		}
		const changes = 7
		for _, drop := range []bool{false, true} {
			for failAt := 1; failAt <= changes; failAt++ {
				if drop {
					create(t, s, shop, scalar.Config{})
				}
				err := run(New(intruder{s, failAt, false, new(int)}, scalar.Config{}), drop)
				if !errors.Is(err, errInjected) || !strings.Contains(err.Error(), fmt.Sprintf("step %d of %d", failAt, changes)) {
					t.Fatalf("failing at change %d: %v", failAt, err)
				}
				a := New(s, scalar.Config{})
				if err := run(a, drop); err != nil {
					t.Fatalf("after failing at change %d: %v", failAt, err)
				}
				p, err := a.PlanDrop(t.Context(), tables, true)
				if err != nil {
					t.Fatal(err)
				}
				if want := map[bool]int{false: changes, true: 0}[drop]; p.Changes() != want {
					t.Fatalf("after failing at change %d and repeating, still to drop:\n%s", failAt, describe(p))
				}
				apply(t, a, p)
			}
		}
	})
}

func TestWhatOthersHaveDoneMeanwhileIsNoFailure(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a := New(intruder{s, 0, true, new(int)}, scalar.Config{})
		var notes []string
		progress := func(p Progress) {
			if p.Done && p.Note != "" {
				notes = append(notes, p.Step.Object()+" "+p.Note)
			}
		}
		p, err := a.PlanCreate(t.Context(), parse(t, shop), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Apply(t.Context(), p, progress); err != nil {
			t.Fatal(err)
		}
		if p, err = a.PlanDrop(t.Context(), parse(t, shop), false); err != nil {
			t.Fatal(err)
		}
		deploy(t, s, &storage.Table{TableName: storage.TableName{Namespace: "order", Name: "new"}, Columns: []storage.Column{{Name: "a", Type: storage.Int}}, Partition: []int{0}})
		if err := a.Apply(t.Context(), p, progress); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"customer.customers exists already", "order.orders exists already", "order.log exists already",
			"customer.customers is gone already", "order.orders is gone already", "order.log is gone already",
			"order is kept, it has other tables",
		}
		if diff := cmp.Diff(want, notes); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestProgressTellsEveryChangeTwice(t *testing.T) {
	t.Parallel()
	s := memory.New()
	deploy(t, s, scalar.CoordinatorTable(""))
	a := New(s, scalar.Config{})
	p, err := a.PlanCreate(t.Context(), parse(t, `{"n.t": {"partition-key": ["a"], "columns": {"a": "INT"}}}`), true)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	if err := a.Apply(t.Context(), p, func(p Progress) {
		told = append(told, fmt.Sprintf("%d/%d %s %v", p.Number, p.Of, p.Step, p.Done))
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"1/2 create namespace n false", "1/2 create namespace n true", "2/2 create table n.t false", "2/2 create table n.t true"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCancelledApplyStopsBetweenSteps(t *testing.T) {
	t.Parallel()
	s := memory.New()
	a := New(s, scalar.Config{})
	p, err := a.PlanCreate(t.Context(), parse(t, shop), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = a.Apply(ctx, p, func(p Progress) {
		if p.Number == 2 && p.Done {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "step 3 of 5: create namespace order") {
		t.Error(err)
	}
	if left, err := s.Admin().Namespaces(t.Context()); err != nil || !slices.Equal(left, []string{"customer"}) {
		t.Errorf("namespaces %v, %v", left, err)
	}
}

func TestManyNamesAreCutShort(t *testing.T) {
	t.Parallel()
	if got := enumerate([]string{"a", "b", "c", "d", "e", "f"}); got != "a, b, c, d, e, …" {
		t.Error(got)
	}
}
