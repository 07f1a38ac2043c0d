package scalar

import (
	"context"
	"iter"
)

// Table is a table with transactions. The repositories of generated code
// delegate to its methods, whose meaning they document. Records and keys are
// values here already: what is generic is compiled anew for every table, so the
// generic functions below do little more than encode and decode, and none of
// them is inlined.
type Table struct {
	Def *TableDef
}

// On returns the table as what run reads from, for [GetRecord], [GetRecords] and
// [ScanRecords].
func (t *Table) On(run Runner) Source { return Source{def: t.Def, run: run} }

// Insert adds a record, given as the values of all columns.
func (t *Table) Insert(ctx context.Context, run Runner, record []Value) error {
	return insert(ctx, run, t.Def, record)
}

// Upsert writes all columns of a record, whether or not its key is taken.
func (t *Table) Upsert(ctx context.Context, run Runner, record []Value) error {
	return upsert(ctx, run, t.Def, record)
}

// Update changes columns of the record at key, if there is one.
func (t *Table) Update(ctx context.Context, run Runner, key []Value, set []Assignment) error {
	return update(ctx, run, t.Def, key, set, nil)
}

// UpdateIf changes columns of the record at key if the condition holds.
func (t *Table) UpdateIf(ctx context.Context, run Runner, key []Value, condition Condition, set []Assignment) error {
	return update(ctx, run, t.Def, key, set, given(condition.list))
}

// Delete removes the record at key, if there is one.
func (t *Table) Delete(ctx context.Context, run Runner, key []Value) error {
	return remove(ctx, run, t.Def, key, nil)
}

// DeleteIf removes the record at key if the condition holds.
func (t *Table) DeleteIf(ctx context.Context, run Runner, key []Value, condition Condition) error {
	return remove(ctx, run, t.Def, key, given(condition.list))
}

// Source is a table together with what reads of it run on.
type Source struct {
	def *TableDef
	run Runner // of a table with transactions
	db  *DB    // of a table without
}

func (s Source) get(ctx context.Context, key []Value) (*Row, error) {
	if s.run == nil {
		return s.db.storageGet(ctx, s.def, key)
	}
	return get(ctx, s.run, s.def, key)
}

func (s Source) getAll(ctx context.Context, keys [][]Value) ([]Row, error) {
	if s.run == nil {
		return s.db.storageGetAll(ctx, s.def, keys)
	}
	return getAll(ctx, s.run, s.def, keys)
}

func (s Source) scan(ctx context.Context, q *scanRequest) iter.Seq2[*Row, error] {
	if s.run == nil {
		return s.db.storageScan(ctx, s.def, q)
	}
	return scan(ctx, s.run, s.def, q)
}

// within puts the id of the transaction on an error.
func (s Source) within(err error) error {
	if err == nil || s.run == nil {
		return err
	}
	return within(s.run.session().tx, err)
}

// GetRecord reads the record at key. It reports [ErrNotFound] if there is none.
//
//go:noinline
func GetRecord[R any](ctx context.Context, from Source, key []Value, decode func(*Row, *R)) (record R, err error) {
	row, err := from.get(ctx, key)
	if err == nil {
		decode(row, &record)
		err = from.within(row.err)
	}
	return record, err
}

// GetRecords reads the records at keys, in one round trip where the storage can.
// The result has one element per key, nil where there is no record.
//
//go:noinline
func GetRecords[R, K any](ctx context.Context, from Source, keys []K, encode func(*K) []Value, decode func(*Row, *R)) ([]*R, error) {
	encoded := make([][]Value, len(keys))
	for i := range keys {
		encoded[i] = encode(&keys[i])
	}
	rows, err := from.getAll(ctx, encoded)
	if err != nil {
		return nil, err
	}
	found, records := make([]*R, len(rows)), make([]R, len(rows))
	for i := range rows {
		if rows[i].values == nil {
			continue
		}
		decode(&rows[i], &records[i])
		if rows[i].err != nil {
			return nil, from.within(rows[i].err)
		}
		found[i] = &records[i]
	}
	return found, nil
}

// ScanRecords iterates over the records of a range or selection. It yields at
// most one error, last. Nothing stays open between two records.
//
//go:noinline
func ScanRecords[R any](ctx context.Context, from Source, s Scannable[R], decode func(*Row, *R)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var q *scanRequest
		if s != nil {
			q = s.scan(nil)
		}
		for row, err := range from.scan(ctx, q) {
			var record R
			if err == nil {
				decode(row, &record)
				err = from.within(row.err)
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// Condition is a [Cond] without its record type, for generated code.
type Condition struct{ list []predicate }

// Assignment is an [Assign] without its record type, for generated code.
type Assignment = Assign[struct{}]

// Assignments gives assignments their common type.
//
//go:noinline
func Assignments[R any](set []Assign[R]) []Assignment {
	list := make([]Assignment, len(set))
	for i, a := range set {
		list[i] = Assignment(a)
	}
	return list
}

// Collect gathers what a scan yields.
func Collect[R any](records iter.Seq2[R, error]) ([]R, error) {
	var all []R
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		all = append(all, record)
	}
	return all, nil
}
