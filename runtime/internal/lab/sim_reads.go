package lab

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// simSight is what a transaction has seen of a record: one of the versions from
// first to last, which it cannot tell apart. Of a scan these are all versions that
// it does not return.
type simSight struct {
	key         Key
	first, last int
	scan        bool
}

// simDoubt is a sight that may be one of several, because nothing looks the same
// at different times.
type simDoubt []simSight

// simReader finds out what a transaction has seen.
type simReader struct {
	s        *simulation
	tx       *simTx
	versions map[Key][]simVersion
	own      map[Key]simOwn
	touched  map[Key]bool
	got      map[Key]int // by gets
	excused  map[Key]bool
	sights   []simDoubt
}

// sights returns what the transaction has seen, or what it cannot have seen.
func (s *simulation) sights(tx *simTx, versions map[Key][]simVersion) ([]simDoubt, string) {
	r := &simReader{s: s, tx: tx, versions: versions, own: map[Key]simOwn{}, touched: map[Key]bool{}, got: map[Key]int{}, excused: map[Key]bool{}}
	for i := range tx.done {
		d := &tx.done[i]
		if problem := r.done(d); problem != "" {
			return nil, fmt.Sprintf("%v: %s", d, problem)
		}
		d.own(r.own)
	}
	return r.sights, ""
}

// done looks at an operation.
func (r *simReader) done(d *simDone) string {
	switch d.kind {
	case scan:
		return r.scanned(d)
	case get:
		v := 0
		if len(d.rows) > 0 {
			v = d.rows[0].v
		}
		if own, written := r.own[d.key]; written {
			return r.readOwn(d, d.key, own, v)
		}
		if before, again := r.got[d.key]; again && before != v && r.tx.plan.isolation != commit.ReadCommitted {
			return fmt.Sprintf("it was %d before", before)
		}
		r.got[d.key] = v
		return r.read(d, d.key, v)
	case update:
		defer func() { r.touched[d.key] = true }()
		return r.updated(d)
	case remove:
		r.touched[d.key] = true
	}
	return ""
}

// updated takes an update that has found no record for a read.
func (r *simReader) updated(d *simDone) string {
	if _, written := r.own[d.key]; written || d.when >= 0 || !r.s.net.ledger.committed(r.tx.id) {
		return ""
	}
	if w, last := r.tx.lastWrites()[d.key]; !last || !w.perhaps {
		return ""
	}
	if slices.ContainsFunc(r.s.net.ledger.writes[d.key], func(w simWrite) bool { return w.by == r.tx.id }) {
		return ""
	}
	return r.read(d, d.key, 0)
}

// readOwn compares what was read with what the transaction has written.
func (r *simReader) readOwn(d *simDone, k Key, own simOwn, v int) string {
	switch {
	case v == own.v:
		return ""
	case own.perhaps && (v == 0 || r.tx.plan.isolation == commit.ReadCommitted): // it was not there
		return r.read(d, k, v)
	default:
		return fmt.Sprintf("it has written %d itself", own.v)
	}
}

// read enters that an operation has seen v.
func (r *simReader) read(d *simDone, k Key, v int) string {
	return r.saw(d, k, func(other int) bool { return other == v }, fmt.Sprint(v), false)
}

// saw enters that an operation has seen a version of which is is true.
func (r *simReader) saw(d *simDone, k Key, is func(v int) bool, what string, byScan bool) string {
	began := d.began
	if r.touched[k] {
		began = r.tx.began
	}
	r.touched[k] = true
	if r.tx.plan.isolation == commit.ReadCommitted {
		began = math.MinInt64 // it reads what is before a prepared record, whatever was decided
	}
	runs := simRuns(k, r.versions[k], is, byScan)
	current := func(from, to time.Duration) simDoubt {
		var then simDoubt
		for _, run := range runs {
			if r.versions[k][run.first].from <= to && r.versions[k][run.last].to >= from {
				then = append(then, run)
			}
		}
		return then
	}
	if len(current(began, d.ended)) == 0 {
		return fmt.Sprintf("%d/%d was not %s at any time between %v and %v", k.P, k.C, what, began, d.ended)
	}
	// What is absent may have come and gone before it was looked at again.
	r.sights = append(r.sights, current(began, max(r.tx.met, r.s.net.ledger.decided[r.tx.id].at)))
	return ""
}

