package shop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"

	"github.com/scalargen/scalargen/examples/ec/internal/db/customer"
	"github.com/scalargen/scalargen/examples/ec/internal/db/order"
)

// open returns a shop with its initial data on the real engine and a storage in
// memory. Its clock moves by a second with every order.
func open(t *testing.T) *Shop {
	t.Helper()
	s := New(scalartest.Open(t, customer.Schema, scalartest.WithSchema(order.Schema)))
	var mu sync.Mutex
	now := time.UnixMilli(1650948340914)
	s.now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	if err := s.LoadInitialData(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInitialDataIsLoadedOnce(t *testing.T) {
	s := open(t)
	if _, err := s.PlaceOrder(t.Context(), 1, []Line{{ItemID: 1, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.LoadInitialData(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := s.Customer(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := Customer{ID: 1, Name: "Yamada Taro", CreditLimit: 10000, CreditTotal: 1000}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("customer (-want +got):\n%s", diff)
	}
}

func TestPlacedOrderIsShownWithItsLines(t *testing.T) {
	s := open(t)
	id, err := s.PlaceOrder(t.Context(), 1, []Line{{ItemID: 1, Count: 3}, {ItemID: 2, Count: 2}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := Order{
		OrderID: id, Timestamp: 1650948341914, CustomerID: 1, CustomerName: "Yamada Taro",
		Statements: []Statement{
			{ItemID: 1, ItemName: "Apple", Price: 1000, Count: 3, Total: 3000},
			{ItemID: 2, ItemName: "Orange", Price: 2000, Count: 2, Total: 4000},
		},
		Total: 7000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	orders, err := s.Orders(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Order{want}, orders); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestRefusedRequestsChangeNothing(t *testing.T) {
	tests := []struct {
		name string
		do   func(ctx context.Context, s *Shop) error
		want error
	}{
		{"credit limit exceeded", place(1, Line{3, 1}, Line{4, 2}), ErrCreditLimitExceeded},
		{"more than 32 bits of money", place(1, Line{4, 2147483647}), ErrCreditLimitExceeded},
		{"unknown customer", place(9, Line{1, 1}), ErrCustomerNotFound},
		{"unknown item", place(1, Line{1, 1}, Line{9, 1}), ErrItemNotFound},
		{"no items", place(1), ErrInvalidOrder},
		{"an item twice", place(1, Line{1, 1}, Line{1, 2}), ErrInvalidOrder},
		{"negative count", place(1, Line{1, -1}), ErrInvalidOrder},
		{"over repayment", func(ctx context.Context, s *Shop) error { return s.Repay(ctx, 1, 1) }, ErrOverRepayment},
		{"negative repayment", func(ctx context.Context, s *Shop) error { return s.Repay(ctx, 1, -1) }, ErrInvalidRepayment},
		{"repayment of nobody", func(ctx context.Context, s *Shop) error { return s.Repay(ctx, 9, 1) }, ErrCustomerNotFound},
		{"unknown order", func(ctx context.Context, s *Shop) error { _, err := s.Order(ctx, "none"); return err }, ErrOrderNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			if err := test.do(t.Context(), s); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			c, err := s.Customer(t.Context(), 1)
			if err != nil || c.CreditTotal != 0 {
				t.Errorf("credit total %d, %v, want 0", c.CreditTotal, err)
			}
			orders, err := s.Orders(t.Context(), 1)
			if err != nil || len(orders) != 0 {
				t.Errorf("orders %v, %v, want none", orders, err)
			}
		})
	}
}

func place(customerID int32, lines ...Line) func(ctx context.Context, s *Shop) error {
	return func(ctx context.Context, s *Shop) error {
		_, err := s.PlaceOrder(ctx, customerID, lines)
		return err
	}
}

// The credit limit is the invariant of the shop: it must hold whatever runs at
// the same time.
func TestConcurrentOrdersNeverExceedTheCreditLimit(t *testing.T) {
	s := open(t)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			_, err := s.PlaceOrder(t.Context(), 1, []Line{{ItemID: 5, Count: 1}}) // 3000
			if err != nil && !errors.Is(err, ErrCreditLimitExceeded) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	orders, err := s.Orders(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Customer(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(orders) != 3 || c.CreditTotal != 9000 {
		t.Errorf("%d orders and a credit total of %d, want 3 and 9000", len(orders), c.CreditTotal)
	}
}

// Two machines, one database: the first dies in the middle of an order.
func TestOrderOfACrashedProcessIsAllOrNothing(t *testing.T) {
	tests := []struct {
		name   string
		crash  scalartest.Point
		orders int
		total  int32
	}{
		{"before it is decided", scalartest.AfterPrepare, 0, 0},
		{"after it is decided", scalartest.AfterDecision, 1, 7000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			scalartest.Inject(s.db, scalartest.Crash(test.crash, 1))
			if _, err := s.PlaceOrder(t.Context(), 1, []Line{{1, 3}, {2, 2}}); !errors.Is(err, scalartest.ErrCrashed) {
				t.Fatalf("error %v, want a crash", err)
			}
			scalartest.Advance(s.db, 16*time.Second)

			orders, err := s.Orders(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Customer(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(orders) != test.orders || c.CreditTotal != test.total {
				t.Errorf("%d orders and a credit total of %d, want %d and %d", len(orders), c.CreditTotal, test.orders, test.total)
			}
			lines, err := scalar.Collect(order.Statements.Scan(t.Context(), s.db, order.AllStatements()))
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) != 2*test.orders {
				t.Errorf("%d statements, want %d", len(lines), 2*test.orders)
			}
		})
	}
}
