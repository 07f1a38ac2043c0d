package admin

import (
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// Admin plans and makes changes of the tables of one storage. It may be used by
// several goroutines.
type Admin struct {
	storage                     storage.Storage
	eventuallyConsistentIndexes bool
	groupCommit                 bool
	writeSetLogging             bool
	direct                      bool   // without ScalarDB's transactions
	manager                     string // the transaction manager
	coordinator                 *storage.Table
}

// New returns an Admin on s. The caller keeps ownership of s. Of c, this matters,
// and must be as in the programs that will use the tables:
//
//   - the namespace of the coordinator;
//   - group commit and write-set logging, for which the coordinator table has a
//     column each; a table that has them keeps them in any case;
//   - whether indexes are eventually consistent;
//   - whether there are transactions at all, and other ones than the database's own:
//     otherwise no table has columns for them, whatever the schema says, and the
//     coordinator table is left alone.
func New(s storage.Storage, c scalar.Config) *Admin {
	a := &Admin{
		storage: s, eventuallyConsistentIndexes: c.EventuallyConsistentIndexes,
		groupCommit: c.GroupCommit != nil, writeSetLogging: c.LogWriteSets, direct: c.WithoutTransactions || c.DatabaseTransactions, manager: c.TransactionManager(),
	}
	a.coordinator = coordinatorTable(c.CoordinatorNamespace, a.groupCommit, a.writeSetLogging)
	return a
}

// transactional reports whether a table of a schema is to take part in
// transactions.
func (a *Admin) transactional(t *schema.Table) bool { return t.Transaction && !a.direct }

// unneeded is the step about the coordinator table where there are no
// transactions. It may still serve others.
func (a *Admin) unneeded() Step {
	return Step{Action: Keep, Name: a.coordinator.TableName, Reason: "is left alone, the transaction manager " + a.manager + " has no use for it"}
}
