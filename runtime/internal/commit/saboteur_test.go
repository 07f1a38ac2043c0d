package commit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// hookCall stands for a run of Options.BeforePrepare among the calls that fail.
const hookCall faulty.Op = "hook"

// moreFaults happen besides everyFault.
var moreFaults = []fault{
	{name: "storage closed", happen: func(_ context.Context, c faulty.Call, _ func(context.Context) error) error {
		return &storage.Error{Op: string(c.Op), Class: storage.ErrClosed}
	}},
	{name: "12 seconds late", happen: late(12 * time.Second)},
	{name: "25 seconds late", happen: late(25 * time.Second)}, // others have recovered by then
	{name: "half a batch lost", batch: true, happen: func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		err := send(ctx)
		if len(c.Groups) < 2 {
			return err
		}
		outcomes := make([]error, len(c.Groups))
		var batch *faulty.BatchError
		if errors.As(err, &batch) {
			outcomes = slices.Clone(batch.Groups)
		}
		for i := 0; i < len(outcomes); i += 2 {
			outcomes[i] = &storage.Error{Op: "mutate", Class: storage.ErrUnknown, Err: errors.New("reply lost")}
		}
		return &faulty.BatchError{Groups: outcomes}
	}},
}

// late answers at once that nobody knows, and delivers the request after d.
func late(d time.Duration) func(context.Context, faulty.Call, func(context.Context) error) error {
	return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		go func() {
			time.Sleep(d)
			_ = send(context.WithoutCancel(ctx))
		}()
		return unclear(c, "timeout")
	}
}

// saboteur lets the nth of the calls of several processes suffer the fault. If
// down is set, the process that it happened to suffers it from then on; one that
// crashes makes no calls any more. What is left of the calls goes through the next
// saboteur.
type saboteur struct {
	fault   *fault
	nth     int // 0: none
	down    bool
	cancel  context.CancelFunc
	latency time.Duration
	then    *saboteur // another fault, of a later call, nil for none

	mu     sync.Mutex
	calls  int
	phases map[string]int
	hit    string
	victim int
}

// of returns the aroundFunc of a process.
func (s *saboteur) of(process int) aroundFunc {
	return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		time.Sleep(s.latency)
		s.mu.Lock()
		s.calls++
		if s.phases == nil {
			s.phases = map[string]int{}
		}
		s.phases[phase(c)]++
		now := s.nth > 0 && s.calls == s.nth
		if now {
			s.hit, s.victim = describe(c), process
		}
		after := s.hit != "" && !now && s.victim == process
		s.mu.Unlock()
		switch {
		case after && s.fault.crashes:
			return errCrashed
		case !now && !(after && s.down) && s.then != nil:
			return s.then.of(process)(ctx, c, send)
		case !now && !(after && s.down):
			return send(ctx)
		}
		if s.fault.cancels {
			s.cancel()
		}
		return s.fault.happen(ctx, c, send)
	}
}

func (s *saboteur) cancels(cancel context.CancelFunc) {
	if s.cancel = cancel; s.then != nil {
		s.then.cancels(cancel)
	}
}
