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
	groupCommit                 bool
	writeSetLogging             bool
	coordinator                 *storage.Table
}

// Option changes what an [Admin] makes.
type Option func(*Admin)

// WithGroupCommit gives the coordinator table the column tx_child_ids, which
// programs that commit in groups need. A table that has it keeps it in any case.
func WithGroupCommit() Option { return func(a *Admin) { a.groupCommit = true } }

// WithWriteSetLogging gives the coordinator table the column tx_write_set, which
// programs that log write sets need. A table that has it keeps it in any case.
func WithWriteSetLogging() Option { return func(a *Admin) { a.writeSetLogging = true } }

// New returns an Admin on s. The caller keeps ownership of s. Of c, the
// namespace of the coordinator and whether indexes are eventually consistent
// matter; they must be those of the programs that will use the tables.
func New(s storage.Storage, c scalar.Config, options ...Option) *Admin {
	a := &Admin{storage: s, eventuallyConsistentIndexes: c.EventuallyConsistentIndexes}
	for _, option := range options {
		option(a)
	}
	a.coordinator = coordinatorTable(c.CoordinatorNamespace, a.groupCommit, a.writeSetLogging)
	return a
}
