package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// FuzzParse checks, for any bytes: no panic, no hang, diagnostics in order and
// at true positions, and for an accepted input that its rendering as plain
// JSON means the same.
func FuzzParse(f *testing.F) {
	seed := func(kind, pattern string) {
		for _, data := range corpusSeeds(f, kind, pattern) {
			f.Add(data)
		}
	}
	seed("accept", "*.json")
	seed("reject", "*.txtar")
	for _, s := range []string{"", "{", "\ufeff{}", "\xff", `{"a.b":{}}`, "{'a.b':{columns=>{a:[[INT]]};partition-key:[a]}}//", `{"\ud83d\ude00.\u0041":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ds := Parse(File{Name: "f", Data: data})
		for i, d := range ds {
			if line, column, ok := locate(data, d.Pos.Offset); !ok || line != d.Pos.Line || column != d.Pos.Column {
				t.Errorf("%v: offset %d of %d is at %d:%d", d, d.Pos.Offset, len(data), line, column)
			}
			if i > 0 && d.Pos.Offset < ds[i-1].Pos.Offset && len(ds) < maxReported {
				t.Errorf("%v comes after %v", d, ds[i-1])
			}
			if d.Message == "" || !utf8.ValidString(d.Message) || strings.ContainsAny(d.Message, "\r\n") {
				t.Errorf("message %q", d.Message)
			}
		}
		if ds.Err() != nil {
			return
		}
		for _, table := range s.Tables {
			for _, c := range slices.Concat(table.PrimaryKey(), table.Indexes) {
				if c == nil || !slices.Contains(table.Columns, c) {
					t.Errorf("%s: key or index column %v is not a column", table.FullName(), c)
				}
			}
		}
		again, ds := Parse(File{Name: "f", Data: []byte(render(s))})
		if err := ds.Err(); err != nil {
			t.Fatalf("rendered as\n%s\nrefused: %v", render(s), err)
		}
		if diff := cmp.Diff(render(s), render(again)); diff != "" {
			t.Errorf("means something else when rendered (-want +got):\n%s", diff)
		}
	})
}

// corpusSeeds returns the schema files of the corpus.
func corpusSeeds(f *testing.F, kind, pattern string) [][]byte {
	var seeds [][]byte
	for _, path := range glob(f, kind, pattern) {
		data := read(f, path)
		if kind == "accept" {
			seeds = append(seeds, data)
			continue
		}
		for _, file := range txtar.Parse(data).Files {
			if file.Name != "want" {
				seeds = append(seeds, file.Data)
			}
		}
	}
	return seeds
}

// locate computes line and column of an offset the slow way.
func locate(data []byte, offset int) (line, column int, ok bool) {
	if offset > len(data) {
		return 0, 0, false
	}
	text := strings.TrimPrefix(string(data[:offset]), "\ufeff")
	if offset == len(data) || data[offset] != '\n' {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	} else { // between the two bytes of a line end
		body, cr := strings.CutSuffix(text, "\r")
		text = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
		if cr {
			text += "x"
		}
	}
	last := strings.LastIndexByte(text, '\n')
	return strings.Count(text, "\n") + 1, utf8.RuneCountInString(text[last+1:]) + 1, true
}

// render writes a schema as plain JSON.
func render(s *Schema) string {
	var b strings.Builder
	list := func(name string, entries []string) {
		fmt.Fprintf(&b, "    %s: [%s],\n", jsonText(name), strings.Join(entries, ", "))
	}
	b.WriteString("{\n")
	for i, t := range s.Tables {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  %s: {\n    \"transaction\": %t,\n", jsonText(t.FullName()), t.Transaction)
		var partition, clustering, indexes, columns []string
		for _, c := range t.PartitionKey {
			partition = append(partition, jsonText(c.Name))
		}
		for _, c := range t.ClusteringKey {
			clustering = append(clustering, jsonText(c.Name+" "+c.Order.String()))
		}
		for _, c := range t.Indexes {
			indexes = append(indexes, jsonText(c.Name))
		}
		for _, c := range t.Columns {
			columns = append(columns, jsonText(c.Name)+": "+jsonText(c.Type.String()))
		}
		list(memberPartitionKey, partition)
		list(memberClusteringKey, clustering)
		list(memberIndex, indexes)
		for _, o := range t.Options {
			fmt.Fprintf(&b, "    %s: %s,\n", jsonText(o.Name), jsonText(o.Value))
		}
		fmt.Fprintf(&b, "    \"columns\": {%s}\n  }", strings.Join(columns, ", "))
	}
	b.WriteString("\n}\n")
	return b.String()
}

// jsonText renders a string; what JSON cannot hold raw is escaped.
func jsonText(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // no string fails
	}
	return string(text)
}
