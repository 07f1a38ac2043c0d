package admin

import (
	"context"
	"errors"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

func TestRepair(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a, tables, ctx := New(s, scalar.Config{}), parse(t, shop), t.Context()
		p, err := a.PlanRepair(ctx, tables, true)
		apply(t, a, planned(t, p, err, `
create namespace customer
repair table customer.customers
create namespace order
repair table order.orders
repair table order.log
create namespace coordinator
repair table coordinator.state
`))
		whole := definitions(t, s)
		wantTransactional(t, s)
		// As an older ScalarDB leaves them, and changes that were cut off.
		for _, err := range []error{
			s.Admin().DropIndex(ctx, customers, "before_name"),
			s.Admin().DropColumn(ctx, customers, "before_credit"),
			s.Admin().DropColumn(ctx, orders, "note"),
			s.Admin().DropColumn(ctx, orders, "tx_version"),
			s.Admin().DropIndex(ctx, plainLog, "line"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		p, err = a.PlanRepair(ctx, tables, false)
		apply(t, a, planned(t, p, err, `
repair table customer.customers
   it has no column before_credit
   it has no index on column before_name
repair table order.orders
   it has no column note
   it has no column tx_version
repair table order.log
   it has no index on column line
`))
		for name, table := range definitions(t, s) {
			if !table.Equal(whole[name]) {
				t.Errorf("%s is %+v, want %+v", name, table, whole[name])
			}
		}
	})
}

func TestRepairKeepsWhatContradicts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		before := definitions(t, s)
		other := strings.NewReplacer(`"credit": "BIGINT"`, `"credit": "TEXT"`, `"at DESC"`, `"at"`, `"transaction": false,`, ``).Replace(shop)
		a := New(s, scalar.Config{})
		p, err := a.PlanRepair(t.Context(), parse(t, other), false)
		apply(t, a, planned(t, p, err, `
customer.customers: is kept, a repair cannot make it what the schema says
   its column credit is BIGINT, and TEXT in the schema
order.orders: is kept, a repair cannot make it what the schema says
   its clustering key is (at DESC, id ASC), and (at ASC, id ASC) in the schema
order.log: is kept, a repair cannot make it what the schema says
   it has not the columns of transactions, and the schema does not say "transaction": false
`))
		p, err = a.PlanRepair(t.Context(), parse(t, strings.Replace(shop, `{
    "partition-key": ["customer_id"]`, `{
    "transaction": false, "partition-key": ["customer_id"]`, 1)), false)
		if err != nil || p.Steps[1].Action != Keep || p.Steps[1].Name != orders {
			t.Errorf("%v\n%s", err, describe(p))
		}
		for name, table := range definitions(t, s) {
			if !table.Equal(before[name]) {
				t.Errorf("%s changed to %+v", name, table)
			}
		}
	})
}

func TestRepairKeepsWhatTheSchemaHasNot(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		before := definitions(t, s)
		a := New(s, scalar.Config{})
		p, err := a.PlanRepair(t.Context(), parse(t, strings.Replace(shop, `, "credit": "BIGINT"`, ``, 1)), false)
		apply(t, a, planned(t, p, err, `
repair table customer.customers
   it has a column credit, which the schema has not
repair table order.orders
repair table order.log
`))
		if after := definitions(t, s); !after["customer.customers"].Equal(before["customer.customers"]) {
			t.Errorf("%+v", after["customer.customers"])
		}
	})
}

func TestRepairCanBeRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			repair := func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanRepair(ctx, parse(t, shop), true) }
			repeatable(t, func() storage.Storage {
				s, _ := open(t, kind)
				return s
			}, repair, scalar.Config{})
			repeatable(t, func() storage.Storage {
				s := newShop(t, kind)
				if err := errors.Join(s.Admin().DropColumn(t.Context(), customers, "before_name"), s.Admin().DropTable(t.Context(), coordinator)); err != nil {
					t.Fatal(err)
				}
				return s
			}, repair, scalar.Config{})
		})
	}
}

// Java writes the metadata of a table row by row after the table itself.
func TestRepairCompletesMetadataThatWereCutOff(t *testing.T) {
	t.Parallel()
	for lines := range 18 {
		s, path := open(t, "sqlite")
		create(t, s, shop, scalar.Config{})
		whole := definitions(t, s)
		execute(t, path, `DELETE FROM "scalardb$metadata" WHERE full_table_name='order.orders' AND ordinal_position>?`, lines)
		a := New(s, scalar.Config{})
		p, err := a.PlanRepair(t.Context(), parse(t, shop), false)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, a, p)
		// All columns of the schema, and none of transactions: nothing tells it
		// from a table without transactions.
		const plainLooking = 4
		kept := p.Steps[1].Action == Keep
		if whole := definitions(t, s)["order.orders"].Equal(whole["order.orders"]); whole == kept || kept != (lines == plainLooking) {
			t.Errorf("after %d rows of metadata: whole %t\n%s", lines, whole, describe(p))
		}
	}
}
