package scalartest

import (
	"context"
	"errors"
	"time"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

var (
	// ErrInjected is what fails where [FailNext] is given no error.
	ErrInjected = errors.New("scalartest: injected failure")
	// ErrCrashed is in the error of a transaction that [Crash] has ended, and of
	// one whose outcome [UnknownStatus] hides.
	ErrCrashed = errors.New("scalartest: the transaction has crashed")
)

// Fault is something that goes wrong. It is an [Option] of [Open]; [Inject]
// adds it to a DB in use. Of several faults that apply to a call the first one
// counts.
type Fault struct {
	matches func(s step) bool
	action  func(sc *script, s step, c *faulty.Call) faulty.Action
	perTx   bool // count transactions, not calls
	after   int  // matches that pass
	times   int  // matches that fail then, 0 for all
}

func (f Fault) apply(c *config) { c.faults = append(c.faults, f) }

// Inject makes more things go wrong from now on.
func Inject(db *scalar.DB, faults ...Fault) { storeOf(db).script.inject(faults) }

// After returns the fault with its first n occasions spared.
func (f Fault) After(n int) Fault {
	f.after += n
	return f
}

// Times returns the fault with n occasions in a row, which otherwise has one.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// Point is a point in the life of a transaction at which it may crash.
type Point uint8

// The points. A transaction that commits in one phase comes to the last two only:
// before and after its one request.
const (
	DuringPrepare  Point = iota // one of its records is prepared, the others are not
	AfterPrepare                // all its records are prepared
	BeforeDecision              // under SERIALIZABLE, its reads are validated as well
	AfterDecision               // it is committed, but its records do not show it yet
)

// Crash ends the n-th transaction that comes to the point, counted from 1, as if
// its process had died: from there on nothing that it sends has an effect. Its
// records stay as they are until another transaction meets them: that one
// completes them if the decision is there, and else reports
// [scalar.ErrUncommittedRecord] until 15 seconds have passed (see [Advance]) and
// it may take them back.
//
// In a group commit all members crash that are decided by the same request, since
// they share the process.
//
// Since the test must go on, the commit returns, with an error that matches
// [ErrCrashed]. It is also a [scalar.ErrUnknownStatus] after the decision, and a
// [scalar.ErrClosed] before, and in one phase.
func Crash(at Point, n int) Fault {
	f := Fault{perTx: true, after: n - 1, times: 1}
	switch at {
	case BeforeDecision, AfterDecision:
		f.matches = commits
	default:
		f.matches = is(Prepare)
	}
	f.action = func(sc *script, s step, c *faulty.Call) faulty.Action {
		decided := at == AfterDecision
		switch {
		case s.op == OnePhase && decided: // it leaves nothing behind
			return faulty.FailAfter(crashed(c))
		case s.op == OnePhase:
			return faulty.Fail(crashed(c))
		}
		sc.end(s, fate{decided: decided})
		switch at {
		case DuringPrepare:
			first := c.Mutations[:1]
			return func(ctx context.Context, _ *faulty.Exchange) error {
				_ = sc.tables.Mutate(ctx, first)
				return crashed(c)
			}
		case AfterPrepare:
			return faulty.FailAfter(crashed(c))
		case BeforeDecision:
			return faulty.Fail(crashed(c))
		default:
			return faulty.FailAfter(unknown(c))
		}
	}
	return f
}

// lateEnough is more calls than those by which a one-phase commit whose outcome
// is unknown looks for its own record.
const lateEnough = 6

// UnknownStatus lets the next commit that writes report
// [scalar.ErrUnknownStatus], be it committed or not. Its records stay prepared:
// others find them as they find those of a crashed transaction. One that commits
// in one phase writes them when it has given up looking for them, with the next
// call of anybody.
func UnknownStatus(committed bool) Fault {
	return Fault{matches: commits, perTx: true, times: 1, action: func(sc *script, s step, c *faulty.Call) faulty.Action {
		if s.op == OnePhase && committed {
			return func(ctx context.Context, x *faulty.Exchange) error {
				x.SendAfter(ctx, lateEnough)
				return unknown(c)
			}
		}
		if s.op == Decide {
			sc.end(s, fate{decided: committed, abandoned: true})
		}
		if committed {
			return faulty.FailAfter(unknown(c))
		}
		return faulty.Fail(unknown(c))
	}}
}

// end gives the transactions of a step their fate. A group commit's own row is
// nobody's to abort, and stays as it was decided.
func (sc *script) end(s step, f fate) {
	for _, tx := range s.transactions() {
		own := f
		sc.fates[tx] = &own
	}
	if len(s.members) > 0 {
		sc.fates[s.tx] = &fate{decided: f.decided, abandoned: true}
	}
}

// Conflicts lets the next n transactions that write meet another one when they
// commit: they report [scalar.ErrConflict], and [scalar.DB.Transact] runs its
// function again.
func Conflicts(n int) Fault {
	f := FailNext(Prepare, storage.ErrConflict).Times(n)
	f.matches = func(s step) bool { return s.op == Prepare || s.op == OnePhase }
	return f
}

// FailNext lets the next call fail with err, without effect; [ErrInjected] if
// err is nil. The engine repeats Decide and Status up to four times before it
// gives up.
func FailNext(op Op, err error) Fault {
	if err == nil {
		err = ErrInjected
	}
	return once(op, func(c *faulty.Call) faulty.Action { return faulty.Fail(failure(c, nil, err)) })
}

// LoseReply lets the next call have its effect, but the reply is lost: the
// caller cannot know.
func LoseReply(op Op) Fault {
	return once(op, func(*faulty.Call) faulty.Action { return faulty.LoseReply })
}

// LoseRequest lets the next call have no effect, which the caller cannot know.
func LoseRequest(op Op) Fault {
	return once(op, func(*faulty.Call) faulty.Action { return faulty.LoseRequest })
}

// Delay lets all calls take d longer.
func Delay(op Op, d time.Duration) Fault {
	return once(op, func(*faulty.Call) faulty.Action { return faulty.Delay(d) }).Times(0)
}

func once(op Op, action func(c *faulty.Call) faulty.Action) Fault {
	return Fault{matches: is(op), times: 1, action: func(_ *script, _ step, c *faulty.Call) faulty.Action { return action(c) }}
}

func is(op Op) func(step) bool { return func(s step) bool { return s.op == op } }

func commits(s step) bool {
	return (s.op == Decide || s.op == OnePhase) && s.state == commit.Committed
}

// crashed is the answer to a process that is no more: its handle is closed, so
// that nothing was applied, and no attempt more can help.
func crashed(c *faulty.Call) error { return failure(c, storage.ErrClosed, ErrCrashed) }

func unknown(c *faulty.Call) error { return failure(c, storage.ErrUnknown, ErrCrashed) }

func failure(c *faulty.Call, class, cause error) error {
	return &storage.Error{Op: string(stepOf(c).op), Table: c.Tables[0], Class: class, Err: cause}
}
