package admin

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

func parseImports(texts ...string) ([]Import, schema.Diagnostics) {
	var files []schema.File
	for i, text := range texts {
		files = append(files, schema.File{Name: string(rune('a'+i)) + ".json", Data: []byte(text)})
	}
	return ParseImports(files...)
}

func TestParseImports(t *testing.T) {
	t.Parallel()
	got, found := parseImports("\ufeff"+`{
  "order.legacy": {},
  "order.old": {"transaction": "FALSE", "override-columns-type": {"at": " timestamptz ", "é": "DATE"},
    "partition-key": ["id"], "columns": {"id": "TEXT"}, "ru": 5, "transaction-metadata-decoupling": false}
}`, ` {"a.b" : { "transaction" : true } } `)
	want := []Import{
		{storage.TableName{Namespace: "order", Name: "legacy"}, true, map[string]storage.Type{}, schema.Position{File: "a.json", Offset: 7, Line: 2, Column: 3}},
		{storage.TableName{Namespace: "order", Name: "old"}, false, map[string]storage.Type{"at": storage.TimestampTZ, "é": storage.Date}, schema.Position{File: "a.json", Offset: 29, Line: 3, Column: 3}},
		{storage.TableName{Namespace: "a", Name: "b"}, true, map[string]storage.Type{}, schema.Position{File: "b.json", Offset: 2, Line: 1, Column: 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" || found != nil {
		t.Errorf("%v\n(-want +got)\n%s", found, diff)
	}
}

func TestImportFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                                 "a.json:1:1: this is no JSON: EOF",
		`{`:                                "a.json:1:2: this is no JSON: ",
		`{"a.b": {}`:                       "a.json:1:11: this is no JSON: ",
		`{"a.b": {"transaction": tru}}`:    "this is no JSON: invalid character",
		"{\n # comment\n}":                 "a.json:2:2: this is no JSON: invalid character '#'",
		`[]`:                               "a.json:1:1: an import file is a JSON object whose members are tables",
		`7`:                                "a.json:1:1: an import file is a JSON object",
		`{} {}`:                            "a.json:1:4: there is text after the brace that closes the file",
		"{\"\xff\": 1}":                    "a.json:1:1: the file is not UTF-8",
		`{"a": {}}`:                        `a.json:1:2: table name "a" is not of the form "namespace.table"`,
		`{"a.b.c": {}}`:                    `table name "a.b.c" is not of the form`,
		`{".b": {}}`:                       `table name ".b" is not of the form`,
		`{"a.b": 7}`:                       `a.json:1:9: table "a.b" must be an object`,
		`{"a.b": [{"x": [1]}], "a.c": {}}`: `a.json:1:9: table "a.b" must be an object`,
		`{"a.b": {}, "a.b": {}}`:           `a.json:1:13: "a.b" is declared twice`,
		`{"a.b": {"transaction": "yes"}}`:  `a.json:1:25: "transaction" must be true or false`,
		`{"a.b": {"transaction": null}}`:   `"transaction" must be true or false`,
		`{"a.b": {"transaction": {}}}`:     `"transaction" must be true or false`,
		`{"a.b": {"transaction": false, "transaction": true}}`:         `a.json:1:32: "transaction" is declared twice`,
		`{"a.b": {"transaction-metadata-decoupling": true}}`:           "are not supported",
		`{"a.b": {"override-columns-type": ["x"]}}`:                    `a.json:1:35: "override-columns-type" must be an object`,
		`{"a.b": {"override-columns-type": {"c": "DATETIME"}}}`:        `a.json:1:41: column "c" has the type "DATETIME", and there is no such`,
		`{"a.b": {"override-columns-type": {"c": 1}}}`:                 `column "c" has the type "1"`,
		`{"a.b": {"override-columns-type": {"c": "INT", "c": "INT"}}}`: `"c" is declared twice`,
		strings.Repeat(" ", 1<<20+1):                                   "and the limit is 1048576",
	} {
		if _, found := parseImports(text); found.Err() == nil || !strings.Contains(found.Error(), want) {
			t.Errorf("%.60s: %v, want %s", text, found, want)
		}
	}
	if _, found := parseImports(`{"a.b": {}}`, ` {"a.b": {}}`); found.Err() == nil || found.Error() != `b.json:1:3: table "a.b" is declared twice, first at a.json:1:2: remove one of them` {
		t.Error(found)
	}
}

func TestMembersThatMeanNothingAreWarnings(t *testing.T) {
	t.Parallel()
	imports, found := parseImports(`{"a.b": {"transactions": false, "frobnicate": {"x": 1}}}`)
	const want = `a.json:1:10: warning: "transactions" means nothing for an import, and is ignored: did you mean "transaction"?
a.json:1:33: warning: "frobnicate" means nothing for an import, and is ignored`
	if diff := cmp.Diff(want, found.Error()); diff != "" || found.Err() != nil || len(imports) != 1 {
		t.Error(diff)
	}
}

func FuzzParseImports(f *testing.F) {
	f.Add(`{"a.b": {"transaction": false, "override-columns-type": {"c": "INT"}}, "c.d": [1, {"x": null}], "e": 7}`)
	f.Add(`{"a.b": {`)
	f.Fuzz(func(t *testing.T, text string) {
		imports, found := parseImports(text)
		for _, d := range found {
			if d.Pos.Line < 1 || d.Pos.Column < 1 || d.Pos.Offset > len(text) {
				t.Errorf("position %+v", d.Pos)
			}
		}
		if found.Err() != nil {
			return
		}
		for _, i := range imports {
			if i.Name.Namespace == "" || i.Name.Name == "" || i.Pos.Offset >= len(text) || text[i.Pos.Offset] != '"' {
				t.Errorf("import %+v", i)
			}
		}
	})
}

func TestPlanImports(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, kind)
			imports, found := parseImports(`{"order.legacy": {"transaction": true}, "order.log": {"transaction": false}}`)
			if found != nil {
				t.Fatal(found)
			}
			a := New(s, scalar.Config{})
			p, err := a.PlanImports(t.Context(), imports)
			apply(t, a, planned(t, p, err, strings.TrimPrefix(changes["import"].steps, "\n")+"order.log: is imported already\n"))
			wantTransactional(t, s)
		})
	}
}

func TestImportsThatCannotBeAreAllReported(t *testing.T) {
	t.Parallel()
	imports, _ := parseImports(`{"order.legacy": {"override-columns-type": {"note": "BLOB"}}, "order.none": {}, "coordinator.x": {}}`)
	_, err := New(newShop(t, "memory"), scalar.Config{}).PlanImports(t.Context(), imports)
	for _, want := range []string{"order.legacy: invalid request: column note is TEXT and cannot be read as BLOB", "order.none: table not found", "DB-CORE-10096"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if !errors.Is(err, storage.ErrTableNotFound) || !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("classes of %v", err)
	}
}

func TestImportWithoutTransactionsByConfiguration(t *testing.T) {
	t.Parallel()
	imports, _ := parseImports(`{"order.legacy": {}}`)
	p, err := New(newShop(t, "memory"), scalar.Config{WithoutTransactions: true}).PlanImports(t.Context(), imports)
	planned(t, p, err, "import table order.legacy\n")
}
