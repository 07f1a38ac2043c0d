package scalar

import (
	"context"
	"iter"
)

// Table is a table with transactions: its definition and how generated code
// turns records and keys into values and back. Generated repositories delegate
// to its methods, whose meaning they document.
type Table[R, K any] struct {
	Def    *TableDef
	Key    func(key *K, to []Value)    // fills the primary key, partition key first
	Encode func(record *R, to []Value) // fills all columns, in the order of Def
	Decode func(from *Row, record *R)  // fills the record
}

// Get reads the record at key. It reports [ErrNotFound] if there is none.
func (t *Table[R, K]) Get(ctx context.Context, run Runner, key K) (R, error) {
	row, err := get(ctx, run, t.Def, t.key(key))
	if err != nil {
		var none R
		return none, err
	}
	return t.decode(row)
}

// GetAll reads the records at keys, in one round trip where the storage can.
// The result has one element per key, NULL where there is no record.
func (t *Table[R, K]) GetAll(ctx context.Context, run Runner, keys []K) ([]Null[R], error) {
	encoded := make([][]Value, len(keys))
	for i, k := range keys {
		encoded[i] = t.key(k)
	}
	rows, err := getAll(ctx, run, t.Def, encoded)
	if err != nil {
		return nil, err
	}
	return t.decodeRows(rows)
}

func (t *Table[R, K]) decodeRows(rows []Row) ([]Null[R], error) {
	records := make([]Null[R], len(rows))
	for i := range rows {
		if rows[i].values == nil {
			continue
		}
		record, err := t.decode(&rows[i])
		if err != nil {
			return nil, err
		}
		records[i] = Some(record)
	}
	return records, nil
}

// Scan iterates over the records of a range or selection. It yields at most one
// error, last. Nothing stays open between two records.
func (t *Table[R, K]) Scan(ctx context.Context, run Runner, s Scannable[R]) iter.Seq2[R, error] {
	return decodeAll(scan(ctx, run, t.Def, requestOf(s)), t.decode)
}

// Insert adds a record.
func (t *Table[R, K]) Insert(ctx context.Context, run Runner, record R) error {
	return insert(ctx, run, t.Def, t.encode(record))
}

// Upsert writes all columns of a record, whether or not its key is taken.
func (t *Table[R, K]) Upsert(ctx context.Context, run Runner, record R) error {
	return upsert(ctx, run, t.Def, t.encode(record))
}

// Update changes columns of the record at key, if there is one.
func (t *Table[R, K]) Update(ctx context.Context, run Runner, key K, set ...Assign[R]) error {
	return update(ctx, run, t.Def, t.key(key), changes(set), nil)
}

// UpdateIf changes columns of the record at key if cond holds.
func (t *Table[R, K]) UpdateIf(ctx context.Context, run Runner, key K, cond Cond[R, Data], set ...Assign[R]) error {
	return update(ctx, run, t.Def, t.key(key), changes(set), cond.predicates())
}

// Delete removes the record at key, if there is one.
func (t *Table[R, K]) Delete(ctx context.Context, run Runner, key K) error {
	return remove(ctx, run, t.Def, t.key(key), nil)
}

// DeleteIf removes the record at key if cond holds.
func (t *Table[R, K]) DeleteIf(ctx context.Context, run Runner, key K, cond Cond[R, Data]) error {
	return remove(ctx, run, t.Def, t.key(key), cond.predicates())
}

func (t *Table[R, K]) key(key K) []Value {
	values := make([]Value, t.Def.KeyLen())
	t.Key(&key, values)
	return values
}

func (t *Table[R, K]) encode(record R) []Value {
	values := make([]Value, len(t.Def.Columns))
	t.Encode(&record, values)
	return values
}

func (t *Table[R, K]) decode(row *Row) (R, error) {
	var record R
	t.Decode(row, &record)
	if row.err != nil {
		var none R
		return none, row.err
	}
	return record, nil
}

func decodeAll[R any](rows iter.Seq2[*Row, error], decode func(*Row) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for row, err := range rows {
			var record R
			if err == nil {
				record, err = decode(row)
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// requestOf returns nil for a nil interface, which the scan refuses.
func requestOf[R any](s Scannable[R]) *scanRequest {
	if s == nil {
		return nil
	}
	return s.scan(nil)
}

// change is an Assign without its record type.
type change = Assign[struct{}]

func changes[R any](set []Assign[R]) []change {
	list := make([]change, len(set))
	for i, a := range set {
		list[i] = change(a)
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
