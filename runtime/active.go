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
//
// Rolling back tells the observer, which may call anything, so it is never done
// with mu held.
type registry struct {
	limit int           // transactions at most, 0 for no limit
	idle  time.Duration // time after which an unused one is rolled back, 0 for never

	mu           sync.Mutex
	byID         map[string]*list.Element // of *registered
	open, failed list.List                // least recently used first
	timer        *time.Timer
	closed       bool
}

type registered struct {
	tx   *Tx
	used time.Time
	in   *list.List // open or failed
}

// add enters a transaction. If there are too many it removes one that has failed,
// or else rolls back the one that has been idle for longest.
func (r *registry) add(tx *Tx) error {
	candidates, err := r.enter(tx)
	for range candidates {
		idle := r.take(func(idle *registered) bool { return idle.tx != tx && r.over() })
		if idle == nil {
			break
		}
		r.expel(idle, tooMany)
	}
	return err
}

// enter reports how many transactions there are to choose from if one is too many
// now.
func (r *registry) enter(tx *Tx) (candidates int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed { // since the transaction began
		return 0, &Error{Kind: ErrClosed, TxID: tx.ID(), Message: "the database handle is closed"}
	}
	if r.byID[tx.ID()] != nil {
		return 0, &Error{Kind: ErrInvalid, Code: "DB-CORE-10047", TxID: tx.ID(), Message: "an open transaction has the same id: ids must never repeat"}
	}
	if r.byID == nil {
		r.byID = map[string]*list.Element{}
	}
	r.push(&r.open, &registered{tx: tx, used: time.Now()})
	tx.registered = true
	r.watch()
	for r.over() {
		e := r.failed.Front()
		if e == nil {
			return r.open.Len(), nil
		}
		r.drop(e)
	}
	return 0, nil
}

// over reports whether there are too many transactions, without those that are
// being rolled back.
func (r *registry) over() bool { return r.limit > 0 && r.open.Len()+r.failed.Len() > r.limit }

func (r *registry) push(l *list.List, entry *registered) {
	entry.in = l
	r.byID[entry.tx.ID()] = l.PushBack(entry)
}

func (r *registry) drop(e *list.Element) {
	entry := e.Value.(*registered)
	delete(r.byID, entry.tx.ID())
	entry.in.Remove(e)
}

// take takes the open transaction that has been idle for longest out of its list,
// if that is enough, so that nobody else rolls it back. It keeps its id until it
// has been rolled back.
func (r *registry) take(enough func(*registered) bool) *registered {
	r.mu.Lock()
	defer r.mu.Unlock()
	front := r.open.Front()
	if front == nil || !enough(front.Value.(*registered)) {
		return nil
	}
	r.open.Remove(front)
	return front.Value.(*registered)
}

// expel rolls back a transaction that was taken and removes it. If a call of it is
// under way it is put back as one that is in use.
func (r *registry) expel(entry *registered, why string) {
	if entry.tx.tx.Expire(why) || !entry.tx.tx.Active() {
		r.remove(entry.tx)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entry(entry.tx) != nil && entry.in == &r.open { // the call may have ended it
		entry.used = time.Now()
		r.push(&r.open, entry)
		r.watch()
	}
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
	if e := r.entry(tx); e != nil {
		r.use(e)
	}
}

// entry returns the transaction's element, nil if it is not listed. Another one
// may have its id by now.
func (r *registry) entry(tx *Tx) *list.Element {
	if e := r.byID[tx.ID()]; e != nil && e.Value.(*registered).tx == tx {
		return e
	}
	return nil
}

func (r *registry) use(e *list.Element) *registered {
	entry := e.Value.(*registered)
	entry.used = time.Now()
	entry.in.MoveToBack(e)
	return entry
}

func (r *registry) remove(tx *Tx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entry(tx); e != nil {
		r.drop(e)
	}
}

// fail notes that the transaction, if it is listed and has ended, was not
// committed. A commit that was refused because of another call ends nothing.
func (r *registry) fail(tx *Tx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entry(tx)
	if e == nil || tx.tx.Active() {
		return
	}
	entry := r.use(e)
	r.drop(e)
	r.push(&r.failed, entry)
}

// watch sets the timer for the transaction that has been idle for longest.
func (r *registry) watch() {
	if r.idle <= 0 || r.timer != nil {
		return
	}
	var first time.Time
	for _, l := range []*list.List{&r.open, &r.failed} {
		if front := l.Front(); front != nil {
			if used := front.Value.(*registered).used; first.IsZero() || used.Before(first) {
				first = used
			}
		}
	}
	if !first.IsZero() {
		r.timer = time.AfterFunc(time.Until(first.Add(r.idle)), r.expire)
	}
}

// expire rolls back what has been idle for too long.
func (r *registry) expire() {
	expired := func(entry *registered) bool { return time.Since(entry.used) >= r.idle }
	for entry := r.take(expired); entry != nil; entry = r.take(expired) {
		r.expel(entry, tooIdle)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for e := r.failed.Front(); e != nil && expired(e.Value.(*registered)); e = r.failed.Front() {
		r.drop(e)
	}
	r.timer = nil
	r.watch()
}

// close rolls back all that are idle and forgets them.
func (r *registry) close() {
	for _, e := range r.clear() {
		e.Value.(*registered).tx.tx.Expire(dbClosed)
	}
}

// clear returns what was in the registry, to which nothing can be added any more.
func (r *registry) clear() map[string]*list.Element {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	all := r.byID
	r.byID = nil
	r.open.Init()
	r.failed.Init()
	return all
}
