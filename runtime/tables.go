package scalar

import (
	"cmp"
	"slices"

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

// CoordinatorColumn is an optional column of the coordinator table.
type CoordinatorColumn uint8

// The optional columns. A program that asks for group commit needs the first;
// write sets are stored where the second is.
const (
	GroupMembers CoordinatorColumn = iota // tx_child_ids
	WriteSets                             // tx_write_set
)

// CoordinatorTable returns the table in which the decisions on transactions
// stand, as ScalarDB 3.19 creates it. It is for programs that create tables. The
// namespace "" is the default one, coordinator ([Config.CoordinatorNamespace]).
//
// Transactions work with and without the optional columns, whoever has created
// the table.
func CoordinatorTable(namespace string, optional ...CoordinatorColumn) *storage.Table {
	return commit.CoordinatorTable(cmp.Or(namespace, defaultCoordinator), slices.Contains(optional, GroupMembers), slices.Contains(optional, WriteSets))
}
