package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A scan says what it scans.
func scanWithoutRange(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.Scan(ctx, db) // ERROR "not enough arguments in call to order.Statements.Scan have (context.Context, *scalar.DB) want (context.Context, scalar.Runner, scalar.Scannable[order.Statement])"
}
