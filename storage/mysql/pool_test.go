package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// fakeConnection is a connection without a server.
type fakeConnection struct {
	connection
	closed bool
	stale  bool
}

func (c *fakeConnection) Close() error {
	c.closed = true
	return nil
}

func (c *fakeConnection) ResetSession(context.Context) error {
	if c.stale {
		return driver.ErrBadConn
	}
	return nil
}

// fakePool returns a pool with the connections that it opens.
func fakePool(settings poolSettings) (p *pool, opened *[]*fakeConnection, closed chan struct{}) {
	opened, closed = new([]*fakeConnection), make(chan struct{})
	return newPool(settings, closed, func(context.Context) (*session, error) {
		c := new(fakeConnection)
		*opened = append(*opened, c)
		return newSession(c, &server{}), nil
	}), opened, closed
}

func acquire(t *testing.T, p *pool, n int) []*session {
	t.Helper()
	sessions := make([]*session, n)
	for i := range sessions {
		s, err := p.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = s
	}
	return sessions
}

func releaseAll(p *pool, sessions []*session) {
	for _, s := range sessions {
		p.release(s)
	}
}

func alive(connections []*fakeConnection) (n int) {
	for _, c := range connections {
		if !c.closed {
			n++
		}
	}
	return n
}

func TestPoolClosesWhatIsIdleForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, opened, _ := fakePool(poolSettings{maxTotal: 5, minIdle: 2, idleTimeout: time.Minute})
		releaseAll(p, acquire(t, p, 5))
		for range 10 { // one is in use again and again
			time.Sleep(30 * time.Second)
			releaseAll(p, acquire(t, p, 1))
		}
		if len(*opened) != 5 || alive(*opened) != 2 {
			t.Errorf("%d connections were opened and %d are left, want 5 and 2", len(*opened), alive(*opened))
		}
	})
}

func TestPoolReplacesOldAndDeadConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, opened, _ := fakePool(poolSettings{maxTotal: 3, minIdle: 3, maxLifetime: time.Hour})
		releaseAll(p, acquire(t, p, 3))
		time.Sleep(time.Hour)
		releaseAll(p, acquire(t, p, 1))
		if len(*opened) != 4 || alive(*opened) != 1 {
			t.Errorf("%d connections were opened and %d are left, want 4 and 1", len(*opened), alive(*opened))
		}
		(*opened)[3].stale = true
		sessions := acquire(t, p, 1)
		sessions[0].broken = true
		releaseAll(p, sessions)
		if len(*opened) != 5 || alive(*opened) != 0 {
			t.Errorf("%d connections were opened and %d are left, want 5 and 0", len(*opened), alive(*opened))
		}
	})
}

func TestPoolLimitsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, opened, closed := fakePool(poolSettings{maxTotal: 2, wait: time.Second})
		sessions := acquire(t, p, 2)
		if _, err := p.acquire(t.Context()); !errors.Is(err, errExhausted) {
			t.Errorf("error %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := p.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		time.AfterFunc(time.Second/2, func() { p.release(sessions[0]) })
		sessions[0] = acquire(t, p, 1)[0]
		if len(*opened) != 2 {
			t.Errorf("%d connections were opened", len(*opened))
		}
		time.AfterFunc(time.Second/2, func() { close(closed) })
		if _, err := p.acquire(t.Context()); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("error %v", err)
		}
		releaseAll(p, sessions)
		p.drain()
		if alive(*opened) != 0 {
			t.Error("connections are left after the end")
		}
	})
}
