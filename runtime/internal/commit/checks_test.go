package commit

import (
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// withoutChecks is a database that has no locks to check a record with.
type withoutChecks struct{ storage.Storage }

func (s withoutChecks) Info(namespace string) storage.Info {
	info := s.Storage.Info(namespace)
	info.Checks, info.Batch = false, false
	return info
}

// Where records cannot be checked beside writes, they are read again.
func TestReadsAreValidatedApartWithoutChecks(t *testing.T) {
	t.Parallel()
	for _, phases := range []int{1, 2} {
		w := newWorld(t)
		w.item(1, 1, "t0", "v", 1)
		w.item(2, 1, "t0", "v", 1)
		var n counter
		e := w.engine(nil, func(o *Options) { o.OnePhase = phases == 1 })
		e.storage = withoutChecks{faulty.Wrap(w.store, aroundFunc(n.around).script)}
		tx := begin(t, e, Serializable)
		get(t, tx, item(t, e, 2, 1))
		ok(t, update(t.Context(), tx, item(t, e, 1, 1), 2))
		ok(t, tx.Commit(t.Context()))
		if calls := n.take(); calls["get"] != 3 || calls["decide"] != 1 {
			t.Errorf("%d phases: %v, want two phases with a validation", phases, calls)
		}
	}
}
