package storage

import "context"

// Transactor is what a storage implements whose database has transactions of
// its own, over any records of the storage.
type Transactor interface {
	// Begin starts a transaction, which holds a connection until it has ended. So
	// whoever has one open and calls the Storage itself may wait for a connection
	// or a lock that only the end of the transaction would free. ctx is that of
	// this call alone.
	//
	// It reports [ErrConflict] if other transactions have kept it waiting for
	// longer than the storage waits.
	Begin(ctx context.Context, options TransactionOptions) (Transaction, error)
}

// TransactionOptions say what a transaction needs.
type TransactionOptions struct {
	ReadOnly bool // Mutate is [ErrInvalid]
}

// Transaction is one transaction of the database, at the isolation level that
// the storage was opened with. It is not safe for concurrent use. It must have
// ended before the storage is closed, which may wait for it.
//
// A conflict with another transaction is [ErrConflict] from any method. Only
// [ErrCondition], and [ErrTableNotFound] from Table, leave the transaction as it
// is; after any other error it has been rolled back or can only be, and a Commit
// all the same is an error. Since nothing is applied before Commit, only that
// reports [ErrUnknown].
type Transaction interface {
	// Table is that of [Storage], read over the connection of the transaction, as
	// others may all be held by transactions that wait for this one.
	Table(ctx context.Context, name TableName) (*Table, error)

	// Get is that of [Storage], within the transaction.
	Get(ctx context.Context, gets []Get) ([]Row, error)

	// Scan is that of [Storage], within the transaction: it sees the
	// transaction's own writes, and a page is good for as long as it lasts.
	Scan(ctx context.Context, scan *Scan) (*Page, error)

	// Mutate applies one mutation, seen by the others when the transaction has
	// been committed. It reports [ErrCondition] if the precondition is false.
	Mutate(ctx context.Context, mutation *Mutation) error

	// Commit ends the transaction whatever comes of it, durably if it returns
	// nil. It reports [ErrUnknown] if the transaction may or may not have been
	// committed; after any other [*Error] it was not. [NotApplied] tells.
	Commit(ctx context.Context) error

	// Rollback gives the transaction up and its connection back, whatever it
	// reports. It does nothing if the transaction has ended.
	Rollback(ctx context.Context) error
}
