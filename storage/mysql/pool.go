package mysql

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// poolSettings bound a pool.
type poolSettings struct {
	maxTotal    int
	minIdle     int           // idle connections that stay open for longer than idleTimeout
	wait        time.Duration // for a connection, waiting for a free one and opening it; 0 for ever
	idleTimeout time.Duration // 0 for ever
	maxLifetime time.Duration // 0 for ever
}

// A pool hands out at most maxTotal sessions at a time.
type pool struct {
	settings poolSettings
	connect  func(context.Context) (*session, error)
	closed   <-chan struct{}
	tokens   chan struct{}

	mu   sync.Mutex
	free []*session // the last one was used most recently and has the warmest caches
}

func newPool(settings poolSettings, closed <-chan struct{}, connect func(context.Context) (*session, error)) *pool {
	return &pool{settings: settings, connect: connect, closed: closed, tokens: make(chan struct{}, settings.maxTotal)}
}

// acquire waits for a session. Its errors are those of the context,
// [storage.ErrClosed], and those of opening a connection.
func (p *pool) acquire(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.tokens <- struct{}{}:
	default:
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
	}
	select {
	case <-p.closed:
		<-p.tokens
		return nil, storage.ErrClosed
	default:
	}
	for s := p.pop(); s != nil; s = p.pop() {
		// The server closes connections that it finds idle for too long. A
		// request on such a one would be lost without a word.
		if p.aged(s, time.Now()) || s.conn.ResetSession(ctx) != nil {
			s.close()
			continue
		}
		return s, nil
	}
	s, err := p.open(ctx)
	if err != nil {
		<-p.tokens
		return nil, err
	}
	return s, nil
}

var errExhausted = errors.New("all connections were in use")

// wait waits for a token.
func (p *pool) wait(ctx context.Context) error {
	var timeout <-chan time.Time
	if p.settings.wait > 0 {
		timer := time.NewTimer(p.settings.wait)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case p.tokens <- struct{}{}:
		return nil
	case <-p.closed:
		return storage.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout:
		return fmt.Errorf("%w: %d connections for %v: raise scalar.db.jdbc.connection_pool.max_total, or find what holds them", errExhausted, p.settings.maxTotal, p.settings.wait)
	}
}

func (p *pool) open(ctx context.Context) (*session, error) {
	opening := ctx
	if p.settings.wait > 0 {
		var cancel context.CancelFunc
		opening, cancel = context.WithTimeout(ctx, p.settings.wait)
		defer cancel()
	}
	s, err := p.connect(opening)
	if err != nil && ctx.Err() == nil && opening.Err() != nil {
		err = fmt.Errorf("no connection within %v", p.settings.wait)
	}
	return s, err
}

func (p *pool) pop() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return nil
	}
	s := p.free[last]
	p.free[last] = nil
	p.free = p.free[:last]
	return s
}

// release gives a session back, and closes one that has been idle for too long.
func (p *pool) release(s *session) {
	if s.broken {
		s.close()
	} else {
		s.idle = time.Now()
		if stale := p.push(s); stale != nil {
			stale.close()
		}
	}
	<-p.tokens
}

func (p *pool) push(s *session) (stale *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
	oldest := p.free[0]
	unused := p.settings.idleTimeout > 0 && s.idle.Sub(oldest.idle) >= p.settings.idleTimeout && len(p.free) > p.settings.minIdle
	if unused || p.aged(oldest, s.idle) {
		stale = oldest
		p.free = p.free[1:]
	}
	return stale
}

// aged reports whether a session has been open for long enough.
func (p *pool) aged(s *session, now time.Time) bool {
	return p.settings.maxLifetime > 0 && now.Sub(s.opened) >= p.settings.maxLifetime
}

// discard closes the free sessions: one of them was found dead, and a server
// that has been restarted has closed all.
func (p *pool) discard() {
	for s := p.pop(); s != nil; s = p.pop() {
		s.close()
	}
}

// drain waits for the sessions in use and closes all. The pool must be closed
// to new calls.
func (p *pool) drain() {
	for range cap(p.tokens) {
		p.tokens <- struct{}{}
	}
	p.discard()
}

// The most attempts at a request that never reached the server.
const maxAttempts = 3

// do runs f on a session, and again on another one if the connection was found
// dead before anything was sent, or on the same if the server no longer knew the
// statement. With repeatable it does so whenever the connection was lost.
func (p *pool) do(ctx context.Context, repeatable bool, f func(*session) error) error {
	for attempt := 1; ; attempt++ {
		s, err := p.acquire(ctx)
		if err != nil {
			return notApplied{err}
		}
		err = f(s)
		lost := isLost(err)
		s.broken = s.broken || lost
		again := lost && (repeatable || isUnapplied(err)) || s.forget(err)
		p.release(s)
		if !again || ctx.Err() != nil || attempt == maxAttempts {
			return err
		}
		if lost {
			p.discard()
		}
	}
}
