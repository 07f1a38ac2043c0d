//go:build linux

package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/scalargen/scalargen/storage"
)

// tap stands between the engine of a client and its storage: it kills the process
// at the point that was ordered, loses requests and replies, and for tests of the
// soak itself breaks the storage's promises.
type tap struct {
	storage.Storage
	coordinator string // namespace
	losses      float64
	sabotage    sabotage
	order       atomic.Pointer[Point]

	mu     sync.Mutex
	random *rand.Rand
}

var (
	errRequestLost = errors.New("connection lost before the request was sent")
	errReplyLost   = errors.New("connection lost before the reply came")
)

// die ends the process as a power failure of its machine would.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (s *tap) chance(p float64) bool {
	if p <= 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < p
}

// pass makes a call unless something happens to it.
func (s *tap) pass(ctx context.Context, op string, writes bool, table storage.TableName, send func() error) error {
	call := callOf(ctx, writes, table, s.coordinator)
	here := func(after bool) {
		if p := s.order.Load(); p != nil && p.At == call && p.After == after {
			die()
		}
	}
	lost := func(cause error) error {
		e := &storage.Error{Op: op, Table: table, Err: cause}
		if writes {
			e.Class = storage.ErrUnknown
		}
		return e
	}
	if s.chance(s.losses / 2) {
		return lost(errRequestLost)
	}
	here(false)
	err := send()
	here(true)
	if s.chance(s.losses / 2) {
		return lost(errReplyLost)
	}
	return err
}

// Get reads records.
func (s *tap) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	err = s.pass(ctx, "get", false, gets[0].Table.TableName, func() error {
		rows, err = s.Storage.Get(ctx, gets)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Scan reads a page.
func (s *tap) Scan(ctx context.Context, scan *storage.Scan) (page *storage.Page, err error) {
	err = s.pass(ctx, "scan", false, scan.Table.TableName, func() error {
		page, err = s.Storage.Scan(ctx, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Mutate writes a group.
func (s *tap) Mutate(ctx context.Context, group []storage.Mutation) error {
	table := group[0].Table.TableName
	return s.pass(ctx, "mutate", true, table, func() error {
		altered, skipped := s.sabotage.alter(s, callOf(ctx, true, table, s.coordinator), group)
		if skipped {
			return nil
		}
		return s.Storage.Mutate(ctx, altered)
	})
}

// MutateBatch writes groups. All of them share one fate on the way.
func (s *tap) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	outcomes := make([]error, len(groups))
	err := s.pass(ctx, "mutate", true, groups[0][0].Table.TableName, func() error {
		outcomes = s.Storage.(storage.Batcher).MutateBatch(ctx, groups)
		return nil
	})
	if err != nil {
		for i := range outcomes {
			outcomes[i] = err
		}
	}
	return outcomes
}
