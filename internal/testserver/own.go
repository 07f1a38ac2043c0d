package testserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// Process is a server that belongs to one test or program, with a database of its
// own. Its address and its data stay the same when it is killed, stopped and
// started again. Its methods may be called by any goroutine.
type Process struct {
	*Server

	keeper *keeper
}

// PostgresOwn starts a PostgreSQL server of the test's own. Take [Durable] to see
// what a crash leaves. Server and data are removed at the end of the test. The
// servers that the environment gives are not used, as nobody may kill them. Without
// a server the test is skipped.
func PostgresOwn(t testing.TB, options ...Option) *Process {
	t.Helper()
	return own(t, "postgres", options)
}

// MariaDBOwn is like [PostgresOwn].
func MariaDBOwn(t testing.TB, options ...Option) *Process {
	t.Helper()
	return own(t, "mariadb", options)
}

func own(t testing.TB, kind string, options []Option) *Process {
	t.Helper()
	process, err := Start(kind, options...)
	if err != nil {
		skip(t, kind, err)
	}
	t.Cleanup(func() {
		if err := process.Close(); err != nil {
			t.Errorf("end the server of the test: %v", err)
		}
	})
	return process
}

// Start starts a server ("postgres" or "mariadb") that lives until Close or the end
// of this process.
func Start(kind string, options ...Option) (*Process, error) {
	e, known := engines[kind]
	if !known {
		return nil, fmt.Errorf("unknown kind of server %q: want postgres or mariadb", kind)
	}
	c := configure(options)
	for _, setting := range c.settings {
		if err := Set(setting).valid(); err != nil {
			return nil, err
		}
	}
	base := baseDirectory()
	sweep(base)
	k, err := e.openOwn(slot{base, fmt.Sprintf("%s-own-%08x", e.name, rand.Uint32())}, c)
	if err != nil {
		return nil, err
	}
	process := &Process{keeper: k}
	if e == postgres {
		process.Server = privatePostgres(&k.state)
		err = process.createPostgres(c.collation)
	} else {
		process.Server = privateMariaDB(&k.state)
		err = process.createMySQL()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create a database: %w", err), k.dismiss())
	}
	return process, nil
}

func (e *engine) openOwn(s slot, c config) (*keeper, error) {
	lock, err := s.lock(true)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	return e.open(s, lock, false, c)
}

// Kill ends the server with SIGKILL. When it returns, no process of the server is
// left, so no statement is still under way.
func (p *Process) Kill() error { return p.keeper.ask(commandKill) }

// Stop ends the server in good order, without waiting for its clients. A server that
// is not running is left alone, by Kill too.
func (p *Process) Stop() error { return p.keeper.ask(commandStop) }

// Start starts the server again, after Kill, Stop, or an end of its own, and returns
// when it accepts connections: it has recovered from its crash then.
func (p *Process) Start() error { return p.keeper.ask(commandStart) }

// Close ends the server and removes its data. Tests need not call it.
func (p *Process) Close() error { return p.keeper.dismiss() }
