// Package scalar runs ACID transactions over any mix of databases, with the
// tables and the protocol of ScalarDB. It is what generated code and
// applications import:
//
//	import scalar "github.com/scalargen/scalargen/runtime"
//
// A [DB] is a handle on the tables of one configuration. Transactions run in a
// function, which is run again if another transaction got in the way:
//
//	err := db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
//		c, err := customer.Customers.Get(ctx, tx, customer.CustomerKey{CustomerID: id})
//		if err != nil {
//			return err
//		}
//		total := c.CreditTotal.Or(0) + amount
//		return customer.Customers.Update(ctx, tx, customer.KeyOfCustomer(c),
//			scalar.Set(customer.CustomerColumns.CreditTotal, total))
//	})
//
// Repositories, keys, records and columns are generated from a schema by the
// command scalargen; this package has what they are used with:
//
//   - assignments for updates: [Set], [SetNull], [SetOrNull];
//   - conditions for UpdateIf, DeleteIf and scans: [Eq], [Ne], [Gt], [Ge], [Lt],
//     [Le], [IsNull], [IsNotNull], joined by [All];
//   - filters for scans: conditions, [Like], [NotLike], [And], [Or];
//   - nullable values: [Null], [Some];
//   - outcomes: [ErrConflict], [ErrUnknownStatus], [ErrNotFound] and the others,
//     all on [*Error].
//
// A storage is linked in by importing its package, as with database/sql:
//
//	import _ "github.com/scalargen/scalargen/storage/sqlite"
//
// [Table], [StorageTable], [Row], [Column], the …Value functions and those of
// [Range] are there for generated code and may change together with it.
package scalar
