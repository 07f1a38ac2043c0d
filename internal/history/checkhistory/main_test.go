package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected reports")

// TestReports checks what the command prints, and its exit code, on the
// histories of testdata.
func TestReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"write_skew", []string{"-level", "serializable", "testdata/write_skew.jsonl"}, broken},
		{"write_skew_snapshot", []string{"-level", "snapshot", "-realtime", "testdata/write_skew.jsonl"}, kept},
		{"phantom", []string{"testdata/phantom.jsonl"}, broken},
		{"lost_write", []string{"-level", "strict-serializable", "testdata/lost_write_a.jsonl", "testdata/lost_write_b.jsonl"}, broken},
		{"lost_write_serializable", []string{"testdata/lost_write_a.jsonl", "testdata/lost_write_b.jsonl"}, kept},
		{"lost_update", []string{"-level", "read-committed", "testdata/lost_update.jsonl"}, broken},
		{"undecided", []string{"-effort", "1", "testdata/open_order.jsonl"}, undecided},
		{"undecided_exact", []string{"-effort", "1", "-exact", "1000", "testdata/open_order.jsonl"}, broken},
		{"open_order", []string{"testdata/open_order.jsonl"}, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(c.args, &stdout, &stderr); code != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, c.code, &stdout, &stderr)
			}
			golden := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(golden, stdout.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), stdout.String()); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	malformed := filepath.Join(t.TempDir(), "malformed.jsonl")
	if err := os.WriteFile(malformed, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.jsonl")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.jsonl")
	if err := os.WriteFile(cut, []byte(`{"index":0,"type":"invoke","process":0,"time":1,"tx":"a","value":[]}`+"\n"+`{"index":1,"ty`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{nil, "usage: checkhistory", unusable},
		{[]string{"-level", "perfect", malformed}, `unknown level "perfect"`, unusable},
		{[]string{filepath.Join(t.TempDir(), "missing.jsonl")}, "missing.jsonl", unusable},
		{[]string{malformed}, `malformed.jsonl:1: column 3: the event has no "index"`, unusable},
		{[]string{empty}, "no committed transaction", unusable},
		{[]string{cut}, "cut.jsonl:2: column 15: the line ends inside a string: the file ends in the middle of the line", truncated},
		{[]string{"-unknown"}, "unknown", unusable},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(c.args, &stdout, &stderr); code != c.code || !bytes.Contains(stderr.Bytes(), []byte(c.want)) {
			t.Errorf("checkhistory %q: exit code %d, message %q; want %d, %q", c.args, code, &stderr, c.code, c.want)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-h"}, &stdout, &stderr); code != kept {
		t.Errorf("-h exits with %d", code)
	}
}
