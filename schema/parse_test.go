package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPositionsCountCodePointsAndLines(t *testing.T) {
	t.Parallel()
	// The key names an undeclared column; its entry is what is located.
	const head, tail = `{"a.b": {"columns": {"id": "TEXT"}, "partition-key": [`, `"x"]}}`
	for _, tt := range []struct {
		name, before string
		want         Position
	}{
		{"nothing", "", Position{Offset: 0, Line: 1, Column: 1}},
		{"blank", " ", Position{Offset: 1, Line: 1, Column: 2}},
		{"tab is one column", "\t\t", Position{Offset: 2, Line: 1, Column: 3}},
		{"two-byte character", "/*é*/", Position{Offset: 6, Line: 1, Column: 6}},
		{"four-byte character", "/*😀*/", Position{Offset: 8, Line: 1, Column: 6}},
		{"combining character counts", "/*e\u0301*/", Position{Offset: 7, Line: 1, Column: 7}},
		{"LF", "\n ", Position{Offset: 2, Line: 2, Column: 2}},
		{"CR LF is one line end", "\r\n ", Position{Offset: 3, Line: 2, Column: 2}},
		{"lone CR", "\r ", Position{Offset: 2, Line: 2, Column: 2}},
		{"CR CR LF", "\r\r\n", Position{Offset: 3, Line: 3, Column: 1}},
		{"LF in a comment", "/*\n\n*/", Position{Offset: 6, Line: 3, Column: 3}},
		{"line comment ends at CR", "//é\r", Position{Offset: 5, Line: 2, Column: 1}},
		{"line separator U+2028 is a character", "/*\u2028*/", Position{Offset: 7, Line: 1, Column: 6}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, ds := Parse(File{Name: "f", Data: []byte(head + tt.before + tail)})
			if len(ds) != 1 {
				t.Fatalf("diagnostics: %v", ds)
			}
			want := tt.want
			want.File = "f"
			want.Offset += len(head)
			if want.Line == 1 {
				want.Column += len(head)
			}
			if diff := cmp.Diff(want, ds[0].Pos); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestByteOrderMarkIsInOffsetsAndNotInColumns(t *testing.T) {
	t.Parallel()
	s, ds := Parse(File{Name: "f", Data: []byte("\ufeff" + `{"a.b": {"partition-key": ["id"], "columns": {"id": "TEXT"}}}`)})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if diff := cmp.Diff(Position{File: "f", Offset: 4, Line: 1, Column: 2}, s.Tables[0].Pos); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefusesWhatIsNotUTF8(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, data, want string }{
		{"byte in a name", "{\n \"é\xff.b\": {}}", "f:2:4: byte 0xff is not UTF-8: save the file as UTF-8"},
		{"cut character after a mark", "\ufeff{\xe3\x81", "f:1:2: byte 0xe3 is not UTF-8: save the file as UTF-8"},
		{"overlong", "\xc0\x80", "f:1:1: byte 0xc0 is not UTF-8: save the file as UTF-8"},
		{"UTF-16 little endian", "\xff\xfe{\x00}\x00", "f:1:1: the file is UTF-16: save it as UTF-8"},
		{"UTF-16 big endian", "\xfe\xff\x00{\x00}", "f:1:1: the file is UTF-16: save it as UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, ds := Parse(File{Name: "f", Data: []byte(tt.data)})
			if diff := cmp.Diff(tt.want, ds.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLegacyTransactionDefaultIsForMissingMembersOnly(t *testing.T) {
	t.Parallel()
	f := File{Name: "f", Data: []byte(`{
		"a.missing": {"partition-key": ["id"], "columns": {"id": "TEXT", "tx_id": "TEXT"}},
		"a.on": {"transaction": true, "partition-key": ["id"], "columns": {"id": "TEXT"}},
		"a.off": {"transaction": false, "partition-key": ["id"], "columns": {"id": "TEXT"}}
	}`)}
	s, ds := Config{LegacyTransactionDefault: true}.Parse(f)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	got := map[string]bool{}
	for _, table := range s.Tables {
		got[table.FullName()] = table.Transaction
	}
	if diff := cmp.Diff(map[string]bool{"a.missing": false, "a.on": true, "a.off": false}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ds := Parse(f); ds.Err() == nil {
		t.Error("without the option, tx_id in a.missing is accepted")
	}
}

func TestSeveralFilesMergeInTheOrderGiven(t *testing.T) {
	t.Parallel()
	file := func(name string, tables ...string) File {
		var entries []string
		for _, table := range tables {
			entries = append(entries, fmt.Sprintf(`%q: {"partition-key": ["id"], "columns": {"id": "TEXT"}}`, table))
		}
		return File{Name: name, Data: []byte("{" + strings.Join(entries, ",") + "}")}
	}
	s, ds := Parse(file("z", "n.b", "m.a"), file("empty"), file("a", "n.a"))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var got []string
	for _, table := range s.Tables {
		got = append(got, table.Pos.File+" "+table.FullName())
	}
	if diff := cmp.Diff([]string{"z n.b", "z m.a", "a n.a"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoFilesAreAnEmptySchema(t *testing.T) {
	t.Parallel()
	if s, ds := Parse(); s == nil || len(s.Tables) > 0 || ds.Err() != nil {
		t.Errorf("got %v, %v", s, ds)
	}
}

func TestErrorsLeaveWhatCouldBeUnderstood(t *testing.T) {
	t.Parallel()
	s, ds := Parse(File{Name: "f", Data: []byte(`{
		"a.good": {"partition-key": ["id"], "columns": {"id": "TEXT"}},
		"a.half": {"partition-key": ["id", "nope"], "columns": {"id": "STRING", "n": "INT"}},
		"bad": {"partition-key": ["id"], "columns": {"id": "TEXT"}}
	}`)})
	if ds.Err() == nil {
		t.Fatal("accepted")
	}
	want := `"a"."good" transaction=true (2:3)
	column "id" TEXT (2:51)
	partition "id"
"a"."half" transaction=true (3:3)
	column "id" Type(0) (3:59)
	column "n" INT (3:75)
	partition "id"
`
	if diff := cmp.Diff(want, dump(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTableLookups(t *testing.T) {
	t.Parallel()
	s, ds := Parse(File{Name: "f", Data: []byte(`{"a.b": {"partition-key": ["p"], "clustering-key": ["c DESC"], "columns": {"v": "INT", "c": "INT", "p": "INT"}}}`)})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	table := s.Tables[0]
	var key []string
	for _, c := range table.PrimaryKey() {
		key = append(key, c.Name)
	}
	if diff := cmp.Diff([]string{"p", "c"}, key); diff != "" {
		t.Errorf("primary key (-want +got):\n%s", diff)
	}
	for name, isKey := range map[string]bool{"p": true, "c": true, "v": false} {
		if c := table.Column(name); c == nil || table.IsKey(c) != isKey {
			t.Errorf("column %s: %v, want key %t", name, c, isKey)
		}
	}
	if c := table.Column("P"); c != nil {
		t.Errorf("names are case-sensitive, and P found %v", c)
	}
	if got := table.FullName(); got != "a.b" {
		t.Errorf("full name %q", got)
	}
}

func TestTypeNamesParseInAnyLetterCase(t *testing.T) {
	t.Parallel()
	for typ := Boolean; typ <= TimestampTZ; typ++ {
		for _, name := range []string{typ.String(), strings.ToLower(typ.String())} {
			if got, ok := ParseType(name); !ok || got != typ {
				t.Errorf("ParseType(%q) = %v, %t", name, got, ok)
			}
		}
	}
	for _, name := range []string{"", "STRING", "INT ", "DATEſ", "Type(0)"} {
		if got, ok := ParseType(name); ok {
			t.Errorf("ParseType(%q) = %v", name, got)
		}
	}
}

func TestDiagnosticsAsError(t *testing.T) {
	t.Parallel()
	warning := Diagnostic{Position{"f", 9, 2, 3}, Warning, "odd"}
	wrong := Diagnostic{Position{"f", 12, 3, 1}, Error, "wrong"}
	if err := (Diagnostics{warning}).Err(); err != nil {
		t.Errorf("only warnings: %v", err)
	}
	if err := Diagnostics(nil).Err(); err != nil {
		t.Errorf("nothing: %v", err)
	}
	err := Diagnostics{warning, wrong}.Err()
	if want := "f:2:3: warning: odd\nf:3:1: wrong"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	var d Diagnostic
	if !errors.As(err, &d) || d != warning {
		t.Errorf("errors.As found %v", d)
	}
	if got := (Position{File: "f"}).String(); got != "f" {
		t.Errorf("position without a line: %s", got)
	}
}

func TestDiagnosticsBeyondTheLimitAreCounted(t *testing.T) {
	t.Parallel()
	columns := strings.Repeat(`"c": "INT", `, 3000)
	options := strings.Builder{}
	for i := range 2000 {
		fmt.Fprintf(&options, `"option %d": 1, `, i)
	}
	_, ds := Parse(File{Name: "f", Data: []byte(`{"a.b": {` + options.String() + `"partition-key": ["c"], "columns": {` + columns + `"d": "INT"}}}`)})
	if got, want := len(ds), 2*maxReported+2; got != want {
		t.Fatalf("%d diagnostics, want %d", got, want)
	}
	if got, want := ds[len(ds)-2].Message, "1999 more errors are not shown: correct the ones above first"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if last := ds[len(ds)-1]; last.Severity != Warning || !strings.HasPrefix(last.Message, "1000 more warnings") {
		t.Errorf("got %v", last)
	}
}
