package conformance

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/conformance.md")

const documentPath = "../../../docs/conformance.md"

func TestDocument(t *testing.T) {
	t.Parallel()
	want := document()
	if *update {
		ok(t, os.WriteFile(documentPath, []byte(want), 0o644))
		return
	}
	got, err := os.ReadFile(documentPath)
	ok(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/conformance.md is stale: run this test with -update (-want +got):\n%s", diff)
	}
}

// document is the text of docs/conformance.md.
func document() string {
	var b strings.Builder
	names := make([]string, len(backends))
	for i, s := range backends {
		names[i] = s.name
	}
	fmt.Fprintf(&b, `# Conformance

The checklist of the Consensus Commit specification, item by item. `+"`go test ./runtime/internal/conformance`"+` runs every item that passes
or differs on every storage (%s), under the isolation levels, modes, ids and ways of access that it varies over, and compares this page.

| verdict | items | meaning |
|---|---:|---|
`, strings.Join(names, ", "))
	count := map[verdict]int{}
	for _, it := range checklist {
		count[it.Verdict]++
	}
	for _, v := range []struct {
		verdict verdict
		meaning string
	}{
		{pass, "as specified"},
		{difference, "something else on purpose, see the reason and [decisions](decisions.md); the test shows what"},
		{notApplicable, "about something that does not exist here"},
		{pending, "not there yet"},
	} {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", v.verdict, count[v.verdict], v.meaning)
	}
	fmt.Fprintf(&b, "| all | %d | |\n", len(checklist))
	for _, l := range letters {
		fmt.Fprintf(&b, "\n## %s. %s\n\n| id | what | verdict | reason |\n|---|---|---|---|\n", l.letter, l.title)
		for _, it := range checklist {
			if strings.HasPrefix(it.ID, l.letter) {
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", it.ID, cell(it.Title), it.Verdict, cell(it.Reason))
			}
		}
	}
	return b.String()
}

// cell makes a text fit into a table: a sentence without its stop.
func cell(s string) string {
	s = strings.TrimSuffix(strings.ReplaceAll(s, "|", `\|`), ".")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
