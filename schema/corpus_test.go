package schema

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// cannotExpress begins the comment line that excuses a rejected case from
// being refused by the JSON Schema.
const cannotExpress = "JSON Schema cannot express this: "

// TestAccept reads each testdata/accept/*.json and compares what it means, and
// its warnings, with the .golden beside it.
func TestAccept(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "accept", "*.json") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			t.Parallel()
			f := File{Name: filepath.Base(path), Data: read(t, path)}
			s, ds := Parse(f)
			if err := ds.Err(); err != nil {
				t.Fatalf("refused:\n%v", err)
			}
			compareGolden(t, strings.TrimSuffix(path, ".json")+".golden", dump(s)+ds.Error()+"\n")
			if fault := validateFile(t, f); fault != "" {
				t.Errorf("the JSON Schema refuses it: %s", fault)
			}
		})
	}
}

// TestReject reads each testdata/reject/*.txtar: schema files and, under
// "want", the exact diagnostics.
func TestReject(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "reject", "*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive := txtar.Parse(read(t, path))
			var files []File
			refusedBySchema := ""
			want := &txtar.File{}
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = &archive.Files[i]
					continue
				}
				file := File{Name: f.Name, Data: f.Data}
				files = append(files, file)
				refusedBySchema += validateFile(t, file)
			}
			s, ds := Parse(files...)
			if ds.Err() == nil {
				t.Fatalf("accepted:\n%s", dump(s))
			}
			if got := ds.Error() + "\n"; got != string(want.Data) {
				if *update {
					want.Data = []byte(got)
					write(t, path, txtar.Format(archive))
				} else {
					t.Errorf("diagnostics (-want +got):\n%s", cmp.Diff(string(want.Data), got))
				}
			}
			excused := strings.Contains(string(archive.Comment), cannotExpress)
			if refused := refusedBySchema != ""; refused == excused {
				t.Errorf("refused by the JSON Schema: %t (%s); excused in the case's comment: %t", refused, refusedBySchema, excused)
			}
		})
	}
}

// dump renders what a schema means, one line a fact.
func dump(s *Schema) string {
	var b strings.Builder
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "%q.%q transaction=%t (%d:%d)\n", t.Namespace, t.Name, t.Transaction, t.Pos.Line, t.Pos.Column)
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "\tcolumn %q %v (%d:%d)\n", c.Name, c.Type, c.Pos.Line, c.Pos.Column)
		}
		for _, c := range t.PartitionKey {
			fmt.Fprintf(&b, "\tpartition %q\n", c.Name)
		}
		for _, c := range t.ClusteringKey {
			fmt.Fprintf(&b, "\tclustering %q %v\n", c.Name, c.Order)
		}
		for _, c := range t.Indexes {
			fmt.Fprintf(&b, "\tindex %q\n", c.Name)
		}
		for _, o := range t.Options {
			fmt.Fprintf(&b, "\toption %q=%q (%d:%d)\n", o.Name, o.Value, o.Pos.Line, o.Pos.Column)
		}
	}
	return b.String()
}

func glob(t testing.TB, kind, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", kind, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("corpus %s: %d files, %v", kind, len(paths), err)
	}
	return paths
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		write(t, path, []byte(got))
		return
	}
	if diff := cmp.Diff(string(read(t, path)), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
