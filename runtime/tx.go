package scalar

import "context"

// Tx is a transaction. Its writes stay in memory until [Tx.Commit], or in the
// database with [DatabaseTransactions].
//
// Its reads may run concurrently, as with an errgroup; GetAll reads many records
// in one round trip. A write, or Commit, must not run beside another call: the
// one that comes second is [ErrInvalid], and [ErrClosed] if it comes after a
// Commit. Inside [DB.Transact] the Tx is committed or rolled back for you.
type Tx struct {
	db         *DB
	tx         transaction
	attempt    int
	managed    bool // by Transact
	registered bool // in db.active
	fullScans  bool // allowed
	attributes map[string]string
}

func (tx *Tx) session() session { return session{db: tx.db, tx: tx} }

// ID returns the transaction's id, by which [DB.Status] knows it and which
// stands in tx_id of every record it writes.
func (tx *Tx) ID() string { return tx.tx.ID() }

// Attempt returns which attempt of [DB.Transact] this is, from 1; 1 also for a
// transaction of [DB.Begin].
func (tx *Tx) Attempt() int { return tx.attempt }

// Attribute returns an attribute that the transaction was begun with
// ([WithAttribute]), "" if it has none of that name.
func (tx *Tx) Attribute(name string) string { return tx.attributes[name] }

// Commit makes the writes of the transaction durable and visible, all or none,
// and ends it whatever comes of it. Until the decision is being written, the end
// of ctx aborts the transaction; from then on it no longer stops anything, and
// Commit returns when it knows the outcome, or after 10 seconds.
//
// After [ErrConflict], [ErrAlreadyExists], [ErrInvalid] and [ErrStorage] nothing
// of the transaction is or will be visible; after [ErrUnknownStatus] all of it
// or nothing is. [ErrClosed] is of a transaction that has ended before, or of a
// DB that is being closed, and nothing of this call is visible; [ErrInvalid] is
// also of a commit beside another call, which leaves the transaction as it is.
//
// If a hook ([BeforePrepare]) panics, the transaction is aborted and the panic
// goes on. Commit itself panics inside [DB.Transact], which commits itself.
func (tx *Tx) Commit(ctx context.Context) error {
	if tx.managed {
		panic("scalar: Commit inside Transact, which commits when the function returns nil")
	}
	if tx.registered {
		defer tx.db.active.fail(tx) // also if a hook panics
	}
	err := tx.commit(ctx)
	if err == nil && tx.registered {
		tx.db.active.remove(tx)
	}
	return err
}

// Rollback ends the transaction without effect. After Commit or Rollback it
// does nothing, so it may be deferred. It panics inside [DB.Transact], which
// rolls back when the function returns an error.
func (tx *Tx) Rollback(context.Context) {
	if tx.managed {
		panic("scalar: Rollback inside Transact, which rolls back when the function returns an error")
	}
	tx.tx.Rollback()
	if tx.registered {
		tx.db.active.remove(tx)
	}
}
