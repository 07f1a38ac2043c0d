package scalar

import (
	"cmp"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// TransactionTable returns the table to deploy for a table with transactions
// that a schema defines as def: def with the columns of the transactions, and
// an index on the before image of each indexed column. It is for programs that
// create tables.
//
// With eventuallyConsistentIndexes the indexes on before images are left out.
// Then index reads may miss records that are being written; all programs that
// share the tables must agree on it ([Config.EventuallyConsistentIndexes]).
func TransactionTable(def *storage.Table, eventuallyConsistentIndexes bool) *storage.Table {
	return commit.TransactionTable(def, eventuallyConsistentIndexes)
}

// CoordinatorTable returns the table in which the decisions on transactions
// stand, as ScalarDB 3.19 creates it by default. It is for programs that create
// tables. The namespace "" is the default one, coordinator
// ([Config.CoordinatorNamespace]).
//
// A coordinator table that another program has created may have the further
// columns tx_child_ids (TEXT) and tx_write_set (BLOB); transactions work with
// and without them.
func CoordinatorTable(namespace string) *storage.Table {
	return commit.CoordinatorTable(cmp.Or(namespace, "coordinator"))
}
