package commit

import (
	"fmt"
	"testing"
)

// Who writes what is not there is expected to do so again, and who writes what is
// there as well.
func TestWritesLearnWhetherToReadFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var n counter
	e := w.engine(n.around)
	for _, tt := range []struct {
		record         int
		gets, prepares int
	}{
		{1, 1, 2}, // not there, which costs a prepare in vain
		{2, 1, 1}, // not there, as expected
		{2, 1, 1}, // there, which was not expected
		{2, 0, 1}, // there, as expected
		{3, 1, 2},
	} {
		tx := begin(t, e, Snapshot)
		ref := item(t, e, tt.record, 1)
		ok(t, tx.Upsert(t.Context(), ref, set(ref.Table, "v", 2)))
		ok(t, tx.Commit(t.Context()))
		calls := n.take()
		want(t, "gets and prepares", fmt.Sprint(calls["get"], calls["prepare"]), fmt.Sprint(tt.gets, tt.prepares))
	}
}
