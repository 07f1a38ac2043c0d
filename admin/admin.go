package admin

import (
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// Admin plans and makes changes of the tables of one storage. It may be used by
// several goroutines.
type Admin struct {
	storage                     storage.Storage
	eventuallyConsistentIndexes bool
	coordinator                 *storage.Table
}

// New returns an Admin on s. The caller keeps ownership of s. Of c, the
// namespace of the coordinator and whether indexes are eventually consistent
// matter; they must be those of the programs that will use the tables.
func New(s storage.Storage, c scalar.Config) *Admin {
	return &Admin{
		storage:                     s,
		eventuallyConsistentIndexes: c.EventuallyConsistentIndexes,
		coordinator:                 scalar.CoordinatorTable(c.CoordinatorNamespace),
	}
}
