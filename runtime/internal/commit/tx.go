package commit

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/scalargen/scalargen/storage"
)

// BeginOptions choose how one transaction runs.
type BeginOptions struct {
	ID        string // "" for a fresh one; must never have been used before
	Isolation Isolation
	ReadOnly  bool
	// OneOperation promises that the transaction is committed after a single
	// call, which then needs no repeatable reads.
	OneOperation bool
}

// Tx is a transaction: its read set, write set and scan set in memory
// (spec 3.1). It serves one goroutine at a time; a second one is refused.
type Tx struct {
	engine       *Engine
	id           string
	isolation    Isolation
	readOnly     bool
	oneOperation bool

	busy  atomic.Bool
	ended atomic.Bool

	tables     []*Table           // used so far
	records    map[string]*record // by recordKey
	gets       []*record          // records read by key, which SERIALIZABLE validates
	writes     []*record          // records with a pending write, in the order of the first
	scans      []*scanned         // finished and unfinished scans, for validation
	repeats    map[string]*scanned
	recoveries []*recovery
}

// record is what the transaction knows of one record and wants to do with it.
type record struct {
	table *Table
	key   []storage.Value

	// The read set: the first version read wins and is what prepare compares
	// with (spec 3.1). prev is nil if the record was not there.
	read bool
	prev storage.Row
	got  bool // in Tx.gets

	op      writeOp
	insert  bool // the record must not exist, whatever was read
	preRead bool // prepare needs prev: read it at commit if it is not known
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

// Begin starts a transaction. It touches no storage.
func (e *Engine) Begin(o BeginOptions) (*Tx, error) {
	e.mu.Lock()
	closed := e.closed
	e.mu.Unlock()
	if closed {
		return nil, &Error{Kind: ErrClosed, Message: "the database handle is closed"}
	}
	if o.ID == "" {
		o.ID = e.options.NewID()
	}
	if problem := checkID(o.ID); problem != "" {
		return nil, &Error{Kind: ErrInvalid, TxID: o.ID, Message: problem}
	}
	return &Tx{
		engine: e, id: o.ID, isolation: o.Isolation, readOnly: o.ReadOnly, oneOperation: o.OneOperation,
		records: map[string]*record{},
	}, nil
}

// maxIDLength leaves room for the 25 characters that a group commit puts before
// an id in a coordinator key of 64 (spec 8.5).
const maxIDLength = 39

// checkID returns why a chosen id could be misread by other programs, or "".
// Java counts UTF-16 units, so only ASCII ids have the same length for all.
func checkID(id string) string {
	switch {
	case strings.ContainsFunc(id, func(c rune) bool { return c > unicode.MaxASCII }):
		return "a transaction id may have ASCII characters only"
	case len(id) > maxIDLength:
		return fmt.Sprintf("a transaction id may have %d characters at most", maxIDLength)
	case strings.Contains(id, ","):
		return "a transaction id must not contain a comma"
	case isFullID(id):
		return "a transaction id must not have a $ as its 25th character: it would be read as one of a group commit"
	}
	return ""
}

// ID returns the transaction's id.
func (tx *Tx) ID() string { return tx.id }

// ReadOnly reports whether the transaction refuses writes.
func (tx *Tx) ReadOnly() bool { return tx.readOnly }

// enter admits one call to an active transaction.
func (tx *Tx) enter() error {
	if tx.ended.Load() {
		return tx.fail(&Error{Kind: ErrClosed, Code: "DB-CORE-10043", Message: "the transaction has ended"})
	}
	if !tx.busy.CompareAndSwap(false, true) {
		return tx.fail(&Error{Kind: ErrInvalid, Message: "the transaction is in use by another goroutine: it serves one at a time"})
	}
	return nil
}

func (tx *Tx) leave() { tx.busy.Store(false) }

// fail puts the transaction's id on an error.
func (tx *Tx) fail(e *Error) *Error {
	e.TxID = tx.id
	return e
}

// failed is fail for errors of any origin.
func (tx *Tx) failed(err error) error {
	if e, ok := err.(*Error); ok && e.TxID == "" {
		e.TxID = tx.id
	}
	return err
}

// admit notes that the transaction uses t. Positions in a record that it has
// read already must keep their meaning, so a table whose definition has changed
// since is a conflict.
func (tx *Tx) admit(t *Table) error {
	for _, used := range tx.tables {
		if used == t {
			return nil
		}
		if used.Name() == t.Name() {
			return &Error{Kind: ErrConflict, Table: t.Name(), Message: "the definition of the table changed during the transaction: retry it"}
		}
	}
	tx.tables = append(tx.tables, t)
	return nil
}

// snapshotReads reports whether a record, once read, stays as it was.
func (tx *Tx) snapshotReads() bool { return tx.isolation != ReadCommitted && !tx.oneOperation }

// record returns the transaction's note of a record, making one if needed.
func (tx *Tx) record(t *Table, key []storage.Value) *record {
	var buffer [128]byte
	id := appendRecordKey(buffer[:0], t, key)
	if r, known := tx.records[string(id)]; known {
		return r
	}
	r := &record{table: t, key: key}
	tx.records[string(id)] = r
	return r
}

// lookup returns the note of a record, nil if there is none.
func (tx *Tx) lookup(t *Table, key []storage.Value) *record {
	var buffer [128]byte
	return tx.records[string(appendRecordKey(buffer[:0], t, key))]
}

// appendRecordKey appends a form of (table, key) that differs for different
// records.
func appendRecordKey(b []byte, t *Table, key []storage.Value) []byte {
	b = appendText(b, t.meta.Namespace)
	b = appendText(b, t.meta.Name)
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

// note enters r into the records read by key.
func (tx *Tx) note(r *record) {
	if !r.got {
		r.got = true
		tx.gets = append(tx.gets, r)
	}
}

// pending reports whether the transaction wants to write the record.
func (r *record) pending() bool { return r.op != noWrite }

// replaced returns the version that the pending write replaces, nil for none.
func (r *record) replaced() storage.Row {
	if r.insert {
		return nil
	}
	return r.prev
}

// seen returns the record as the transaction sees it when the stored version is
// base: with its own write on top (spec 3.3). An inserted record stands on
// nothing, since prepare makes sure that there is none.
func (r *record) seen(base storage.Row) storage.Row {
	if r.insert {
		base = nil
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

// Rollback ends the transaction and forgets its writes. Nothing has been
// written yet, so there is nothing to undo (spec 2.3).
func (tx *Tx) Rollback() { tx.ended.Store(true) }
