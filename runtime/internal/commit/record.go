package commit

import (
	"encoding/binary"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// record is what the transaction knows of one record and wants to do with it.
type record struct {
	table *Table
	key   []storage.Value

	// The read set: the first version read wins and is what prepare compares
	// with (spec 3.1). prev is nil if the record was not there.
	read bool
	prev storage.Row
	got  bool // read by key, which SERIALIZABLE validates

	op      writeOp
	insert  bool // the record must not exist, whatever was read
	preRead bool // prepare needs prev: read it at commit if it is not known
	unseen  bool // written over a committed version that nobody here has read, see unseen.go
	columns []int
	values  []storage.Value
	replace bool // a put after a delete: columns that it does not name become NULL
}

type writeOp uint8

const (
	noWrite writeOp = iota
	putWrite
	deleteWrite
)

// recordSet are the records of a transaction by table and key. Few of them are
// faster searched than hashed.
type recordSet struct {
	list []*record
	byID map[string]*record // of all in list, nil as long as they are few
	used int                // of room

	// A transaction of few records allocates none of them.
	room     [2]record
	listRoom [2]*record
}

const fewRecords = 8

// find returns the note of a record, nil if there is none.
func (s *recordSet) find(t *Table, key []storage.Value) *record {
	if s.byID != nil {
		var buffer [128]byte
		return s.byID[string(appendRecordKey(buffer[:0], t.meta, key))]
	}
	for _, r := range s.list {
		if r.table == t && slices.Equal(r.key, key) {
			return r
		}
	}
	return nil
}

// at returns the note of a record, making one if needed.
func (s *recordSet) at(t *Table, key []storage.Value) *record {
	if r := s.find(t, key); r != nil {
		return r
	}
	var r *record
	if s.used < len(s.room) {
		r = &s.room[s.used]
		s.used++
	} else {
		r = new(record)
	}
	r.table, r.key = t, key
	if s.list == nil {
		s.list = s.listRoom[:0]
	}
	s.list = append(s.list, r)
	switch {
	case s.byID != nil:
		s.byID[string(appendRecordKey(nil, t.meta, key))] = r
	case len(s.list) > fewRecords:
		s.byID = make(map[string]*record, 2*fewRecords)
		for _, r := range s.list {
			s.byID[string(appendRecordKey(nil, r.table.meta, r.key))] = r
		}
	}
	return r
}

// appendRecordKey appends a form of (table, key) that differs for different
// records.
func appendRecordKey(b []byte, t *storage.Table, key []storage.Value) []byte {
	b = appendText(b, t.Namespace)
	b = appendText(b, t.Name)
	for _, v := range key {
		b = appendValue(b, v)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendValue(b []byte, v storage.Value) []byte {
	b = append(b, byte(v.Type()))
	switch {
	case v.IsNull():
		return append(b, 1)
	case v.Type() == storage.Text || v.Type() == storage.Blob:
		return appendText(append(b, 0), v.Text())
	default:
		return binary.BigEndian.AppendUint64(append(b, 0), uint64(v.Int64()))
	}
}

// pending reports whether the transaction wants to write the record.
func (r *record) pending() bool { return r.op != noWrite }

// noteRead enters a version into the read set unless there is one already, and
// returns the one that is there.
func (r *record) noteRead(row storage.Row) storage.Row {
	if !r.read {
		r.read, r.prev = true, row
	}
	return r.prev
}

// replaced returns the version that the pending write replaces, nil for none.
func (r *record) replaced() storage.Row {
	if r.insert {
		return nil
	}
	return r.prev
}

// overwrites reports whether there is a version that the pending write replaces.
func (r *record) overwrites() bool { return r.unseen || r.replaced() != nil }

// seen returns the record as the transaction sees it when the stored version is
// base: with its own write on top (spec 3.3). An inserted record stands on
// nothing, since prepare makes sure that there is none. A change of a record that
// has gone since it was read stands on what was read: it cannot be committed any
// more, and must not look like a new record until then.
func (r *record) seen(base storage.Row) storage.Row {
	switch {
	case r.insert:
		base = nil
	case base == nil && r.op == putWrite:
		base = r.prev
	}
	switch r.op {
	case deleteWrite:
		return nil
	case putWrite:
		return r.overlay(base)
	default:
		return base
	}
}

// overlay puts the pending columns over base.
func (r *record) overlay(base storage.Row) storage.Row {
	row := make(storage.Row, len(r.table.meta.Columns))
	if base != nil && !r.replace {
		copy(row, base)
	} else {
		for i, c := range r.table.meta.Columns {
			row[i] = storage.Null(c.Type)
		}
		for i, c := range r.table.meta.PrimaryKey() {
			row[c] = r.key[i]
		}
	}
	for i, c := range r.columns {
		row[c] = r.values[i]
	}
	return row
}
