package admin

import (
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// Without transactions every table is what its schema says and no more.
func TestTablesWithoutTransactions(t *testing.T) {
	t.Parallel()
	for _, c := range []scalar.Config{{WithoutTransactions: true}, {DatabaseTransactions: true}} {
		testTablesWithout(t, c)
	}
}

func testTablesWithout(t *testing.T, c scalar.Config) {
	onEach(t, func(t *testing.T, s storage.Storage) {
		a, tables, ctx := New(s, c), parse(t, shop), t.Context()
		alone := "coordinator.state: is left alone, the transaction manager " + c.TransactionManager() + " has no use for it\n"
		p, err := a.PlanCreate(ctx, tables, true)
		apply(t, a, planned(t, p, err, `
create namespace customer
create table customer.customers
create namespace order
create table order.orders
create table order.log
`+alone))
		for _, table := range tables.Tables {
			deployed, err := s.Table(ctx, nameOf(table))
			if err != nil || !deployed.Equal(userTable(table)) {
				t.Errorf("%+v, %v", deployed, err)
			}
		}
		p, err = a.PlanCreate(ctx, tables, true)
		planned(t, p, err, "customer.customers: exists already\norder.orders: exists already\norder.log: exists already\n"+alone)
		p, err = a.PlanRepair(ctx, tables, true)
		apply(t, a, planned(t, p, err, "repair table customer.customers\nrepair table order.orders\nrepair table order.log\n"+alone))
		p, err = New(s, scalar.Config{}).PlanCreate(ctx, tables, false)
		planned(t, p, err, `
customer.customers: exists already
   it has not the columns of transactions, and the schema does not say "transaction": false
order.orders: exists already
   it has not the columns of transactions, and the schema does not say "transaction": false
order.log: exists already
`)
		p, err = a.PlanDrop(ctx, tables, true)
		planned(t, p, err, `
drop table customer.customers
drop table order.orders
drop table order.log
drop namespace customer
drop namespace order
`+alone)
	})
}

func TestTablesOfTransactionsInTheWay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a, tables, ctx := New(s, scalar.Config{WithoutTransactions: true}), parse(t, shop), t.Context()
		const differs = "   it has the columns of transactions, and scalar.db.transaction_manager is single-crud-operation\n"
		p, err := a.PlanCreate(ctx, tables, false)
		planned(t, p, err, "customer.customers: exists already\n"+differs+"order.orders: exists already\n"+differs+"order.log: exists already\n")
		p, err = a.PlanRepair(ctx, tables, false)
		planned(t, p, err, "customer.customers: is kept, a repair cannot make it what the schema says\n"+differs+
			"order.orders: is kept, a repair cannot make it what the schema says\n"+differs+"repair table order.log\n")
	})
}

func TestTheCoordinatorTableHasTheColumnsThatTheConfigurationNeeds(t *testing.T) {
	t.Parallel()
	groups := &scalar.GroupCommitLimits{}
	for _, c := range []scalar.Config{{}, {GroupCommit: groups}, {LogWriteSets: true}, {GroupCommit: groups, LogWriteSets: true}} {
		onEach(t, func(t *testing.T, s storage.Storage) {
			create(t, s, shop, c)
			deployed, err := s.Table(t.Context(), coordinator)
			if want := coordinatorTable("", c.GroupCommit != nil, c.LogWriteSets); err != nil || !deployed.Equal(want) {
				t.Errorf("%+v, %v", deployed, err)
			}
			db := scalar.New(s, scalar.WithConfig(c))
			if err := db.Verify(t.Context(), scalar.Schema{&scalar.Table{Def: userTable(parse(t, shop).Tables[0])}}); err != nil {
				t.Error(err)
			}
		})
	}
}
