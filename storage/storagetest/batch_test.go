package storagetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

func TestBatchChecksAreSkippedAndCountedWithoutTheCapability(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options []memory.Option
		skipped []string
	}{
		{nil, nil},
		{[]memory.Option{memory.WithoutBatch()}, []string{"batch/many groups: many groups in one round trip: the storage runs no batches (Info.Batch)"}},
	} {
		r, s := &recorder{}, memory.New(c.options...)
		suite := newSuite(r, s, func() storage.Storage { return s })
		done := make(chan struct{})
		go func() {
			defer close(done)
			suite.run(r, checkNamed(t, "batch/many groups"))
		}()
		<-done
		if diff := cmp.Diff(c.skipped, suite.skipped); diff != "" || len(r.failures) > 0 {
			t.Errorf("skipped (-want +got):\n%s\nfailures: %q", diff, r.failures)
		}
	}
}

// noBatcher has an Info that promises more than the storage does.
type noBatcher struct{ storage.Storage }

func TestPromisedBatchIsMissed(t *testing.T) {
	t.Parallel()
	if failures := record(noBatcher{memory.New()}, checkNamed(t, "batch/empty")); len(failures) == 0 {
		t.Error("Info.Batch without a Batcher passes")
	}
}
