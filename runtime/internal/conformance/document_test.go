package conformance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/conformance.md")

const documentPath = "../../../docs/conformance.md"

func TestDocument(t *testing.T) {
	t.Parallel()
	want := document(t)
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
func document(t *testing.T) string {
	var b strings.Builder
	names := make([]string, len(backends))
	for i, s := range backends {
		names[i] = s.name
	}
	ways := make([]string, len(variants)-1)
	for i, v := range variants[1:] {
		ways[i] = v.name
	}
	fmt.Fprintf(&b, `# Conformance

The checklist of the Consensus Commit specification, item by item. `+"`go test ./runtime/internal/conformance`"+` runs every item that passes
or differs on every storage (%s; servers with the first of the options), under the isolation levels, modes, ids and ways of access that it varies over, and compares this page.
The items of %s that are not about one way to commit also run with other options of the engine (%s).

| verdict | items | meaning |
|---|---:|---|
`, strings.Join(names, ", "), letterRange(variantLetters), strings.Join(ways, ", "))
	count := map[verdict]int{}
	for _, it := range checklist {
		count[it.Verdict]++
	}
	for _, v := range []struct {
		verdict verdict
		meaning string
	}{
		{pass, "as specified"},
		{difference, "something else on purpose, for the reason that follows; the test shows what. See also [decisions](decisions.md)"},
		{notApplicable, "about something that does not exist here"},
		{elsewhere, "as specified; the test needs more than this library, or runs beside the engine"},
		{pending, "not there yet"},
	} {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", v.verdict, count[v.verdict], v.meaning)
	}
	fmt.Fprintf(&b, "| all | %d | items of the checklist |\n", len(checklist))
	for _, l := range letters {
		fmt.Fprintf(&b, "\n## %s. %s\n\n%s\n\n| id | what | verdict |\n|---|---|---|\n", l.letter, l.title, testFiles(t, l.letter))
		for _, it := range checklist {
			if strings.HasPrefix(it.ID, l.letter) {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", it.ID, cell(it.Title), judgement(it))
			}
		}
	}
	return b.String()
}

// testFiles links the files with the items of a letter.
func testFiles(t *testing.T, letter string) string {
	files, err := filepath.Glob(strings.ToLower(letter) + "_*_test.go")
	ok(t, err)
	links := make([]string, len(files))
	for i, name := range files {
		links[i] = fmt.Sprintf("[%s](../runtime/internal/conformance/%s)", name, name)
	}
	return strings.Join(links, ", ")
}

// letterRange is a run of letters as text, as in "A to J".
func letterRange(letters string) string { return letters[:1] + " to " + letters[len(letters)-1:] }

// judgement is the verdict on an item with its reason.
func judgement(it item) string {
	if it.Reason == "" {
		return it.Verdict.String()
	}
	return "**" + it.Verdict.String() + "**: " + cell(it.Reason)
}

// cell makes a text fit into a table: it begins with a capital.
func cell(s string) string {
	s = strings.ReplaceAll(s, "|", `\|`)
	return strings.ToUpper(s[:1]) + s[1:]
}
