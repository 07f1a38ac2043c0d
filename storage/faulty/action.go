package faulty

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Action is what happens to one call. It sends the request as often as it
// likes, and what it returns is what the caller gets: for a MutateBatch a
// [*BatchError], or one error for all groups. Returning nil without having sent
// the request gives the caller an empty answer.
type Action func(ctx context.Context, x *Exchange) error

// Exchange is one call under way, in the hands of an [Action].
type Exchange struct {
	Call
	storage *Storage
	request *request
	send    func(ctx context.Context) error
}

// Send sends the request and returns the storage's reply.
func (x *Exchange) Send(ctx context.Context) error { return x.send(ctx) }

// SendAfter has the request delivered when calls further calls have begun, or
// by [Storage.Flush]. The caller's cancellation does not reach it.
func (x *Exchange) SendAfter(ctx context.Context, calls int) {
	x.storage.postpone(x.Seq+calls, func() { _ = x.request.deliver(context.WithoutCancel(ctx)) })
}

// Then returns a followed by b: where a sends the request, b takes over.
//
//	faulty.Delay(time.Second).Then(faulty.LoseReply)
func (a Action) Then(b Action) Action {
	return func(ctx context.Context, x *Exchange) error {
		outer := *x
		outer.send = func(ctx context.Context) error { return b(ctx, x) }
		return a(ctx, &outer)
	}
}

var (
	errRequestLost = errors.New("connection lost before the request was sent")
	errReplyLost   = errors.New("connection lost before the reply came")
)

// Fail answers with err; the request does not reach the storage.
func Fail(err error) Action {
	return func(context.Context, *Exchange) error { return err }
}

// FailAfter answers with err after the request had its effect.
func FailAfter(err error) Action {
	return func(ctx context.Context, x *Exchange) error {
		_ = x.Send(ctx)
		return err
	}
}

// LoseRequest loses the request on its way. The caller cannot know: for a
// Mutate, and for each group of a MutateBatch, the error is
// [storage.ErrUnknown].
func LoseRequest(_ context.Context, x *Exchange) error { return x.unanswered(errRequestLost) }

// LoseReply loses the reply after the request had its effect. For a Mutate, and
// for each group of a MutateBatch, the error is [storage.ErrUnknown].
func LoseReply(ctx context.Context, x *Exchange) error {
	_ = x.Send(ctx)
	return x.unanswered(errReplyLost)
}

// Late answers as LoseRequest does, but the request still arrives when so many
// further calls have begun.
func Late(calls int) Action {
	return func(ctx context.Context, x *Exchange) error {
		x.SendAfter(ctx, calls)
		return x.unanswered(errReplyLost)
	}
}

// Resend sends the request and gives the caller its reply; when so many further
// calls have begun, the request arrives once more, and nobody hears the reply.
func Resend(calls int) Action {
	return func(ctx context.Context, x *Exchange) error {
		err := x.Send(ctx)
		x.SendAfter(ctx, calls)
		return err
	}
}

// Delay waits before it sends the request. If the context ends meanwhile, the
// request is never sent.
func Delay(d time.Duration) Action {
	return func(ctx context.Context, x *Exchange) error {
		if err := sleep(ctx, d); err != nil {
			return x.failure(nil, err)
		}
		return x.Send(ctx)
	}
}

// DelayReply holds the reply back. If the context ends meanwhile, a Mutate or
// MutateBatch is [storage.ErrUnknown].
func DelayReply(d time.Duration) Action {
	return func(ctx context.Context, x *Exchange) error {
		err := x.Send(ctx)
		if cause := sleep(ctx, d); cause != nil {
			return x.unanswered(cause)
		}
		return err
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Gate holds parked calls until it is opened.
type Gate struct {
	arrive, open    sync.Once
	arrived, opened chan struct{}
}

// NewGate returns a closed gate.
func NewGate() *Gate { return &Gate{arrived: make(chan struct{}), opened: make(chan struct{})} }

// Arrived is closed when the first call waits at the gate.
func (g *Gate) Arrived() <-chan struct{} { return g.arrived }

// Open lets all calls pass, now and later.
func (g *Gate) Open() { g.open.Do(func() { close(g.opened) }) }

func (g *Gate) pass(ctx context.Context) error {
	g.arrive.Do(func() { close(g.arrived) })
	select {
	case <-g.opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Park holds the request at the gate. If the context ends meanwhile, the
// request is never sent.
func Park(g *Gate) Action {
	return func(ctx context.Context, x *Exchange) error {
		if err := g.pass(ctx); err != nil {
			return x.failure(nil, err)
		}
		return x.Send(ctx)
	}
}

// ParkReply holds the reply at the gate. If the context ends meanwhile, a
// Mutate or MutateBatch is [storage.ErrUnknown].
func ParkReply(g *Gate) Action {
	return func(ctx context.Context, x *Exchange) error {
		err := x.Send(ctx)
		if cause := g.pass(ctx); cause != nil {
			return x.unanswered(cause)
		}
		return err
	}
}

// Cut breaks the connection within a MutateBatch: the first groups are applied
// and answered, the others do not reach the storage, and are
// [storage.ErrUnknown]. With LoseReply all of them are.
//
//	faulty.Cut(2).Then(faulty.LoseReply)
func Cut(groups int) Action {
	return func(ctx context.Context, x *Exchange) error {
		x.request.lost = max(0, len(x.Groups)-groups)
		return x.Send(ctx)
	}
}

// Lag lets an index scan or full scan miss what the last mutates calls of
// Mutate and MutateBatch applied: it shows their records as they were before.
// The Storage must have been wrapped [WithHistory] of at least so many.
func Lag(mutates int) Action {
	return func(ctx context.Context, x *Exchange) error {
		x.request.lag = mutates
		return x.Send(ctx)
	}
}
