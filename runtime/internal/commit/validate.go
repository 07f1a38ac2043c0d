package commit

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// validationNeeded reports whether SERIALIZABLE has reads to repeat: a record
// that is also written is compared by prepare already (spec 4.2).
func (tx *Tx) validationNeeded() bool {
	return tx.isolation == Serializable && !tx.checked && (len(tx.scans) > 0 || slices.ContainsFunc(tx.records.list, (*record).onlyRead))
}

func (r *record) onlyRead() bool { return r.got && !r.pending() }

// withChecks adds checks of what the transaction has only read to the mutations of
// its writes. Applied as one group, the storage then writes if and only if the
// reads are true at that moment, which is what validation is to find out. It
// reports false if some cannot be checked: absences and scans, which no lock on a
// record protects, those of a database without shared locks, or those of a transaction that other processes carry out with
// this one, since a read is to be true when all of them have prepared.
func (tx *Tx) withChecks(mutations []storage.Mutation, a *arena) ([]storage.Mutation, bool) {
	if tx.engine.options.SeparateValidation || tx.branch || len(tx.scans) > 0 {
		return mutations, false
	}
	for _, r := range tx.records.list {
		if !r.onlyRead() {
			continue
		}
		if r.prev == nil || !tx.engine.storage.Info(r.table.Name().Namespace).Checks {
			return mutations, false
		}
		d := a.draft(r.table, storage.Check, r.key)
		d.provided(r.table, r.prev)
		mutations = append(mutations, d.mutation())
	}
	return mutations, true
}

// validate repeats every read after all records of the transaction are prepared
// and before it is decided, and reports [ErrConflict] if one would return
// another version now (spec 4.1). Comparing only after all prepares is what
// excludes write skew: of two transactions that read what the other writes, the
// one that prepares later sees the other's prepared record.
//
// There must be one moment at which all that was read is true. A record with
// the same tx_id was so all the time. That one is absent, from its key or from a
// scan, says nothing about the time since: it may have come and gone. So
// absences are looked at first, and records after them, which were then also
// true at that moment. Absences that a storage does not show at one moment,
// those of several reads or pages, are looked at twice. To deceive both rounds,
// transactions would have to run from prepare to completion between the reads of
// each round, with opposite effects; Java looks once.
//
// Nothing is recovered here: a record that somebody else has prepared since has
// another tx_id, and that is a conflict.
func (tx *Tx) validate(ctx context.Context) (err error) {
	ctx, end := tx.observe(ctx, observe.Validate, len(tx.records.list))
	defer func() { end(err) }()
	var absent, present []*record
	for _, r := range tx.records.list {
		switch {
		case !r.onlyRead(): // or prepare has compared it
		case r.prev == nil:
			absent = append(absent, r)
		default:
			present = append(present, r)
		}
	}
	var checks []func() error
	for _, s := range tx.scans {
		if s.complete || s.last != nil { // else the caller saw nothing of it
			checks = append(checks, func() error { return tx.validateScan(ctx, s) })
		}
	}
	if len(absent) > 0 {
		checks = append(checks, func() error { return tx.validateGets(ctx, absent) })
	}
	look := func() error {
		return each(len(checks), tx.engine.options.SerialValidate, func(i int) error { return checks[i]() })
	}
	if err := look(); err != nil {
		return err
	}
	if len(checks) > 1 || len(absent) > 1 || slices.ContainsFunc(tx.scans, func(s *scanned) bool { return s.paged }) {
		if err := look(); err != nil {
			return err
		}
	}
	if len(present) == 0 {
		return nil
	}
	return tx.validateGets(ctx, present)
}

func changed(t *Table, key []storage.Value) error {
	return &Error{Kind: ErrConflict, Code: "DB-CORE-20022", Table: t.Name(), Key: t.meta.FormatKey(key),
		Message: "another transaction changed what this one has read: retry"}
}

func validationFailed(t *Table, err error) error {
	return storageError("DB-CORE-30037", t.Name(), "", "cannot repeat a read to validate it", err)
}

func (tx *Tx) validateGets(ctx context.Context, reads []*record) error {
	gets := make([]storage.Get, len(reads))
	for i, r := range reads {
		gets[i] = storage.Get{Table: r.table.meta, Key: r.key}
	}
	rows, err := tx.engine.storage.Get(ctx, gets)
	if err != nil {
		return validationFailed(reads[0].table, err)
	}
	for i, r := range reads {
		if !r.table.sameVersion(r.prev, rows[i]) {
			return changed(r.table, r.key)
		}
	}
	return nil
}

