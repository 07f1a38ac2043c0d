package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// What runs operations is a transaction or a DB, nothing else.
func runnerOfOnesOwn(ctx context.Context) {
	var run scalar.Runner = struct{}{} // ERROR "cannot use struct{}{} (value of type struct{}) as scalar.Runner value in variable declaration: struct{} does not implement scalar.Runner (missing method session)"
	_, _ = order.Statements.Get(ctx, run, order.StatementKey{OrderID: "o-1", ItemID: 3})
}
