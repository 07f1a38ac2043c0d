// Package shop is the e-commerce application: everything it does is a
// transaction over the tables of customers and orders, which may lie in
// different databases.
package shop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	scalar "github.com/scalargen/scalargen/runtime"

	"github.com/scalargen/scalargen/examples/ec/internal/db/customer"
	"github.com/scalargen/scalargen/examples/ec/internal/db/order"
)

// Refusal is a request that the shop turns down. It has changed nothing.
type Refusal string

// The refusals, in the words that customers see.
const (
	ErrCustomerNotFound    Refusal = "Customer not found"
	ErrItemNotFound        Refusal = "Item not found"
	ErrOrderNotFound       Refusal = "Order not found"
	ErrCreditLimitExceeded Refusal = "Credit limit exceeded"
	ErrOverRepayment       Refusal = "Over repayment"
	ErrInvalidOrder        Refusal = "Invalid order"
	ErrInvalidRepayment    Refusal = "Invalid repayment"
)

// Error returns what the customer sees.
func (r Refusal) Error() string { return string(r) }

// Shop runs the application on a database.
type Shop struct {
	db  *scalar.DB
	now func() time.Time
}

// New returns a Shop on db. It does not close db.
func New(db *scalar.DB) *Shop { return &Shop{db: db, now: time.Now} }

// Customer is what GetCustomerInfo shows.
type Customer struct {
	ID          int32  `json:"id"`
	Name        string `json:"name"`
	CreditLimit int32  `json:"credit_limit"`
	CreditTotal int32  `json:"credit_total"`
}

// Line is one line of an order to place.
type Line struct{ ItemID, Count int32 }

// Customer reads one customer.
func (s *Shop) Customer(ctx context.Context, id int32) (Customer, error) {
	c, err := getCustomer(ctx, s.db, id)
	if err != nil {
		return Customer{}, err
	}
	return Customer{ID: c.CustomerID, Name: c.Name, CreditLimit: c.CreditLimit, CreditTotal: c.CreditTotal}, nil
}

// PlaceOrder buys items on credit and returns the id of the order. The credit
// limit may be used up but not exceeded. A customer's orders are told apart by
// their millisecond, so a second one in the same is refused with
// [scalar.ErrAlreadyExists].
func (s *Shop) PlaceOrder(ctx context.Context, customerID int32, lines []Line) (string, error) {
	if err := checkLines(lines); err != nil {
		return "", err
	}
	var orderID string
	err := s.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		orderID = uuid.NewString()
		if err := order.Orders.Insert(ctx, tx, order.Order{
			CustomerID: customerID, Timestamp: s.now().UnixMilli(), OrderID: orderID,
		}); err != nil {
			return err
		}
		var amount int64
		for _, line := range lines {
			if err := order.Statements.Insert(ctx, tx, order.Statement{
				OrderID: orderID, ItemID: line.ItemID, Count: line.Count,
			}); err != nil {
				return err
			}
			item, err := getItem(ctx, tx, line.ItemID)
			if err != nil {
				return err
			}
			amount += int64(item.Price) * int64(line.Count)
			if amount > math.MaxInt32 {
				return ErrCreditLimitExceeded // more than any limit
			}
		}
		c, err := getCustomer(ctx, tx, customerID)
		if err != nil {
			return err
		}
		total := int64(c.CreditTotal) + amount
		if total > int64(c.CreditLimit) {
			return ErrCreditLimitExceeded
		}
		return customer.Customers.Update(ctx, tx, customer.KeyOfCustomer(c),
			scalar.Set(customer.CustomerColumns.CreditTotal, int32(total)))
	})
	if err != nil {
		return "", err
	}
	return orderID, nil
}

func checkLines(lines []Line) error {
	seen := map[int32]bool{}
	for _, line := range lines {
		switch {
		case line.Count <= 0:
			return fmt.Errorf("%w: the count of item %d must be positive", ErrInvalidOrder, line.ItemID)
		case seen[line.ItemID]:
			return fmt.Errorf("%w: item %d is there twice", ErrInvalidOrder, line.ItemID)
		}
		seen[line.ItemID] = true
	}
	if len(lines) == 0 {
		return fmt.Errorf("%w: it has no items", ErrInvalidOrder)
	}
	return nil
}

// Repay takes amount off a customer's debt.
func (s *Shop) Repay(ctx context.Context, customerID, amount int32) error {
	if amount <= 0 {
		return fmt.Errorf("%w: the amount must be positive", ErrInvalidRepayment)
	}
	return s.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		c, err := getCustomer(ctx, tx, customerID)
		if err != nil {
			return err
		}
		if c.CreditTotal < amount {
			return ErrOverRepayment
		}
		return customer.Customers.Update(ctx, tx, customer.KeyOfCustomer(c),
			scalar.Set(customer.CustomerColumns.CreditTotal, c.CreditTotal-amount))
	})
}

func getCustomer(ctx context.Context, run scalar.Runner, id int32) (customer.Customer, error) {
	c, err := customer.Customers.Get(ctx, run, customer.CustomerKey{CustomerID: id})
	if errors.Is(err, scalar.ErrNotFound) {
		return c, ErrCustomerNotFound
	}
	return c, err
}

func getItem(ctx context.Context, run scalar.Runner, id int32) (order.Item, error) {
	item, err := order.Items.Get(ctx, run, order.ItemKey{ItemID: id})
	if errors.Is(err, scalar.ErrNotFound) {
		return item, ErrItemNotFound
	}
	return item, err
}