// sameVersion compares presence and tx_id.
func (t *Table) sameVersion(a, b storage.Row) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a[t.txID] == b[t.txID]
}

func (tx *Tx) validateScan(ctx context.Context, s *scanned) error {
	if s.scan.Kind == storage.PartitionScan {
		return tx.validateOrdered(ctx, s)
	}
	return tx.validateUnordered(ctx, s)
}

// repetition returns the request that reads what the scan may select now. An
// index is not read again as such: a record that somebody moves off the value
// and back between a look into the index and one into the before-image index
// would show in neither. A scan of the whole table looks at both images of each
// record at once, and a database that has both indexes reads no more than those
// records.
func (s *Scan) repetition() storage.Scan {
	if s.Kind != storage.IndexScan {
		return s.prepared()
	}
	matches := storage.Predicate{Column: s.Index, Operator: storage.Eq, Value: s.IndexValue}
	whole := Scan{Table: s.Table, Kind: storage.FullScan, Where: storage.Filter{{matches}}}
	return whole.prepared()
}

// currentRows iterates over the records that the scan selects now. One that this
// transaction writes counts as it was before: prepare has made sure that nobody
// else changed it since it was first read. One that somebody else has prepared
// counts with both its images, since either may be what is committed.
func (tx *Tx) currentRows(ctx context.Context, s *scanned, row func(key []storage.Value, row storage.Row) (more bool, err error)) error {
	scan, pages := &s.scan, 0
	for page, err := range tx.pages(ctx, scan.repetition()) {
		if err != nil {
			return validationFailed(scan.Table, err)
		}
		pages++
		s.paged = pages > 1
		for _, stored := range page {
			key := scan.Table.meta.Key(stored)
			selected := false
			if r := tx.records.find(scan.Table, key); r != nil && r.pending() {
				stored = r.replaced()
			} else if !scan.Table.isCommitted(stored) {
				before := scan.Table.beforeImage(stored)
				selected = before != nil && scan.selects(before)
			}
			if !selected && (stored == nil || !scan.selects(stored)) {
				continue
			}
			if more, err := row(key, stored); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// validateOrdered compares a scan of a partition row by row: the same rows up
// to where the caller stopped. A row that is new before that point is a
// phantom, also if this transaction has overwritten it unseen; one behind it is
// not.
func (tx *Tx) validateOrdered(ctx context.Context, s *scanned) error {
	t := s.scan.Table
	compare := tx.engine.storage.Info(t.meta.Namespace).Compare
	beyond := func(row storage.Row) bool { // behind what an incomplete scan returned
		return !s.complete && compare != nil && s.scan.order(row, s.last, compare) > 0
	}
	expected := slices.DeleteFunc(slices.Clone(s.rows), func(r scannedRow) bool { return beyond(r.row) })
	err := tx.currentRows(ctx, s, func(key []storage.Value, row storage.Row) (bool, error) {
		switch {
		case len(expected) == 0 && !s.complete && (compare == nil || beyond(row)):
			return false, nil
		case len(expected) == 0 || !slices.Equal(key, expected[0].key) || !t.sameVersion(expected[0].row, row):
			return false, changed(t, key)
		}
		expected = expected[1:]
		return s.complete || len(expected) > 0 || compare != nil && s.scan.order(row, s.last, compare) < 0, nil
	})
	if err == nil && len(expected) > 0 {
		err = changed(t, expected[0].key)
	}
	return err
}

// validateUnordered compares a scan without an order: every row must be there
// unchanged, and if the scan ran to its end no other may be.
func (tx *Tx) validateUnordered(ctx context.Context, s *scanned) error {
	t := s.scan.Table
	expected := map[string]scannedRow{}
	for _, r := range s.rows {
		expected[keyText(r.key)] = r
	}
	err := tx.currentRows(ctx, s, func(key []storage.Value, row storage.Row) (bool, error) {
		r, known := expected[keyText(key)]
		switch {
		case known && t.sameVersion(r.row, row):
			delete(expected, keyText(key))
		case known || s.complete:
			return false, changed(t, key)
		}
		return s.complete || len(expected) > 0, nil
	})
	if err != nil {
		return err
	}
	for _, r := range s.rows {
		if _, missing := expected[keyText(r.key)]; missing {
			return changed(t, r.key)
		}
	}
	return nil
}
