package misuse

import (
	"github.com/scalargen/scalargen/golden/ec/out/order"
	scalar "github.com/scalargen/scalargen/runtime"
)

// Every operation takes a context.
func missingContext(db *scalar.DB) {
	_, _ = order.Statements.Get(db, order.StatementKey{OrderID: "o-1", ItemID: 3}) // ERROR "not enough arguments in call to order.Statements.Get have (*scalar.DB, order.StatementKey) want (context.Context, scalar.Runner, order.StatementKey)"
}
