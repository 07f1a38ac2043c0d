package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesExpandsPatternsInOrder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "app[1]")
	for _, name := range []string{"app[1]/schema.json", "app[1]/b/2.json", "app[1]/b/1.json", "shared/x.json"} {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, yaml, problems string
		want                 []string
	}{
		{name: "default", want: []string{"schema.json"}},
		{name: "patterns", yaml: "schema: [b/*.json, schema.json, b/1.json, '../shared/[x].json']", want: []string{"b/1.json", "b/2.json", "schema.json", "../shared/x.json"}},
		{name: "missing", yaml: "schema: [c.json, schema.json, c/*.json]", want: []string{"schema.json"},
			problems: "scalargen.yaml:1:10: there is no schema file DIR/c.json\nscalargen.yaml:1:31: no schema file matches DIR/c/*.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, ds := Load(FileName, []byte(test.yaml))
			if ds != nil {
				t.Fatal(ds)
			}
			files, ds := c.Files(dir)
			for i, f := range files {
				relative, err := filepath.Rel(dir, f)
				if err != nil {
					t.Fatal(err)
				}
				files[i] = filepath.ToSlash(relative)
			}
			if diff := cmp.Diff(test.want, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.problems, filepath.ToSlash(strings.ReplaceAll(ds.Error(), dir, "DIR"))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesExplainsTheDefault(t *testing.T) {
	t.Parallel()
	_, ds := (&Config{}).Files("nowhere")
	want := ": there is no schema file " + filepath.Join("nowhere", "schema.json") + "; it is the default, so write it, or add schema: with the names of your files"
	if diff := cmp.Diff(want, ds.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
