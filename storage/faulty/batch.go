package faulty

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// BatchError is the outcome of a MutateBatch of which at least one group
// failed. Ask its elements, not the whole, what was applied.
type BatchError struct {
	Groups []error // of each group; nil if it was applied
}

// Error tells how many groups failed, and the first error.
func (e *BatchError) Error() string {
	failed, first := 0, 0
	for i, err := range slices.Backward(e.Groups) {
		if err != nil {
			failed, first = failed+1, i
		}
	}
	return fmt.Sprintf("%d of %d groups failed, first group %d: %v", failed, len(e.Groups), first, e.Groups[first])
}

// Unwrap returns the groups' errors.
func (e *BatchError) Unwrap() []error { return e.Groups }

// MutateBatch applies many groups. It is one call, however many there are. If
// the storage below runs no batches, each group is [storage.ErrInvalid].
func (s *Storage) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	// A request that arrives late must be what it was when it was sent.
	mutations := slices.Concat(groups...)
	own, rest := make([][]storage.Mutation, len(groups)), mutations
	for i, group := range groups {
		own[i], rest = rest[:len(group):len(group)], rest[len(group):]
	}
	call := Call{Op: MutateBatch, Mutations: mutations, Groups: own}
	call.Tables = tablesOf(mutations, func(m *storage.Mutation) *storage.Table { return m.Table })
	err := s.do(ctx, call, func(ctx context.Context, r *request) error {
		sent := len(own) - r.lost
		errs := s.sendBatch(ctx, own[:sent])
		for range own[sent:] {
			errs = append(errs, call.unanswered(errRequestLost))
		}
		return joined(errs)
	})
	return ofGroups(err, len(groups))
}

func (s *Storage) sendBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	inner, can := s.inner.(storage.Batcher)
	switch {
	case !can:
		return slices.Repeat([]error{storage.Invalidf("mutate", storage.TableName{}, "the storage below is no storage.Batcher")}, len(groups))
	case s.history > 0:
		return s.batchWithHistory(ctx, inner, groups)
	}
	return inner.MutateBatch(ctx, groups)
}

// batchWithHistory is mutateWithHistory for a batch. A group whose records
// cannot be read fails with that.
func (s *Storage) batchWithHistory(ctx context.Context, inner storage.Batcher, groups [][]storage.Mutation) []error {
	errs := make([]error, len(groups))
	before := make([]images, len(groups))
	var readable [][]storage.Mutation
	var positions []int
	for i, group := range groups {
		if before[i], errs[i] = s.imagesBefore(ctx, group); errs[i] == nil {
			readable, positions = append(readable, group), append(positions, i)
		}
	}
	var applied images
	for n, err := range inner.MutateBatch(ctx, readable) {
		i := positions[n]
		if errs[i] = err; err == nil {
			applied = append(applied, before[i]...)
		}
	}
	if len(applied) > 0 {
		s.remember(applied)
	}
	return errs
}

// joined returns the errors of a batch's groups as one, nil if there is none.
func joined(errs []error) error {
	if !slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return nil
	}
	return &BatchError{errs}
}

// ofGroups returns the errors of n groups that err stands for.
func ofGroups(err error, n int) []error {
	batch := new(BatchError)
	if !errors.As(err, &batch) {
		return slices.Repeat([]error{err}, n)
	}
	if len(batch.Groups) != n {
		panic(fmt.Sprintf("faulty: a script gave %d outcomes to a batch of %d groups", len(batch.Groups), n))
	}
	return slices.Clone(batch.Groups)
}
