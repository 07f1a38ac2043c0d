package shop

import (
	"context"

	scalar "github.com/scalargen/scalargen/runtime"

	"github.com/scalargen/scalargen/examples/ec/internal/db/order"
)

// Order is an order with everything a customer wants to see of it.
type Order struct {
	OrderID      string      `json:"order_id"`
	Timestamp    int64       `json:"timestamp"`
	CustomerID   int32       `json:"customer_id"`
	CustomerName string      `json:"customer_name"`
	Statements   []Statement `json:"statement"`
	Total        int64       `json:"total"`
}

// Statement is one line of an [Order].
type Statement struct {
	ItemID   int32  `json:"item_id"`
	ItemName string `json:"item_name"`
	Price    int32  `json:"price"`
	Count    int32  `json:"count"`
	Total    int64  `json:"total"`
}

// Order reads one order.
func (s *Shop) Order(ctx context.Context, id string) (Order, error) {
	var result Order
	err := s.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		for o, err := range order.Orders.ByOrderID(ctx, tx, id) {
			if err != nil {
				return err
			}
			result, err = describe(ctx, tx, o)
			return err
		}
		return ErrOrderNotFound
	}, scalar.ReadOnly())
	return result, err
}

// Orders reads all orders of a customer, the oldest first.
func (s *Shop) Orders(ctx context.Context, customerID int32) ([]Order, error) {
	var result []Order
	err := s.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		result = []Order{}
		for o, err := range order.Orders.Scan(ctx, tx, order.OrdersOf(customerID)) {
			if err != nil {
				return err
			}
			described, err := describe(ctx, tx, o)
			if err != nil {
				return err
			}
			result = append(result, described)
		}
		return nil
	}, scalar.ReadOnly())
	return result, err
}

// describe reads what belongs to an order: its customer, its lines and their
// items, the latter in one round trip.
func describe(ctx context.Context, tx *scalar.Tx, o order.Order) (Order, error) {
	c, err := getCustomer(ctx, tx, o.CustomerID)
	if err != nil {
		return Order{}, err
	}
	lines, err := scalar.Collect(order.Statements.Scan(ctx, tx, order.StatementsOf(o.OrderID)))
	if err != nil {
		return Order{}, err
	}
	keys := make([]order.ItemKey, len(lines))
	for i, line := range lines {
		keys[i] = order.ItemKey{ItemID: line.ItemID}
	}
	items, err := order.Items.GetAll(ctx, tx, keys...)
	if err != nil {
		return Order{}, err
	}
	result := Order{OrderID: o.OrderID, Timestamp: o.Timestamp, CustomerID: o.CustomerID, CustomerName: c.Name, Statements: []Statement{}}
	for i, line := range lines {
		item := items[i]
		if item == nil {
			return Order{}, ErrItemNotFound
		}
		total := int64(item.Price) * int64(line.Count)
		result.Statements = append(result.Statements, Statement{
			ItemID: item.ItemID, ItemName: item.Name, Price: item.Price, Count: line.Count, Total: total,
		})
		result.Total += total
	}
	return result, nil
}
