package sqlstore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// Kind is the kind of statement that applies a mutation.
type Kind byte

// The kinds of statements.
const (
	Upsert Kind = iota // writes the record, whether it is there or not
	Insert             // finds the key taken or writes the record
	Update             // matches the record or not
	Delete             // matches the record or not
	Exists             // looks, and writes nothing whatever it finds
)

// KindOf returns the kind of statement that applies m.
func KindOf(m *storage.Mutation) Kind {
	switch {
	case m.Op == storage.Check:
		return Exists
	case m.Op == storage.Delete:
		return Delete
	case m.Condition == storage.Always:
		return Upsert
	case m.Condition == storage.IfNotExists:
		return Insert
	case len(m.Columns)+len(m.Copies) == 0:
		return Exists
	default:
		return Update
	}
}

// Mutation appends the statement of a kind for m, an Upsert in the way of
// PostgreSQL and SQLite. Parameters: see [Dialect.AppendMutationParams].
func (b *Builder) Mutation(kind Kind, m *storage.Mutation) *Builder {
	switch kind {
	case Upsert:
		return b.UpsertOnConflict(m.Table, m.Columns)
	case Insert:
		return b.Insert(m.Table, m.Columns)
	case Update:
		return b.update(m.Table, m.Copies, m.Columns, m.Where)
	case Delete:
		return b.Delete(m.Table, m.Where)
	default:
		return b.Exists(m.Table, m.Where)
	}
}

// AppendMutationParams appends the parameters of [Builder.Mutation].
func (d Dialect) AppendMutationParams(dst []storage.Value, kind Kind, m *storage.Mutation) []storage.Value {
	if kind == Update {
		dst = append(append(dst, m.Values...), m.Key...)
	} else {
		dst = append(append(dst, m.Key...), m.Values...)
	}
	return d.AppendOperands(dst, m.Where)
}

// AppendMutationShape appends the shape of the statement for m.
func AppendMutationShape(shape []byte, kind Kind, m *storage.Mutation) []byte {
	shape = appendColumns(append(shape, byte(kind)), m.Columns)
	shape = binary.AppendUvarint(shape, uint64(len(m.Copies)))
	for _, c := range m.Copies {
		shape = binary.AppendUvarint(shape, uint64(c.To))
		shape = binary.AppendUvarint(shape, uint64(c.From))
		shape = binary.AppendVarint(shape, int64(c.Plus))
	}
	return appendPredicates(shape, m.Where)
}

// Unsatisfied returns the [storage.ErrCondition] of m.
func Unsatisfied(m *storage.Mutation) error {
	return &storage.Error{Op: "mutate", Table: m.Table.TableName, Class: storage.ErrCondition, Err: fmt.Errorf("record %s", m.Table.FormatKey(m.Key))}
}

// CompareRecords orders mutations by namespace, table and key. If every client
// touches the records of a group in this order, no two groups wait for each
// other in a circle.
func CompareRecords(a, b *storage.Mutation) int {
	if a.Table != b.Table {
		if c := cmp.Or(strings.Compare(a.Table.Namespace, b.Table.Namespace), strings.Compare(a.Table.Name, b.Table.Name)); c != 0 {
			return c
		}
	}
	return storage.CompareKeys(a.Key, b.Key)
}

// AppendLockOrder appends the positions of the mutations of a group in the order
// of [CompareRecords].
func AppendLockOrder(dst []int, group []storage.Mutation) []int {
	begin := len(dst)
	for i := range group {
		dst = append(dst, i)
	}
	slices.SortFunc(dst[begin:], func(a, b int) int { return CompareRecords(&group[a], &group[b]) })
	return dst
}
