package mysql

import (
	"context"
	"errors"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// maxBatch is the number of mutations that are tried as one group.
const maxBatch = 256

// MutateBatch applies many groups as one, in one request and one durable commit,
// on the expectation that all of them can be applied, as they nearly always can.
// If the union cannot, it was not applied, and each half of it is tried in the
// same way: one bad group among n costs 2·log2(n) more requests.
//
// That the groups become visible together, no caller may rely on.
func (s *Storage) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	errs := storage.CheckBatch(s.Info(""), groups)
	var pending []int
	size := 0
	for i, err := range errs {
		if err != nil || len(groups[i]) == 0 {
			continue
		}
		if size += len(groups[i]); size > maxBatch && len(pending) > 0 {
			s.applyUnion(ctx, groups, pending, errs)
			pending, size = pending[:0], len(groups[i])
		}
		pending = append(pending, i)
	}
	s.applyUnion(ctx, groups, pending, errs)
	return errs
}

// applyUnion applies the pending groups and sets their errors.
func (s *Storage) applyUnion(ctx context.Context, groups [][]storage.Mutation, pending []int, errs []error) {
	if len(pending) == 0 {
		return
	}
	if len(pending) == 1 {
		i := pending[0]
		errs[i] = s.apply(ctx, groups[i])
		return
	}
	var union []storage.Mutation
	for _, i := range pending {
		union = append(union, groups[i]...)
	}
	err := s.apply(ctx, union)
	if refused(err) {
		half := len(pending) / 2
		s.applyUnion(ctx, groups, slices.Clone(pending[:half]), errs)
		s.applyUnion(ctx, groups, slices.Clone(pending[half:]), errs)
		return
	}
	for _, i := range pending {
		errs[i] = concerning(groups[i][0].Table.TableName, err)
	}
}

// refused reports whether the union failed for what is the matter with some of
// its groups.
func refused(err error) bool {
	known := new(storage.Error)
	if !errors.As(err, &known) {
		return false
	}
	switch known.Class {
	case storage.ErrCondition, storage.ErrConflict, storage.ErrInvalid, storage.ErrTableNotFound:
		return true
	}
	return slices.Contains(denied, number(err))
}

// concerning returns the error of a union as that of a group of the table.
func concerning(table storage.TableName, err error) error {
	known := new(storage.Error)
	if !errors.As(err, &known) {
		return err
	}
	return &storage.Error{Op: known.Op, Table: table, Class: known.Class, Err: known.Err}
}
