package commit

import (
	"context"

	"github.com/scalargen/scalargen/runtime/internal/writeset"
)

// writeSet returns the encoded write set to store with the transaction's
// decision, nil for none. A participant of a transaction that is carried out in
// parts has none: it does not know what the others write, and to finish its own
// part would remove the decision that theirs need.
func (tx *Tx) writeSet(ctx context.Context) ([]byte, error) {
	if !tx.engine.options.WriteSets || tx.branch {
		return nil, nil
	}
	t, err := tx.engine.coordinator.table(ctx)
	if err != nil || t.writeSet < 0 {
		return nil, err
	}
	var groups []writeset.Group
	if entries := tx.entries(); len(entries) > 0 {
		groups = []writeset.Group{{Entries: entries}}
	}
	return writeset.Encode(groups), nil
}

// entries returns the keys of the written records, puts before deletes; nil if
// write sets are not wanted.
func (tx *Tx) entries() []writeset.Entry {
	if !tx.engine.options.WriteSets {
		return nil
	}
	entries := make([]writeset.Entry, 0, len(tx.writes))
	for _, op := range []writeOp{putWrite, deleteWrite} {
		for _, r := range tx.writes {
			if r.op == op {
				entries = append(entries, r.entry())
			}
		}
	}
	return entries
}

func (r *record) entry() writeset.Entry {
	meta := r.table.meta
	columns := make([]writeset.Column, len(r.key))
	for i, c := range meta.PrimaryKey() {
		columns[i] = writeset.Column{Name: meta.Columns[c].Name, Value: r.key[i]}
	}
	n := len(meta.Partition)
	return writeset.Entry{Table: meta.TableName, Partition: columns[:n:n], Clustering: columns[n:]}
}