// simRuns returns the runs of versions of which is is true.
func simRuns(k Key, all []simVersion, is func(v int) bool, byScan bool) simDoubt {
	var runs simDoubt
	for i := 0; i < len(all); i++ {
		if !is(all[i].v) {
			continue
		}
		run := simSight{key: k, first: i, last: i, scan: byScan}
		for run.last+1 < len(all) && is(all[run.last+1].v) {
			run.last++
		}
		runs = append(runs, run)
		i = run.last
	}
	return runs
}

// scanned looks at a scan: at the rows that it has returned, and at those that it
// has not.
func (r *simReader) scanned(d *simDone) string {
	returned := map[Key]bool{}
	var last *Key
	for _, row := range d.rows {
		inRange, matches := d.scan.selects(row.key, row.v)
		switch {
		case !inRange || !matches:
			return fmt.Sprintf("%d/%d = %d does not belong there", row.key.P, row.key.C, row.v)
		case returned[row.key]:
			return fmt.Sprintf("%d/%d comes twice", row.key.P, row.key.C)
		case last != nil && d.scan.kind == storage.PartitionScan && (row.key.C < last.C) != d.scan.backward:
			return "the rows are not in order"
		}
		returned[row.key], last = true, &row.key
		problem := ""
		if own, written := r.own[row.key]; written {
			problem = r.readOwn(d, row.key, own, row.v)
		} else {
			problem = r.saw(d, row.key, func(v int) bool { return v == row.v }, fmt.Sprint(row.v), false)
		}
		if problem != "" {
			return problem
		}
	}
	if d.scan.limit > 0 && len(d.rows) > d.scan.limit {
		return "there are more rows than the limit"
	}
	for k := range simKeys() {
		if returned[k] || !d.scan.reached(k, d.rows) {
			continue
		}
		if problem := r.missed(d, k); problem != "" {
			return problem
		}
	}
	return ""
}

// beforeIndex is when an index scan has read the index of before images last.
func (r *simReader) beforeIndex(d *simDone) time.Duration {
	last := time.Duration(-1)
	for _, line := range r.s.net.trace {
		if line.at >= d.began && line.at <= d.ended && strings.HasPrefix(line.call, r.tx.plan.id+" scan before_cat") {
			last = line.at
		}
	}
	return last
}

// validated reports whether all reads of the transaction were looked at again.
func (r *simReader) validated() bool {
	return r.tx.plan.isolation == commit.Serializable && r.s.happened(r.tx)
}

// reached reports whether the scan would have returned the record if it were as
// the scan asks for.
func (s *simScan) reached(k Key, rows []simRecordRead) bool {
	if inRange, _ := s.selects(k, 0); !inRange {
		return false
	}
	if s.limit == 0 || len(rows) < s.limit {
		return true
	}
	last := rows[len(rows)-1].key
	return s.backward && k.C > last.C || !s.backward && k.C < last.C
}

// missed looks at a record that a scan has not returned.
func (r *simReader) missed(d *simDone, k Key) string {
	matches := func(v int) bool { _, returned := d.scan.selects(k, v); return returned }
	own, written := r.own[k]
	switch {
	case d.scan.kind == storage.IndexScan && !r.validated() && (r.excused[k] || r.s.net.ledger.moved(k, d.began, r.beforeIndex(d))):
		// It may be prepared with another value when the index is read, and rolled
		// back when the index of before images is. Only validation finds out.
		r.s.net.ledger.reached["missed by an index"]++
		r.touched[k], r.excused[k] = true, true // a repeated scan repeats it
		return ""
	case !written || own.perhaps && matches(own.v):
		return r.saw(d, k, func(v int) bool { return !matches(v) }, "absent from such a scan", true)
	case matches(own.v):
		return fmt.Sprintf("the transaction's own write of %d/%d is missing", k.P, k.C)
	}
	return ""
}
