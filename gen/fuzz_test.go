package gen

import (
	"bytes"
	"go/format"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// Whatever the names and texts, either the plan reports a problem or the output
// is formatted Go in files below the output directory.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"orders", "1st", "type", "注文", "a b", "x\"y", "`", "*/", "//", "\\", "%d", "\x00", "\ufeff", "\u2028x", "\xff", "..", "../a", "con", "_", "ids", "News", "é", "ǆ", "a.b", "Orders", "schema", "İ"} {
		f.Add(name, name, name, name+"x", name)
	}
	f.Fuzz(func(t *testing.T, namespace, table, column, other, text string) {
		key := &schema.Column{Name: column, Type: schema.Text}
		range1 := &schema.Column{Name: "at" + other, Type: schema.TimestampTZ}
		data := &schema.Column{Name: other, Type: schema.Text}
		s := &schema.Schema{Tables: []*schema.Table{{
			Namespace: namespace, Name: table, Transaction: len(text)%2 == 0,
			Columns: []*schema.Column{key, range1, data}, PartitionKey: []*schema.Column{key},
			ClusteringKey: []schema.ClusteringColumn{{Column: range1}}, Indexes: []*schema.Column{data},
			Pos: schema.Position{File: text},
		}}}
		c := &config.Config{
			Interfaces: true,
			Packages:   map[string]*config.Package{namespace: {Doc: text}},
			Tables: map[string]*config.Table{namespace + "." + table: {Doc: text, Columns: map[string]*config.Column{
				other: {Doc: text, Enum: &config.Enum{Values: []config.EnumValue{{Value: text, Doc: text}}}},
			}}},
		}
		plan, found := NewPlan(s, c)
		if found.Err() != nil {
			return
		}
		files, err := Generate(plan)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !filepath.IsLocal(f.Path) || !strings.HasSuffix(f.Path, fileEnding) || strings.HasPrefix(filepath.Base(f.Path), "_") {
				t.Errorf("file %q", f.Path)
			}
			formatted, err := format.Source(f.Data)
			if err != nil || !bytes.Equal(formatted, f.Data) {
				t.Errorf("%s is not formatted: %v\n%s", f.Path, err, f.Data)
			}
			if bytes.Contains(f.Data, []byte("\n//go:")) || bytes.Contains(f.Data, []byte("\n// +build")) {
				t.Errorf("%s has a directive:\n%s", f.Path, f.Data)
			}
		}
	})
}
