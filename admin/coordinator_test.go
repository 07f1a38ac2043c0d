package admin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

func TestCoordinatorsNamespaceIsReserved(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"coordinator", "decisions"} {
		s, _ := open(t, "memory")
		create(t, s, shop, scalar.Config{CoordinatorNamespace: namespace})
		a, ctx, name := New(s, scalar.Config{CoordinatorNamespace: namespace}), t.Context(), storage.TableName{Namespace: namespace, Name: "state"}
		_, _, tableErr := a.Table(ctx, name)
		_, tablesErr := a.Tables(ctx, namespace)
		for operation, err := range map[string]error{
			"table":         tableErr,
			"tables":        tablesErr,
			"create index":  second(a.PlanCreateIndex(ctx, name, "tx_state", nil)),
			"drop index":    second(a.PlanDropIndex(ctx, name, "tx_state")),
			"add column":    second(a.PlanAddColumn(ctx, name, storage.Column{Name: "x", Type: storage.Int})),
			"drop column":   second(a.PlanDropColumn(ctx, name, "tx_state")),
			"rename column": second(a.PlanRenameColumn(ctx, name, "tx_state", "x")),
			"alter column":  second(a.PlanAlterColumn(ctx, name, "tx_state", storage.BigInt)),
			"rename table":  second(a.PlanRenameTable(ctx, name, "x")),
			"truncate":      second(a.PlanTruncate(ctx, name)),
			"import":        second(a.PlanImport(ctx, name, nil, true)),
		} {
			if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "DB-CORE-10096") {
				t.Errorf("%s in %s: %v", operation, namespace, err)
			}
		}
		if namespace == "decisions" { // the default is refused by package schema
			mine := parse(t, `{"decisions.t": {"partition-key": ["a"], "columns": {"a": "INT"}}}`)
			for _, err := range []error{second(a.PlanCreate(ctx, mine, false)), second(a.PlanDrop(ctx, mine, false)), second(a.PlanRepair(ctx, mine, false))} {
				if err == nil || !strings.Contains(err.Error(), "DB-CORE-10096") {
					t.Error(err)
				}
			}
		}
		all, err := a.Namespaces(ctx)
		if err != nil || !slices.Equal(all, []string{"customer", "order"}) {
			t.Error(all, err)
		}
		exists, err := a.NamespaceExists(ctx, namespace)
		other, otherErr := a.NamespaceExists(ctx, "order")
		if exists || !other || err != nil || otherErr != nil {
			t.Error(exists, other, err, otherErr)
		}
		tables, err := a.Tables(ctx, "order")
		if err != nil || !slices.Equal(tables, []string{"log", "orders"}) {
			t.Error(tables, err)
		}
	}
}

func TestCoordinatorTable(t *testing.T) {
	t.Parallel()
	for want, table := range map[string]*storage.Table{
		"tx_id tx_state tx_created_at":                           coordinatorTable("", false, false),
		"tx_id tx_child_ids tx_state tx_created_at":              coordinatorTable("", true, false),
		"tx_id tx_state tx_created_at tx_write_set":              coordinatorTable("", false, true),
		"tx_id tx_child_ids tx_state tx_created_at tx_write_set": coordinatorTable("", true, true),
	} {
		var names []string
		for _, c := range table.Columns {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want || table.TableName != coordinator || !slices.Equal(table.Partition, []int{0}) {
			t.Errorf("%s: %+v", got, table)
		}
	}
}

func planCoordinator(ctx context.Context, a *Admin) (*Plan, error) {
	return a.PlanRepair(ctx, nil, true)
}

func TestCoordinatorsLife(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a, ctx := New(s, scalar.Config{GroupCommit: &scalar.GroupCommitLimits{}}), t.Context()
		wantExists := func(want bool) {
			t.Helper()
			if exists, err := a.CoordinatorExists(ctx); err != nil || exists != want {
				t.Errorf("exists %t, %v", exists, err)
			}
		}
		wantExists(false)
		p, err := a.PlanTruncateCoordinator(ctx)
		planned(t, p, err, "coordinator.state: does not exist\n")
		p, err = a.PlanCreate(ctx, nil, true)
		apply(t, a, planned(t, p, err, "create namespace coordinator\ncreate table coordinator.state\n"))
		wantExists(true)

		deployed, err := s.Table(ctx, coordinator)
		if err != nil || !deployed.Equal(coordinatorTable("", true, false)) {
			t.Fatalf("%+v, %v", deployed, err)
		}
		key := []storage.Value{storage.TextValue("id")}
		if err := s.Mutate(ctx, []storage.Mutation{{Table: deployed, Key: key}}); err != nil {
			t.Fatal(err)
		}
		// What is there stays, what is asked for is added, and rows stay.
		b := New(s, scalar.Config{LogWriteSets: true})
		p, err = b.PlanRepair(ctx, nil, true)
		apply(t, b, planned(t, p, err, "repair table coordinator.state\n   it has no column tx_write_set\n"))
		p, err = New(s, scalar.Config{}).PlanRepair(ctx, nil, true)
		apply(t, a, planned(t, p, err, "repair table coordinator.state\n"))
		deployed, err = s.Table(ctx, coordinator)
		if err != nil || !deployed.Equal(coordinatorTable("", true, true)) {
			t.Errorf("%+v, %v", deployed, err)
		}
		if rows, err := s.Get(ctx, []storage.Get{{Table: deployed, Key: key}}); err != nil || rows[0] == nil {
			t.Error(rows, err)
		}
		p, err = a.PlanTruncateCoordinator(ctx)
		apply(t, a, planned(t, p, err, "truncate table coordinator.state\n"))
		if rows, err := s.Get(ctx, []storage.Get{{Table: deployed, Key: key}}); err != nil || rows[0] != nil {
			t.Error(rows, err)
		}
		p, err = a.PlanDrop(ctx, nil, true)
		apply(t, a, planned(t, p, err, "drop table coordinator.state\ndrop namespace coordinator\n"))
		wantExists(false)
	})
}

func TestCoordinatorCanBeRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for name, c := range map[string]struct {
				deployed []*storage.Table
				plan     plan
			}{
				"create":       {nil, func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanCreate(ctx, nil, true) }},
				"repair none":  {nil, planCoordinator},
				"repair small": {[]*storage.Table{coordinatorTable("", false, false)}, planCoordinator},
				"drop":         {[]*storage.Table{coordinatorTable("", true, true)}, func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanDrop(ctx, nil, true) }},
				"truncate":     {[]*storage.Table{coordinatorTable("", true, true)}, func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanTruncateCoordinator(ctx) }},
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					fresh := func() storage.Storage {
						s, _ := open(t, kind)
						deploy(t, s, c.deployed...)
						return s
					}
					repeatable(t, fresh, c.plan, scalar.Config{GroupCommit: &scalar.GroupCommitLimits{}, LogWriteSets: true})
				})
			}
		})
	}
}

func TestCoordinatorThatContradictsIsKept(t *testing.T) {
	t.Parallel()
	s, _ := open(t, "memory")
	other := coordinatorTable("", false, false)
	other.Columns[1].Type = storage.Text
	deploy(t, s, other)
	p, err := New(s, scalar.Config{}).PlanRepair(t.Context(), nil, true)
	planned(t, p, err, `
coordinator.state: is kept, a repair cannot make it what the schema says
   its column tx_state is TEXT, and INT in the schema
`)
}
