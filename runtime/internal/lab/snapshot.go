package lab

import (
	"slices"
)

// snapshot reports whether what happened keeps what SNAPSHOT promises here
// (spec 4): a read of a record returns what a committed transaction wrote, the
// newest that was committed before the reader began or a newer one, and repeats;
// and a transaction that writes a record has seen the version that it replaces, so
// that no update is lost. Reads of different records may be of different times.
func (r *run) snapshot(first, final state, happened []*Tx) bool {
	versions := map[Key][]version{}
	for k, v := range first {
		versions[k] = []version{{value: &v}}
	}
	for k, writers := range r.ledger.writers {
		if len(versions[k]) == 0 {
			versions[k] = []version{{}}
		}
		for _, id := range writers {
			i := slices.IndexFunc(happened, func(tx *Tx) bool { return tx.id == id })
			if i >= 0 {
				versions[k] = append(versions[k], version{by: happened[i], value: happened[i].left(k)})
			}
		}
	}
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

// explainedBy looks at each record that the transaction read by key.
func (tx *Tx) explainedBy(versions map[Key][]version) bool {
	seen := map[Key]*value{}
	written := map[Key]bool{}
	for _, o := range tx.ops {
		switch o.kind {
		case scan:
			for k, v := range o.rows {
				if !written[k] && !tx.sees(versions[k], &v, false) {
					return false
				}
			}
		case get:
			if written[o.key] {
				continue
			}
			if before, again := seen[o.key]; again && !same(before, o.got) {
				return false
			}
			seen[o.key] = o.got
			if !tx.sees(versions[o.key], o.got, tx.writes(o.key)) {
				return false
			}
		default:
			written[o.key] = true
		}
	}
	return true
}

func (tx *Tx) writes(k Key) bool {
	return slices.ContainsFunc(tx.ops, func(o op) bool { return o.key == k && o.kind != get && o.kind != scan })
}

// sees reports whether the transaction could have read got: a version that was
// not replaced before it began; and, if it replaces the record itself, the one
// before its own.
func (tx *Tx) sees(all []version, got *value, replaces bool) bool {
	if len(all) == 0 {
		return got == nil
	}
	for i, v := range all {
		if !same(v.value, got) {
			continue
		}
		next := i + 1
		if replaces && (next == len(all) || all[next].by != tx) {
			continue
		}
		if next < len(all) && all[next].by != tx && all[next].by.end == Committed && all[next].by.met < tx.began {
			continue // it had been replaced
		}
		return true
	}
	return false
}

func same(a, b *value) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
