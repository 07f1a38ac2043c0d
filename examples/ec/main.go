// Command ec is a small e-commerce application: customers with a credit limit
// place orders and repay. Run it without arguments for its commands.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	scalar "github.com/scalargen/scalargen/runtime"
	_ "github.com/scalargen/scalargen/storage/sqlite"

	"github.com/scalargen/scalargen/examples/ec/internal/db/customer"
	"github.com/scalargen/scalargen/examples/ec/internal/db/order"
	"github.com/scalargen/scalargen/examples/ec/shop"
)

//go:generate go tool scalargen generate

const usage = `usage: ec COMMAND [ARGUMENT...]

  LoadInitialData                       customers 1-3 and items 1-5, unless they are there
  GetCustomerInfo CUSTOMER_ID
  PlaceOrder      CUSTOMER_ID ITEM:COUNT[,ITEM:COUNT...]
  GetOrder        ORDER_ID
  GetOrders       CUSTOMER_ID
  Repayment       CUSTOMER_ID AMOUNT

The database is the one that scalar.properties names, or the file in the
environment variable EC_CONFIG. Create its tables first:

  go tool scalarctl schema create --config scalar.properties --schema-file schema.json --coordinator
`

// errUsage is a command line that makes no sense.
var errUsage = errors.New("wrong use")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "ec: %v\n\n%s", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "ec:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	command, err := parse(args)
	if err != nil {
		return err
	}
	config := os.Getenv("EC_CONFIG")
	if config == "" {
		config = "scalar.properties"
	}
	db, err := scalar.OpenFile(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(context.WithoutCancel(ctx))) }()

	// The tables must be those that the code was generated for.
	if err := db.Verify(ctx, customer.Schema, order.Schema); err != nil {
		return err
	}
	result, err := command(ctx, shop.New(db))
	if err != nil || result == nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// command is one parsed command line. Its result is printed as JSON, nil is not.
type command func(ctx context.Context, s *shop.Shop) (result any, err error)

func parse(args []string) (command, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("%w: no command", errUsage)
	}
	name, args := args[0], args[1:]
	want := map[string]int{
		"LoadInitialData": 0, "GetCustomerInfo": 1, "PlaceOrder": 2, "GetOrder": 1, "GetOrders": 1, "Repayment": 2,
	}
	switch n, known := want[name]; {
	case !known:
		return nil, fmt.Errorf("%w: unknown command %q", errUsage, name)
	case n != len(args):
		return nil, fmt.Errorf("%w: %s takes %d arguments", errUsage, name, n)
	}

	switch name {
	case "LoadInitialData":
		return func(ctx context.Context, s *shop.Shop) (any, error) { return nil, s.LoadInitialData(ctx) }, nil
	case "GetOrder":
		return func(ctx context.Context, s *shop.Shop) (any, error) {
			o, err := s.Order(ctx, args[0])
			return map[string]any{"order": o}, err
		}, nil
	}
	customerID, err := number("customer id", args[0])
	if err != nil {
		return nil, err
	}
	switch name {
	case "GetCustomerInfo":
		return func(ctx context.Context, s *shop.Shop) (any, error) { return s.Customer(ctx, customerID) }, nil
	case "GetOrders":
		return func(ctx context.Context, s *shop.Shop) (any, error) {
			orders, err := s.Orders(ctx, customerID)
			return map[string]any{"order": orders}, err
		}, nil
	case "Repayment":
		amount, err := number("amount", args[1])
		return func(ctx context.Context, s *shop.Shop) (any, error) { return nil, s.Repay(ctx, customerID, amount) }, err
	default: // PlaceOrder
		lines, err := parseLines(args[1])
		return func(ctx context.Context, s *shop.Shop) (any, error) {
			id, err := s.PlaceOrder(ctx, customerID, lines)
			return map[string]any{"order_id": id}, err
		}, err
	}
}

// parseLines reads 1:3,2:2.
func parseLines(s string) ([]shop.Line, error) {
	var lines []shop.Line
	for part := range strings.SplitSeq(s, ",") {
		item, count, found := strings.Cut(part, ":")
		if !found {
			return nil, fmt.Errorf("%w: %q is not ITEM:COUNT", errUsage, part)
		}
		itemID, err := number("item id", item)
		if err != nil {
			return nil, err
		}
		n, err := number("count", count)
		if err != nil {
			return nil, err
		}
		lines = append(lines, shop.Line{ItemID: itemID, Count: n})
	}
	return lines, nil
}

func number(what, s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %q is not a whole number of 32 bits", errUsage, what, s)
	}
	return int32(n), nil
}
