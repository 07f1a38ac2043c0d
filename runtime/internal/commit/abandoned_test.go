package commit

import (
	"context"
	"testing"

	"github.com/scalargen/scalargen/storage/faulty"
)

// That a record exists explains a conflict, and no other failure.
func TestFailuresOfTheStorageAreNotExistingRecords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		failure func() error
		want    string
	}{
		{failPlain, "storage"},
		{failVictim, "exists"},
	} {
		w := newWorld(t)
		w.item(1, 1, "t0", "v", 1)
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "prepare" {
				return tt.failure()
			}
			return send(ctx)
		})
		tx := begin(t, e, Snapshot)
		ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 2))
		want(t, "commit", outcome(tx.Commit(t.Context())), tt.want)
	}
}
