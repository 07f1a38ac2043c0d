// Package shapes has something for every mutator to weaken, and something for
// each to leave alone.
package shapes

import (
	"context"
	"errors"
	"sync"
	"time"
)

type (
	precondition uint8
	Predicate    struct{ column int }
	mutation     struct {
		Condition precondition
		Where     []Predicate
		columns   []int
	}
	row   []int
	store struct {
		mu      sync.Mutex
		wake    chan struct{}
		closed  bool
		waiting int
	}
)

const (
	always precondition = iota
	IfExists
	ifHolds
)

const lifetime = 15 * time.Second

// Validate is the phase by which the functions of validation are known.
const Validate = "validate"

var errGone = errors.New("gone")

func (*store) commit(key int) mutation {
	m := mutation{Condition: ifHolds, Where: heldBy(key)}
	m.columns = append(m.columns, key)
	return m
}

func heldBy(key int) []Predicate { return []Predicate{{key}, {2}} }

func (s *store) provided(m *mutation, seen bool) {
	if !seen {
		m.Condition = ifHolds
		return
	}
	m.Condition, m.Where = ifHolds, heldBy(1)
}

func (s *store) prepare(key int) mutation {
	var m mutation
	s.provided(&m, key > 0 && !s.closed)
	return m
}

func (s *store) read(context.Context, int) (row, error) { return nil, errGone }

func (s *store) settle(ctx context.Context, _ int, known row) (row, error) {
	again, err := s.read(ctx, 1)
	if err != nil {
		return nil, err
	}
	if again == nil || len(again) >= len(known) {
		return known, s.observe(Validate)
	}
	return again, nil
}

func (s *store) observe(string) error { return s.compare(true) }

func (s *store) compare(strict bool) error {
	if strict {
		return errGone
	}
	return nil
}

func (s *store) wait(ctx context.Context, since time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lifetime-since)
	defer cancel()
	s.waiting++
	defer s.leave()
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (s *store) leave() { s.waiting-- }

func kind(c precondition) string {
	switch c {
	case always, ifHolds:
		return "any"
	case IfExists:
		return "there"
	}
	return ""
}

func count(rows []row, buffer [8]byte) (n int) {
	for _, r := range rows {
		if r == nil {
			continue
		}
		n += int(buffer[3]) << 2
	}
	switch {
	case n > 9:
		return 9
	default:
		return n
	}
}

func find(rows []row) (int, bool, error) {
	if rows == nil {
		return 1, true, errGone
	}
	return 1, true, nil
}
