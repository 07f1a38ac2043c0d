package conformance

import (
	"fmt"
	"strings"
	"testing"
)

// letters are the chapters of the checklist with the number of their items.
var letters = []struct {
	letter string
	title  string
	items  int
}{
	{"A", "Basics", 30},
	{"B", "Writes and commit", 25},
	{"C", "Two operations on one record", 9},
	{"D", "Conditions", 6},
	{"E", "Scans over own writes", 8},
	{"F", "Recovery of records that others left prepared", 19},
	{"G", "Writing over records that others left prepared", 8},
	{"H", "Secondary indexes", 15},
	{"I", "Isolation and validation", 11},
	{"J", "Operations of their own transaction", 4},
	{"K", "One-phase commit and grouping of mutations", 5},
	{"L", "Group commit", 17},
	{"M", "Finishing transactions and recovering records", 7},
	{"N", "Imported records without metadata", 5},
	{"O", "Scans of whole tables, metadata columns, attributes", 3},
	{"P", "Two-phase interface, old", 14},
	{"Q", "Two-phase commit across services", 13},
	{"R", "Retries, single operations, administration", 3},
	{"S", "Other implementations and versions", 5},
	{"T", "Behaviour of parts", 12},
}

func TestChecklistIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, it := range checklist {
		seen[it.ID]++
		switch {
		case it.Title == "":
			t.Errorf("%s has no title", it.ID)
		case it.Verdict < pass || it.Verdict > pending:
			t.Errorf("%s has no verdict", it.ID)
		case (it.Verdict == pass || it.Verdict == difference) && it.Test == nil:
			t.Errorf("%s has the verdict %s without a test", it.ID, it.Verdict)
		case (it.Verdict == notApplicable || it.Verdict == pending) && it.Test != nil:
			t.Errorf("%s has the verdict %s and a test", it.ID, it.Verdict)
		case (it.Reason == "") != (it.Verdict == pass):
			t.Errorf("%s has the verdict %s and the reason %q", it.ID, it.Verdict, it.Reason)
		case strings.HasSuffix(it.Title, ".") || strings.HasSuffix(it.Reason, "."):
			t.Errorf("%s: a title or reason ends with a stop", it.ID)
		}
	}
	for _, l := range letters {
		for n := 1; n <= l.items; n++ {
			id := fmt.Sprintf("%s%02d", l.letter, n)
			if seen[id] != 1 {
				t.Errorf("%s is %d times in the list, want once", id, seen[id])
			}
			delete(seen, id)
		}
	}
	for id := range seen {
		t.Errorf("%s is not in the specification", id)
	}
}
