//go:build linux

package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
)

// worker runs one transaction at a time in one epoch.
type worker struct {
	*client
	epoch   *epoch
	process *history.Process
	random  *rand.Rand

	base    int               // the partition of lists that is used up, −1 for none; those after it are in use
	full    map[key]bool      // lists that are long enough
	born    map[key]bool      // lists that were there once
	blocked map[key]time.Time // records that somebody has left prepared, and until when they are avoided
}

func newWorker(c *client, e *epoch, number int) *worker {
	return &worker{
		client: c, epoch: e, process: e.writer.Process(),
		random: rand.New(rand.NewPCG(c.Seed, uint64(c.Number)<<32|uint64(e.Number)<<8|uint64(number))),
		base:   -1, full: map[key]bool{}, born: map[key]bool{}, blocked: map[key]time.Time{},
	}
}

// isolation returns the engine's level whose name is that of the history's.
func isolation(level history.Level) scalar.Isolation {
	switch level {
	case history.ReadCommitted:
		return scalar.ReadCommitted
	case history.Snapshot:
		return scalar.Snapshot
	default:
		return scalar.Serializable
	}
}

// errGivenUp ends a transaction that cannot do what it has planned.
var errGivenUp = errors.New("given up: the records are not as planned")

// transact runs one random transaction and writes down what became of it.
func (w *worker) transact() {
	ctx, cancel := context.WithTimeout(context.Background(), w.Timeout)
	defer cancel()
	p := w.plan()
	tx, err := w.db.Begin(ctx, scalar.WithIsolation(isolation(w.epoch.Level)))
	if err != nil {
		w.problem("begin", err)
		return
	}
	w.process.Invoke(tx.ID(), p.planned()...)
	r := &run{worker: w, tx: tx, lists: map[key]string{}, registers: map[key]*register{}}
	if err := r.do(ctx, p); err != nil {
		tx.Rollback(ctx)
		w.failed(r, err)
		return
	}
	err = tx.Commit(ctx)
	tx.Rollback(ctx) // it is listed until then if it failed
	switch {
	case err == nil:
		w.succeeded(r)
	case errors.Is(err, scalar.ErrUnknownStatus):
		w.unknown(r, err)
	default:
		w.failed(r, err)
	}
}

func (w *worker) succeeded(r *run) {
	w.process.Commit(r.done...)
	w.epoch.committed.Add(1)
	if r.suspicion != "" && w.epoch.Level >= history.Serializable {
		w.tell(notice{Epoch: w.epoch.Number, Problem: fmt.Sprintf("transaction %s has committed and %s", r.tx.ID(), r.suspicion)})
	}
}

// failed notes a transaction that has certainly not been committed.
func (w *worker) failed(r *run, err error) {
	w.process.Fail()
	w.epoch.failed.Add(1)
	w.epoch.count(w.reason(err))
	if errors.Is(err, scalar.ErrUncommittedRecord) {
		const patience = 300 * time.Millisecond
		w.blocked[r.at] = time.Now().Add(patience)
	}
}

// unknown notes a transaction whose outcome is not known, having asked for it in
// some cases as the error advises.
func (w *worker) unknown(r *run, err error) {
	const inOnePhase = "DB-CORE-40005" // nobody can tell
	e := new(scalar.Error)
	if errors.As(err, &e) && e.Code != inOnePhase && w.random.IntN(2) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), w.Timeout)
		defer cancel()
		ask := w.db.Status
		if w.random.IntN(2) == 0 {
			ask = w.db.Abort
		}
		switch status, _ := ask(ctx, r.tx.ID()); status {
		case scalar.StatusCommitted:
			w.succeeded(r)
			return
		case scalar.StatusAborted:
			w.process.Fail()
			w.epoch.failed.Add(1)
			w.epoch.count("aborted after an unknown outcome")
			return
		}
	}
	w.process.Unknown()
	w.epoch.unknown.Add(1)
	w.epoch.count(w.reason(err))
}

// reason names the kind of an error, and reports those that no fault explains.
func (w *worker) reason(err error) string {
	switch {
	case errors.Is(err, errGivenUp):
		return "given up"
	case errors.Is(err, scalar.ErrUncommittedRecord):
		return "uncommitted record"
	case errors.Is(err, scalar.ErrConflict):
		return "conflict"
	case errors.Is(err, scalar.ErrUnknownStatus):
		return "unknown status"
	case errors.Is(err, scalar.ErrAlreadyExists):
		return "already exists"
	case errors.Is(err, scalar.ErrCondition):
		return "condition"
	case errors.Is(err, context.DeadlineExceeded):
		return "time-out"
	case errors.Is(err, scalar.ErrStorage) && !strings.Contains(err.Error(), "damaged"):
		w.epoch.sample(err)
		// Failures of a server that is down would soon be most of all transactions.
		time.Sleep(time.Duration(w.random.IntN(100)) * time.Millisecond)
		return "storage"
	}
	w.problem("transaction", err)
	return "problem"
}

// problem tells the controller of an error that must not be, whatever fails.
func (w *worker) problem(what string, err error) {
	w.tell(notice{Epoch: w.epoch.Number, Problem: fmt.Sprintf("%s of client %d (%s): %v", what, w.Number, w.Mode, err)})
	time.Sleep(100 * time.Millisecond)
}
