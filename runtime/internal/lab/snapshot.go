package lab

import (
	"slices"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// snapshot reports whether what happened keeps what SNAPSHOT promises here
// (spec 4): a read of a record returns what a committed transaction wrote, the
// newest that was reported as committed before the read began or a newer one, and
// repeats;
// and a transaction that writes a record has seen the version that it replaces, so
// that no update is lost. Reads of different records may be of different times.
//
// READ_COMMITTED promises less: a read of a record need not repeat, and may return
// a version that has been replaced, if the record is still prepared. What a
// transaction that writes has seen first is the version that it replaces, too.
func (r *run) snapshot(first, final state, happened []*Tx) bool {
	versions := r.versions(first, happened)
	for k := range final {
		if len(versions[k]) == 0 {
			return false
		}
	}
	for k, all := range versions {
		last := all[len(all)-1].value
		now, there := final[k]
		if there != (last != nil) || there && now != *last {
			return false
		}
	}
	for _, tx := range happened {
		if !tx.explainedBy(versions) {
			return false
		}
	}
	return true
}

// versions returns the committed versions of each record, in their order.
func (r *run) versions(first state, happened []*Tx) map[Key][]version {
	versions := map[Key][]version{}
	for k, v := range first {
		versions[k] = []version{{value: &v}}
	}
	for k, writers := range r.ledger.writers {
		if len(versions[k]) == 0 {
			versions[k] = []version{{}}
		}
		for _, id := range writers {
			if i := slices.IndexFunc(happened, func(tx *Tx) bool { return tx.id == id }); i >= 0 {
				versions[k] = append(versions[k], version{by: happened[i], value: happened[i].left(k)})
			}
		}
	}
	return versions
}

// version is one committed version of a record, nil for none.
type version struct {
	by    *Tx // nil for the first one
	value *value
}

// left is what the transaction made of a record: its last write.
func (tx *Tx) left(k Key) *value {
	for _, o := range slices.Backward(tx.ops) {
		if o.key != k {
			continue
		}
		switch o.kind {
		case remove:
			return nil
		case put, insert, update:
			return &value{o.v, o.cat}
		}
	}
	return nil
}

// explainedBy looks at each record that the transaction read.
func (tx *Tx) explainedBy(versions map[Key][]version) bool {
	seen := map[Key]int{} // by what time it was read first
	got := map[Key]*value{}
	written := map[Key]bool{}
	explained := func(k Key, v *value, now int) bool {
		at, again := seen[k]
		if !again {
			at = now
			seen[k] = now
		}
		return written[k] || tx.sees(versions[k], v, at, !again && tx.writes(k))
	}
	for _, o := range tx.ops {
		switch o.kind {
		case scan:
			for k, v := range o.rows {
				if !explained(k, &v, o.began) {
					return false
				}
			}
		case get:
			before, again := got[o.key]
			if again && !written[o.key] && tx.repeats() && !same(before, o.got) || !explained(o.key, o.got, o.began) {
				return false
			}
			got[o.key] = o.got
		default:
			written[o.key] = true
		}
	}
	return true
}

// repeats reports whether the transaction's reads of a record all return the same.
func (tx *Tx) repeats() bool { return tx.client.run.scenario.Isolation != commit.ReadCommitted }

func (tx *Tx) writes(k Key) bool {
	return slices.ContainsFunc(tx.ops, func(o op) bool { return o.key == k && o.kind != get && o.kind != scan })
}

// sees reports whether the transaction could have read got at a time: a version
// that nobody had replaced by then, as far as anybody was told; and, if it replaces
// the record itself, the one before its own.
func (tx *Tx) sees(all []version, got *value, at int, replaces bool) bool {
	if len(all) == 0 {
		return got == nil
	}
	for i, v := range all {
		if !same(v.value, got) {
			continue
		}
		last := i+1 == len(all)
		if replaces && (last || all[i+1].by != tx) {
			continue
		}
		if !last && tx.repeats() && all[i+1].by.ended(at) {
			continue
		}
		return true
	}
	return false
}

// ended reports whether the transaction was reported as committed by a time.
func (tx *Tx) ended(at int) bool { return tx.end == Committed && tx.met < at }

func same(a, b *value) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
