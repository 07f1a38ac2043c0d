package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A scan yields an error with every record; one value alone is the record.
func errorOfScanIgnored(ctx context.Context, db *scalar.DB) {
	for s := range order.Statements.Scan(ctx, db, order.AllStatements()) {
		var err error = s // ERROR "cannot use s (variable of struct type order.Statement) as error value in variable declaration: order.Statement does not implement error (missing method Error)"
		_ = err
	}
}
