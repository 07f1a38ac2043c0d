package scalar

import (
	"container/list"
	"errors"
	"sync"
	"time"
)

// ErrTransactionNotFound: no open transaction of this DB has the id.
var ErrTransactionNotFound = errors.New("transaction not found")

const defaultMaxActive = 10_000

// Why an open transaction was rolled back.
const (
	tooMany  = "too many were open, and it had been idle for longest"
	tooIdle  = "it had been idle for too long"
	dbClosed = "the database handle was closed"
)

// registry holds the transactions of [DB.Begin] by id (spec 2.9), so that they
// can be resumed, and so that those that a program forgets to end do not pile
// up. A transaction that has failed to commit stays in it until it is rolled
// back.
type registry struct {
	limit int           // transactions at most, 0 for no limit
	idle  time.Duration // time after which an unused one is rolled back, 0 for never

	mu     sync.Mutex
	byID   map[string]*list.Element // of *registered
	recent list.List                // least recently used first
	timer  *time.Timer
	closed bool
}

type registered struct {
	tx   *Tx
	used time.Time
}

// add enters a transaction. If there are too many it rolls back the one that has
// been idle for longest.
func (r *registry) add(tx *Tx) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed { // since the transaction began
		return &Error{Kind: ErrClosed, TxID: tx.ID(), Message: "the database handle is closed"}
	}
	if r.byID[tx.ID()] != nil {
		return &Error{Kind: ErrInvalid, Code: "DB-CORE-10047", TxID: tx.ID(), Message: "an open transaction has the same id: ids must never repeat"}
	}
	if r.limit > 0 && len(r.byID) >= r.limit {
		r.evict()
	}
	if r.byID == nil {
		r.byID = map[string]*list.Element{}
	}
	r.byID[tx.ID()] = r.recent.PushBack(&registered{tx: tx, used: time.Now()})
	tx.registered = true
	r.watch()
	return nil
}

// evict removes the transaction that has been idle for longest and is not just
// in use.
func (r *registry) evict() {
	for e := r.recent.Front(); e != nil; e = e.Next() {
		if tx := e.Value.(*registered).tx; tx.tx.Expire(tooMany) || !tx.tx.Active() {
			r.drop(e)
			return
		}
	}
}

func (r *registry) drop(e *list.Element) {
	delete(r.byID, e.Value.(*registered).tx.ID())
	r.recent.Remove(e)
}

func (r *registry) find(id string) *Tx {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byID[id]; e != nil {
		return e.Value.(*registered).tx
	}
	return nil
}

// touch notes that the transaction is in use.
func (r *registry) touch(tx *Tx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byID[tx.ID()]; e != nil {
		e.Value.(*registered).used = time.Now()
		r.recent.MoveToBack(e)
	}
}

func (r *registry) remove(tx *Tx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byID[tx.ID()]; e != nil && e.Value.(*registered).tx == tx {
		r.drop(e)
	}
}

// watch sets the timer for the transaction that has been idle for longest.
func (r *registry) watch() {
	if front := r.recent.Front(); front != nil && r.idle > 0 && r.timer == nil {
		r.timer = time.AfterFunc(time.Until(front.Value.(*registered).used.Add(r.idle)), r.expire)
	}
}

// expire rolls back what has been idle for too long.
func (r *registry) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = nil
	for e := r.recent.Front(); e != nil; e = r.recent.Front() {
		entry := e.Value.(*registered)
		if time.Since(entry.used) < r.idle {
			break
		}
		if entry.tx.tx.Expire(tooIdle) || !entry.tx.tx.Active() {
			r.drop(e)
			continue
		}
		entry.used = time.Now() // a call is under way
		r.recent.MoveToBack(e)
	}
	r.watch()
}

// close rolls back all that are idle and forgets them.
func (r *registry) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	for e := r.recent.Front(); e != nil; e = r.recent.Front() {
		e.Value.(*registered).tx.tx.Expire(dbClosed)
		r.drop(e)
	}
}
