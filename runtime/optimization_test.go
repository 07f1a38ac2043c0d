package scalar_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
)

// What is written without being read costs no read, unless that is turned off.
func TestOptimizationsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	type kind = []scalar.Optimization
	for name, c := range map[string]struct {
		without kind
		reads   int
	}{
		"all on":     {nil, 0},
		"one off":    {kind{scalar.KeepImages}, 1},
		"others off": {kind{scalar.CheckReads, scalar.BatchDecisions, scalar.BatchRecords}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, scalartest.With(scalar.Without(c.without...)))
			must(t, orders.Insert(t.Context(), db, first))
			before := len(scalartest.History(db))
			must(t, orders.Upsert(t.Context(), db, first))
			reads := 0
			for _, call := range scalartest.History(db)[before:] {
				if call.Op == scalartest.Get {
					reads++
				}
			}
			if reads != c.reads {
				t.Errorf("%d reads before the write, want %d", reads, c.reads)
			}
		})
	}
}

func TestPropertyOfOptimizations(t *testing.T) {
	t.Parallel()
	c, err := scalar.ParseConfig(storage.Properties{"scalar.db.storage": "memory", "scalargen.without": "batch_records, KEEP_IMAGES"})
	if must(t, err); !slices.Equal(c.Without, []scalar.Optimization{scalar.BatchRecords, scalar.KeepImages}) {
		t.Errorf("without %v", c.Without)
	}
	for value, message := range map[string]string{
		"check_read": "scalargen.without: there is no optimization check_read: did you mean check_reads?",
		"speed":      "there is no optimization speed: there are keep_images, check_reads, batch_decisions, batch_records",
	} {
		_, err := scalar.ParseConfig(storage.Properties{"scalar.db.storage": "memory", "scalargen.without": value})
		var problems *scalar.ConfigError
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v, want %s", value, err, message)
		}
	}
}
