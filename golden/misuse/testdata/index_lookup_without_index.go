package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A lookup needs an index.
func indexLookupWithoutIndex(ctx context.Context, db *scalar.DB) {
	_ = order.Statements.ByCount(ctx, db, 3) // ERROR "order.Statements.ByCount undefined (type *order.StatementRepository has no field or method ByCount)"
}
