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
	closed  atomic.Bool // no task starts any more; changed under mu
	mu      sync.Mutex
	sealed  bool // no commit begins any more
	running int  // tasks and commits
	tasks   int
	idle    chan struct{} // closed when sealed is set and nothing is running
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
	if b.closed.Load() || b.tasks == backgroundLimit {
		return false
	}
	b.running++
	b.tasks++
	ctx, cancel := detached(ctx)
	stop := context.AfterFunc(b.ctx, cancel)
	go func() {
		defer b.end()
		defer b.free()
		defer cancel()
		defer stop()
		work(ctx)
	}()
	return true
}

// hold counts a commit as work that drain waits for, until end. It reports false
// if drain has begun.
func (b *background) hold() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sealed {
		return false
	}
	b.running++
	return true
}

// free gives the place of a task back.
func (b *background) free() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks--
}

func (b *background) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if b.sealed && b.running == 0 {
		close(b.idle)
	}
}

// refuse lets no task start any more.
func (b *background) refuse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed.Store(true)
}

// drain lets no commit begin any more and waits for what runs, which it cuts off
// when ctx ends.
func (b *background) drain(ctx context.Context) error {
	b.mu.Lock()
	if !b.sealed && b.running == 0 {
		close(b.idle)
	}
	b.sealed = true
	b.mu.Unlock()
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
