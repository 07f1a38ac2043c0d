package commit

import (
	"context"
	"sync"
	"sync/atomic"
)

// backgroundLimit bounds the tasks that run in the background of one engine, as
// ScalarDB's executor does.
const backgroundLimit = 128

// background runs completions that no caller waits for: recoveries, and the
// records of asynchronous commits. It never queues: what finds all places taken
// is for its caller to do, which slows those down that produce the work.
type background struct {
	closed  atomic.Bool // changed under mu
	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when closed is set and nothing runs
	// ctx ends when drain gives up waiting.
	ctx    context.Context
	cancel context.CancelFunc
}

func (b *background) open() {
	b.idle = make(chan struct{})
	b.ctx, b.cancel = context.WithCancel(context.Background())
}

// start runs work with the values of ctx but not its end, bounded by
// settleTimeout. It reports false, without running it, if the engine is closed
// or all places are taken.
func (b *background) start(ctx context.Context, work func(ctx context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.Load() || b.running == backgroundLimit {
		return false
	}
	b.running++
	ctx, cancel := detached(ctx)
	stop := context.AfterFunc(b.ctx, cancel)
	go func() {
		defer b.end()
		defer cancel()
		defer stop()
		work(ctx)
	}()
	return true
}

func (b *background) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if b.closed.Load() && b.running == 0 {
		close(b.idle)
	}
}

// refuse lets nothing start any more.
func (b *background) refuse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed.Swap(true) && b.running == 0 {
		close(b.idle)
	}
}

// drain waits for what runs, and cuts it off when ctx ends.
func (b *background) drain(ctx context.Context) error {
	var err error
	select {
	case <-b.idle: // before a look at ctx, which may have ended
	default:
		select {
		case <-b.idle:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	b.cancel()
	<-b.idle
	return err
}
