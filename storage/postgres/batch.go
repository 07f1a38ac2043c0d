package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// MutateBatch applies the groups in one round trip. Inserts into one table, as
// those of coordinator rows, are one statement and one commit; other groups are
// a transaction each, one after the other.
func (s *Storage) MutateBatch(ctx context.Context, groups [][]storage.Mutation) []error {
	errs := storage.CheckBatch(s.Info(""), groups)
	var valid [][]storage.Mutation
	var places []int
	for i, err := range errs {
		if err == nil && len(groups[i]) > 0 {
			valid, places = append(valid, groups[i]), append(places, i)
		}
	}
	if len(valid) == 0 {
		return errs
	}
	ses, err := s.acquire(ctx)
	if err != nil {
		for n, i := range places {
			errs[i] = s.failure(opMutate, valid[n][0].Table.TableName, err)
		}
		return errs
	}
	defer s.release(ses)
	outcomes, done := ses.insertMany(ctx, valid)
	if !done {
		outcomes = ses.mutateGroups(ctx, valid)
	}
	for n, i := range places {
		errs[i] = outcomes[n]
	}
	return errs
}

// insertMany inserts the records of groups that are one insert each, of the same
// columns of the same table, by one statement. It reports false if they are not,
// or if the server has refused the statement, which concerns perhaps one of
// them: then nothing was applied.
func (s *session) insertMany(ctx context.Context, groups [][]storage.Mutation) (errs []error, done bool) {
	rows := make([]*storage.Mutation, len(groups))
	order := make([]int, len(groups))
	for i, group := range groups {
		m := &group[0]
		if len(group) > 1 || sqlstore.KindOf(m) != sqlstore.Insert || m.Table != groups[0][0].Table || !slices.Equal(m.Columns, groups[0][0].Columns) {
			return nil, false
		}
		rows[i], order[i] = m, i
	}
	if len(rows) == 1 {
		return nil, false
	}
	// Two batches that insert the same records must not wait for each other.
	slices.SortFunc(order, func(a, b int) int { return sqlstore.CompareRecords(rows[a], rows[b]) })
	table := rows[0].Table
	errs = make([]error, len(rows))
	st := s.insertManyStatement(rows[0])
	if err := s.prepare(ctx); err != nil {
		for i := range errs {
			errs[i] = s.storage.failure(opMutate, table.TableName, err)
		}
		return errs, true
	}
	if st.err != nil || !st.keepsTexts() || !s.bindRows(st, rows, order) {
		return nil, false
	}
	inserted := make([]bool, len(rows))
	matched := true
	result := s.run(ctx, st)
	next := 0
	for result.NextRow() {
		// The keys come back in the order in which they were sent.
		for next < len(order) && !st.isKey(result.Values(), rows[order[next]].Key) {
			next++
		}
		if matched = matched && next < len(order); matched {
			inserted[order[next]] = true
			next++
		}
	}
	_, err := result.Close()
	if isRefused(err) {
		return nil, false
	}
	for i, m := range rows {
		switch {
		case err != nil:
			errs[i] = s.storage.writeFailure(opMutate, table.TableName, err)
		case !matched:
			errs[i] = &storage.Error{Op: opMutate, Table: table.TableName, Class: storage.ErrUnknown, Err: errUnrecognized}
		case !inserted[i]:
			errs[i] = sqlstore.Unsatisfied(m)
		}
	}
	return errs, true
}

// shapeInsertMany begins the shape of an insert of many records. No
// [sqlstore.Kind] has its value.
const shapeInsertMany = 64

