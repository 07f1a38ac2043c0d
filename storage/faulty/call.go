package faulty

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Op is the method of [storage.Storage], [storage.Batcher] or [storage.Admin]
// that is called.
type Op string

// The operations. Info, Admin and Close are no calls: they reach no database.
const (
	Get             Op = "Get"
	Scan            Op = "Scan"
	Mutate          Op = "Mutate"
	MutateBatch     Op = "MutateBatch"
	Table           Op = "Table"
	CreateNamespace Op = "CreateNamespace"
	DropNamespace   Op = "DropNamespace"
	NamespaceExists Op = "NamespaceExists"
	Namespaces      Op = "Namespaces"
	CreateTable     Op = "CreateTable"
	DropTable       Op = "DropTable"
	TruncateTable   Op = "TruncateTable"
	Tables          Op = "Tables"
	CreateIndex     Op = "CreateIndex"
	DropIndex       Op = "DropIndex"
	AddColumn       Op = "AddColumn"
	DropColumn      Op = "DropColumn"
	RenameColumn    Op = "RenameColumn"
	AlterColumnType Op = "AlterColumnType"
	RenameTable     Op = "RenameTable"
	RepairTable     Op = "RepairTable"
	ForeignTable    Op = "ForeignTable"
	ImportTable     Op = "ImportTable"
)

// Call is one call as a script and the log see it. It holds the caller's own
// requests, which must not be changed.
type Call struct {
	Seq    int // 1 for the first call of the Storage
	Op     Op
	Tables []storage.TableName // the tables concerned, each once; without Name where a namespace is concerned

	Gets      []storage.Get        // of Get
	Scan      *storage.Scan        // of Scan
	Mutations []storage.Mutation   // of Mutate; of MutateBatch, those of all groups
	Groups    [][]storage.Mutation // of MutateBatch
}

// Concerns reports whether the call has to do with the table.
func (c *Call) Concerns(namespace, table string) bool {
	return slices.Contains(c.Tables, storage.TableName{Namespace: namespace, Name: table})
}

// Outcome is a call with what became of it.
type Outcome struct {
	Call
	// Replies are the storage's answers, one for each time that the request
	// reached it: none if it was lost, two if it was sent again. That to a
	// MutateBatch is nil if all groups were applied, else a [*BatchError].
	Replies []error
	// Err is what the caller got. Each group of a MutateBatch got its element if
	// it is a [*BatchError], and Err itself otherwise.
	Err error
	// Returned is false as long as the caller waits.
	Returned bool
}

// failure is the error of a call that the wrapper ends by itself. class is nil
// where nothing was applied.
func (c *Call) failure(class, cause error) error {
	e := &storage.Error{Op: string(c.Op), Class: class, Err: cause}
	if len(c.Tables) > 0 {
		e.Table = c.Tables[0]
	}
	return e
}

// unanswered is the error of a request that may have had an effect.
func (c *Call) unanswered(cause error) error {
	if c.Op == Mutate || c.Op == MutateBatch {
		return c.failure(storage.ErrUnknown, cause)
	}
	return c.failure(nil, cause)
}

func tablesOf[T any](list []T, table func(*T) *storage.Table) []storage.TableName {
	var names []storage.TableName
	for i := range list {
		if t := table(&list[i]); t != nil && !slices.Contains(names, t.TableName) {
			names = append(names, t.TableName)
		}
	}
	return names
}
