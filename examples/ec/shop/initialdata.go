package shop

import (
	"context"
	"errors"

	scalar "github.com/scalargen/scalargen/runtime"

	"github.com/scalargen/scalargen/examples/ec/internal/db/customer"
	"github.com/scalargen/scalargen/examples/ec/internal/db/order"
)

var initialCustomers = []customer.Customer{
	{CustomerID: 1, Name: "Yamada Taro", CreditLimit: 10000},
	{CustomerID: 2, Name: "Yamada Hanako", CreditLimit: 10000},
	{CustomerID: 3, Name: "Suzuki Ichiro", CreditLimit: 10000},
}

var initialItems = []order.Item{
	{ItemID: 1, Name: "Apple", Price: 1000},
	{ItemID: 2, Name: "Orange", Price: 2000},
	{ItemID: 3, Name: "Grape", Price: 2500},
	{ItemID: 4, Name: "Mango", Price: 5000},
	{ItemID: 5, Name: "Melon", Price: 3000},
}

// LoadInitialData adds the customers and items that are not there yet, in one
// transaction.
func (s *Shop) LoadInitialData(ctx context.Context) error {
	return s.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		for _, c := range initialCustomers {
			_, err := customer.Customers.Get(ctx, tx, customer.KeyOfCustomer(c))
			if errors.Is(err, scalar.ErrNotFound) {
				err = customer.Customers.Insert(ctx, tx, c)
			}
			if err != nil {
				return err
			}
		}
		for _, item := range initialItems {
			_, err := order.Items.Get(ctx, tx, order.KeyOfItem(item))
			if errors.Is(err, scalar.ErrNotFound) {
				err = order.Items.Insert(ctx, tx, item)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