// insertManyStatement returns the statement that inserts records with the
// columns of m. Its parameters are arrays, one for each column, so that its text
// does not depend on how many there are.
func (s *session) insertManyStatement(m *storage.Mutation) *statement {
	s.shape = sqlstore.AppendMutationShape(append(s.shape[:0], shapeInsertMany), sqlstore.Insert, m)
	if st := s.find(m.Table); st != nil {
		return st
	}
	key := m.Table.PrimaryKey()
	columns := append(key, m.Columns...)
	b := dialect.New().Text("INSERT INTO ").Table(m.Table.TableName).Text(" (").Columns(m.Table, columns).Text(") SELECT * FROM unnest(")
	for i, c := range columns {
		if i > 0 {
			b.Text(",")
		}
		b.Param().Text("::" + arrays[m.Table.Columns[c].Type].name + "[]")
	}
	b.Text(") ON CONFLICT (").Columns(m.Table, key).Text(") DO NOTHING RETURNING ").Columns(m.Table, key)
	return s.add(m.Table, b.String(), sqlstore.Select(m.Table, key))
}

// arrays are the types of the elements of array parameters.
var arrays = map[storage.Type]struct {
	name string
	oid  uint32
}{
	storage.Boolean:     {"bool", pgtype.BoolOID},
	storage.Int:         {"int4", pgtype.Int4OID},
	storage.BigInt:      {"int8", pgtype.Int8OID},
	storage.Float:       {"float4", pgtype.Float4OID},
	storage.Double:      {"float8", pgtype.Float8OID},
	storage.Text:        {"text", pgtype.TextOID},
	storage.Blob:        {"bytea", pgtype.ByteaOID},
	storage.Date:        {"date", pgtype.DateOID},
	storage.Time:        {"time", pgtype.TimeOID},
	storage.Timestamp:   {"timestamp", pgtype.TimestampOID},
	storage.TimestampTZ: {"timestamptz", pgtype.TimestamptzOID},
}

// bindRows binds the columns of the rows as arrays, in the order given. It
// reports false if a value cannot be stored.
func (s *session) bindRows(st *statement, rows []*storage.Mutation, order []int) bool {
	s.unbind()
	first := rows[0]
	key := st.selected.Columns
	for c := range len(key) + len(first.Columns) {
		column := 0
		if c < len(key) {
			column = key[c]
		} else {
			column = first.Columns[c-len(key)]
		}
		oid := arrays[first.Table.Columns[column].Type].oid
		start := len(s.buffer)
		s.buffer = appendArrayHeader(s.buffer, oid, len(order))
		for _, i := range order {
			v := storage.Value{}
			if c < len(key) {
				v = rows[i].Key[c]
			} else {
				v = rows[i].Values[c-len(key)]
			}
			var ok bool
			if s.buffer, ok = appendElement(s.buffer, v, oid); !ok {
				return false
			}
		}
		s.values = append(s.values, s.buffer[start:])
	}
	return true
}

// appendArrayHeader appends the head of an array of one dimension, which may hold
// NULL.
func appendArrayHeader(dst []byte, element uint32, length int) []byte {
	const dimensions, mayHoldNull, lowerBound = 1, 1, 1
	for _, n := range []uint32{dimensions, mayHoldNull, element, uint32(length), lowerBound} {
		dst = binary.BigEndian.AppendUint32(dst, n)
	}
	return dst
}

// appendElement appends an element with its length, −1 for NULL.
func appendElement(dst []byte, v storage.Value, oid uint32) ([]byte, bool) {
	if v.IsNull() {
		return binary.BigEndian.AppendUint32(dst, math.MaxUint32), true
	}
	start := len(dst)
	dst, why := encode(append(dst, 0, 0, 0, 0), v, oid)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst, why == ""
}

// keepsTexts reports whether the texts that a statement returns are those that
// were written: char(n) fills them up.
func (st *statement) keepsTexts() bool {
	return !slices.ContainsFunc(st.description.Fields, func(f pgconn.FieldDescription) bool { return f.DataTypeOID == pgtype.BPCharOID })
}

// isKey reports whether a row holds just a key.
func (st *statement) isKey(fields [][]byte, key []storage.Value) bool {
	for i := range key {
		if v, err := st.value(fields, i); err != nil || v != key[i] {
			return false
		}
	}
	return true
}

// errUnrecognized is told if a trigger has changed the keys of what it inserted.
var errUnrecognized = errors.New("the records were inserted with other keys than those given: does the table have a trigger?")
