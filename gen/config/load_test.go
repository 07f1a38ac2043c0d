package config

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/schema"
)

// loadCases are files and the errors in them, none if the file is good.
var loadCases = []struct {
	name string
	yaml string
	want string
	// beyond says that the JSON Schema cannot see the error.
	beyond bool
}{
	{name: "empty", yaml: ""},
	{name: "comment alone", yaml: "# nothing yet\n"},
	{name: "document marker alone", yaml: "---\n"},
	{name: "byte-order mark", yaml: "\ufeffout: db\n"},
	{name: "empty members", yaml: "schema:\nstorages:\npackages:\ntables:\n  a.b:\n  a.c: {required: , columns: }\n  a.d: {columns: {e: }}\n"},
	{name: "JSON", yaml: `{"out": "db", "tables": {"a.b": {"required": ["c"]}}}`},
	{name: "everything", yaml: everything},
	{name: "nasty names of tables and columns", yaml: "tables: {'or\"der.a b': {required: ['x''y', true, 1st], columns: {null: {doc: a}}}}\n"},
	{name: "alias", yaml: "tables:\n  a.b: &t {required: [c]}\n  a.c: *t\n"},
	{name: "unicode Go name", yaml: "tables: {a.b: {record: Überweisung}}\n"},
	{name: "upper-case package of two words", yaml: "packages: {a: order_db, b: {name: OrderDB, dir: store/v2/order-db}}\n"},
	{name: "import path with dots", yaml: "tables: {a.b: {columns: {c: {type: gopkg.in/guregu/null.v4.String}}}}\n"},
	{name: "short enum", yaml: "tables: {a.b: {columns: {c: {enum: [A, {value: B, name: Two}]}, d: {enum: {values: [1, 2]}}}}}\n"},
	{name: "standard library type", yaml: "tables: {a.b: {columns: {c: {type: time.Duration}}}}\n"},

	{name: "list at the top", yaml: "- a\n", want: `f.yaml:1:1: scalargen.yaml must be a mapping (key: value), not a list`},
	{name: "text at the top", yaml: "schema.json\n", want: `f.yaml:1:1: scalargen.yaml must be a mapping (key: value), not "schema.json"`},
	{name: "two documents", yaml: "out: a\n---\nout: b\n", want: `f.yaml:2:1: the file has a second YAML document, and only one can be meant: remove the --- line, or the rest of the file`, beyond: true},
	{name: "not UTF-8", yaml: "out: db\ndoc: \xff\n", want: `f.yaml:2:6: the file is not UTF-8: save it as UTF-8`, beyond: true},
	{name: "UTF-16", yaml: "\xff\xfeo\x00", want: `f.yaml:1:1: the file is UTF-16: save it as UTF-8`, beyond: true},
	{name: "control characters", yaml: "out: \x01\n", want: `f.yaml:1:1: the file is not YAML here or near here: control characters are not allowed; check indentation, colons and quotes`, beyond: true},
	{name: "tab", yaml: "tables:\n\ta.b: {}\n", want: `f.yaml:2:1: a tab indents the line, and YAML knows blanks only: replace it with blanks`, beyond: true},
	{name: "open quote", yaml: "out: db\nschema: \"a\n", want: `f.yaml:2:1: the file is not YAML here or near here: found unexpected end of stream; check indentation, colons and quotes`, beyond: true},
	{name: "open list", yaml: "tables:\n  a.b: {required: [name}\n", want: `f.yaml:2:3: the file is not YAML here or near here: did not find expected ',' or ']'; check indentation, colons and quotes`, beyond: true},
	{name: "two colons", yaml: "packages:\n  order: name: x\n", want: `f.yaml:2:3: the file is not YAML here or near here: mapping values are not allowed in this context; check indentation, colons and quotes`, beyond: true},
	{name: "unknown anchor", yaml: "tables:\n  a.b: *common\n", want: `f.yaml:2:8: there is no anchor &common above to which *common could refer: declare it, or quote the text if it is meant to begin with *`, beyond: true},
	{name: "merge key", yaml: "tables:\n  a.b: &t {doc: x}\n  a.c:\n    <<: *t\n", want: `f.yaml:4:5: merge keys (<<) are not supported: write the members out, or use an alias for the whole value`, beyond: true},
	{name: "alias inside its own anchor", yaml: "tables: &t\n  a.b: *t\n", want: "f.yaml:2:3: tables.a.b has no member \"a.b\": it may have record, repository, doc, interface, skip, required, columns", beyond: true},

	{name: "unknown member, near", yaml: "schemas: a.json\ntabels: {}\nlegacy_transaction_default: true\n", want: `f.yaml:1:1: scalargen.yaml has no member "schemas": did you mean schema?
f.yaml:2:1: scalargen.yaml has no member "tabels": did you mean tables?
f.yaml:3:1: scalargen.yaml has no member "legacy_transaction_default": did you mean legacy-transaction-default?`},
	{name: "unknown member, far", yaml: "version: 2\n", want: `f.yaml:1:1: scalargen.yaml has no member "version": it may have schema, out, interfaces, storages, legacy-transaction-default, packages, tables`},
	{name: "unknown members below", yaml: "packages: {a: {nmae: x}}\ntables:\n  a.b:\n    recrod: X\n    columns:\n      c: {requierd: true}\n      d: {type: {name: X, fron: y.Z}}\n      e: {enum: {name: E, vals: [A], values: [{value: A, label: x}]}}\n", want: `f.yaml:1:16: packages.a has no member "nmae": did you mean name?
f.yaml:4:5: tables.a.b has no member "recrod": did you mean record?
f.yaml:6:11: column c has no member "requierd": did you mean required?
f.yaml:7:27: type has no member "fron": did you mean from?
f.yaml:8:27: enum has no member "vals": it may have name, values
f.yaml:8:58: value has no member "label": it may have value, name, doc`},
	{name: "member twice", yaml: "out: a\nout: b\ntables:\n  a.b: {}\n  a.b: {}\n", want: `f.yaml:2:1: scalargen.yaml has "out" twice, first at line 1, column 1: remove one of them
f.yaml:5:3: tables has "a.b" twice, first at line 4, column 3: remove one of them`, beyond: true},
	{name: "keys that are no words", yaml: "? [a]\n: b\ntables: {'': {}}\n", want: `f.yaml:1:3: a key of scalargen.yaml must be a word, not a list
f.yaml:3:10: a key of tables must be a word, not ""`},

	{name: "wrong kinds", yaml: "schema: {a: b}\nout: [a]\ninterfaces: yes\nstorages: {a: b}\npackages: [a]\ntables: x\n", want: `f.yaml:1:9: schema must be a list ([a, b]), not a mapping
f.yaml:2:6: out must be a text, not a list
f.yaml:3:13: interfaces must be true or false, not "yes"
f.yaml:4:11: storages must be a list ([a, b]), not a mapping
f.yaml:5:11: packages must be a mapping (key: value), not a list
f.yaml:6:9: tables must be a mapping (key: value), not "x"`},
	{name: "wrong kinds below", yaml: "packages: {a: [x]}\ntables:\n  a.b: [x]\n  a.c:\n    record: [x]\n    interface: 1\n    skip: {}\n    required: {c: true}\n    columns: [c]\n  a.d: {columns: {c: required, d: {type: [x]}, e: {enum: A}, f: {enum: {name: F, values: A}}}}\n", want: `f.yaml:1:15: packages.a must be a mapping (key: value), not a list
f.yaml:3:8: tables.a.b must be a mapping (key: value), not a list
f.yaml:5:13: record must be a text, not a list
f.yaml:6:16: interface must be true or false, not "1"
f.yaml:7:11: skip must be true or false, not a mapping
f.yaml:8:15: required must be a list ([a, b]), not a mapping
f.yaml:9:14: columns must be a mapping (key: value), not a list
f.yaml:10:22: column c must be a mapping (key: value), not "required"
f.yaml:10:42: type must be a mapping (key: value), not a list
f.yaml:10:58: enum must be a mapping (key: value), not "A"
f.yaml:10:90: values must be a list ([a, b]), not "A"`},
	{name: "missing values", yaml: "out:\ninterfaces:\ntables:\n  a.b: {record: , doc: ~}\n", want: `f.yaml:1:5: out has no value: write one, or remove the key
f.yaml:2:12: interfaces must be true or false, not nothing
f.yaml:4:17: record has no value: write one, or remove the key
f.yaml:4:24: doc is ~, which is nothing in YAML: write "~" if it is meant as text`},
	{name: "tag", yaml: "out: !!binary aGk=\n", want: `f.yaml:1:6: out must be a plain text: remove the tag !!binary`, beyond: true},

	{name: "paths", yaml: "schema: [/etc/schema.json, 'a\\b.json', 'C:/a.json', 'x[.json', '', a.json, ./a.json]\nout: /srv\n", want: `f.yaml:1:10: schema "/etc/schema.json" is absolute, and other machines have other directories: write it relative to this file
f.yaml:1:28: schema "a\\b.json" has a backslash: write / between directories, on Windows too
f.yaml:1:40: schema "C:/a.json" is absolute, and other machines have other directories: write it relative to this file
f.yaml:1:53: schema: the pattern "x[.json" has a [ without its ]
f.yaml:1:64: schema is empty: write a path, or remove the key
f.yaml:1:76: schema names "a.json" twice: remove one of them
f.yaml:2:6: out "/srv" is absolute, and other machines have other directories: write it relative to this file`},
	{name: "package directories", yaml: "packages:\n  a: {dir: ../x}\n  b: {dir: x/../../y}\n  c: {dir: _x}\n  d: {dir: testdata/x}\n  e: {dir: 'a b'}\n  f: {dir: con}\n  g: {dir: x/COM1.go}\n  h: {dir: /x}\n  i: {dir: ünï}\n  j: {dir: x.}\n", want: `f.yaml:2:12: dir "../x" leads out of the output directory: set out to a directory above it
f.yaml:3:12: dir "x/../../y" leads out of the output directory: set out to a directory above it
f.yaml:4:12: dir "_x" has the element "_x", which the go command ignores: rename it
f.yaml:5:12: dir "testdata/x" has the element "testdata", which the go command ignores: rename it
f.yaml:6:12: dir "a b" has the element "a b", which some platforms or Go imports cannot name: write letters, digits, -, _ and .
f.yaml:7:12: dir "con" has the element "con", which some platforms or Go imports cannot name: write letters, digits, -, _ and .
f.yaml:8:12: dir "x/COM1.go" has the element "COM1.go", which some platforms or Go imports cannot name: write letters, digits, -, _ and .
f.yaml:9:12: dir "/x" is absolute, and other machines have other directories: write it relative to this file
f.yaml:10:12: dir "ünï" has the element "ünï", which some platforms or Go imports cannot name: write letters, digits, -, _ and .
f.yaml:11:12: dir "x." has the element "x.", which some platforms or Go imports cannot name: write letters, digits, -, _ and .`},
	{name: "package names", yaml: "packages:\n  a: type\n  b: main\n  c: order-db\n  d: {name: order_test}\n  e: {name: 1st}\n  f: _\n", want: `f.yaml:2:6: packages.a must be a package name, and "type" is a Go keyword: write typedb
f.yaml:3:6: packages.b must be a package name, and a package main cannot be imported: write maindb
f.yaml:4:6: packages.c must be a package name, which is a Go identifier such as orderdb, not "order-db"
f.yaml:5:13: name must be a package name, and _test at its end is for tests: write orderdb
f.yaml:6:13: name must be a package name, which is a Go identifier such as orderdb, not "1st"
f.yaml:7:6: packages.f must be a package name, which is a Go identifier such as orderdb, not "_"`},
	{name: "storages", yaml: "storages: [sqlite, sqlit, sqlite, mongo]\n", want: `f.yaml:1:20: there is no storage "sqlit": did you mean "sqlite"?
f.yaml:1:27: storages has "sqlite" twice: remove one of them
f.yaml:1:35: there is no storage "mongo": it may be one of cassandra, cosmos, db2, dynamodb, mariadb, memory, mysql, object-storage, oracle, postgres, spanner, sqlite, sqlserver, yugabytedb`},
	{name: "table without namespace", yaml: "tables: {orders: {}, a.: {}}\n", want: `f.yaml:1:10: "orders" is no table: write namespace.table, as in the schema
f.yaml:1:22: "a." is no table: write namespace.table, as in the schema`},
	{name: "Go names", yaml: "tables:\n  a.b:\n    record: order line\n    repository: orders\n    columns:\n      c: {name: 'Count\"; import \"os'}\n      d: {name: _x}\n      e: {name: 1st}\n      f: {name: ''}\n      g: {name: 名前}\n", want: `f.yaml:3:13: record must be a Go identifier, which has letters, digits and _ only, not "order line": write OrderLine
f.yaml:4:17: repository must begin with an upper-case letter to be seen outside its package, not "orders": write Orders
f.yaml:6:17: name must be a Go identifier, which has letters, digits and _ only, not "Count\"; import \"os": write CountImportOs
f.yaml:7:17: name must begin with an upper-case letter to be seen outside its package, not "_x": write X
f.yaml:8:17: name must begin with an upper-case letter to be seen outside its package, not "1st"
f.yaml:9:17: name must be a Go identifier, and is empty
f.yaml:10:17: name must begin with an upper-case letter to be seen outside its package, not "名前"`, beyond: true},
	{name: "required twice and both ways", yaml: "tables:\n  a.b:\n    required: [c, d, c]\n    columns:\n      d: {required: false}\n", want: `f.yaml:3:19: column "d" is required here and not under columns, at line 5: remove one of them
f.yaml:3:22: required has "c" twice, first at line 3, column 16: remove one of them`},
	{name: "type and enum", yaml: "tables:\n  a.b:\n    columns:\n      c: {type: X, enum: {name: Y, values: [A]}}\n", want: `f.yaml:4:7: column "c" has both a type and an enum, and each is its Go type: remove one of them`},
	{name: "short types", yaml: "tables:\n  a.b:\n    columns:\n      c: {type: github.com/google/uuid}\n      d: {type: int64}\n      e: {type: ../money.Cents}\n      f: {type: 'a//b.C'}\n      g: {type: 'os\".X'}\n      h: {type: C.int}\n      i: {type: money.cents}\n      j: {type: ''}\n", want: `f.yaml:4:17: type "github.com/google/uuid" names a package and no type: write github.com/google/uuid.TypeName
f.yaml:5:17: type must begin with an upper-case letter to be seen outside its package, not "int64": write Int64
f.yaml:6:17: import "../money" is a file path: write the whole import path, beginning with the module's path
f.yaml:7:17: import "a//b" is not an import path: write it as in a Go import, such as github.com/google/uuid
f.yaml:8:17: import "os\"" is not an import path: write it as in a Go import, such as github.com/google/uuid
f.yaml:9:17: import "C" is no package with types for columns
f.yaml:9:17: type must begin with an upper-case letter to be seen outside its package, not "int": write Int
f.yaml:10:17: type must begin with an upper-case letter to be seen outside its package, not "cents": write Cents
f.yaml:11:17: type must be a Go identifier, and is empty`, beyond: true},
	{name: "conversions", yaml: "tables:\n  a.b:\n    columns:\n      c: {type: {import: x.org/u, name: U, to: String}}\n      d: {type: {import: x.org/u, name: U, from: u.Parse}}\n      e: {type: {name: U, to: String, from: u.Parse}}\n      f: {type: {import: x.org/u/v2, name: U, to: String, from: Parse}}\n      g: {type: {import: x.org/u, name: U, to: v.Format, from: u.Parse}}\n      h: {type: {import: x.org/u, name: U, to: string, from: u.parse}}\n      i: {type: {import: x.org/u, to: 'a b', from: 'u.Parse()'}}\n", want: `f.yaml:4:48: type has to and no from, so that values could be written and not read: add from: with a function (value) (U, error), or remove to if the Go type is declared over the column's natural type
f.yaml:5:50: type has from and no to, so that values could be read and not written: add to: with a method such as String, or remove from if the Go type is declared over the column's natural type
f.yaml:6:45: type has conversions and no import, and a type that scalargen declares itself needs none: add import: with the path of the package that declares U, or remove to and from
f.yaml:7:65: from must be a function with its package, such as uuid.Parse, not "Parse": write u.Parse
f.yaml:8:48: to and from must be functions of the package that import names, not of two (v, u)
f.yaml:9:48: to must begin with an upper-case letter to be seen outside its package, not "string": write String
f.yaml:9:62: from must name an exported function and its package, such as uuid.Parse, not "u.parse"
f.yaml:10:17: type has no name: add name: and the Go type's name, without its package
f.yaml:10:39: to must be a Go identifier, which has letters, digits and _ only, not "a b": write AB
f.yaml:10:52: from must name an exported function and its package, such as uuid.Parse, not "u.Parse()"`, beyond: true},
	{name: "enums", yaml: "tables:\n  a.b:\n    columns:\n      c: {enum: {values: [A, B, A]}}\n      d: {enum: {name: D}}\n      e: {enum: {name: E, values: []}}\n      f: {enum: {name: E, values: [{name: X}, {value: B, name: X}, {value: C, name: X}, {value: D, name: a-b}, null, ~, [x]]}}\n", want: `f.yaml:4:33: enum has the value "A" twice, first at line 4, column 27: remove one of them
f.yaml:5:17: enum has no values: add values: with a list of what may be stored, such as [PENDING, SHIPPED]
f.yaml:6:35: enum has no values: list what may be stored, such as [PENDING, SHIPPED]
f.yaml:7:36: a value of enum has no value: add value: with what is stored
f.yaml:7:68: enum has the name X twice, first at line 7, column 47: rename one of them
f.yaml:7:106: name must have letters, digits and _ only, because it becomes the end of a Go identifier, not "a-b": write AB
f.yaml:7:112: a value is null, which is nothing in YAML: write "null" if it is meant as text
f.yaml:7:118: a value is ~, which is nothing in YAML: write "~" if it is meant as text
f.yaml:7:121: a value must be a text, not a list`},
}

const everything = `# yaml-language-server: $schema=scalargen.schema.json
schema: [schema.json, billing/*.json]
out: internal/db
interfaces: true
storages: [sqlite, cassandra]
legacy-transaction-default: true
packages:
  customer: customerdb
  order:
    name: orderdb
    dir: store/orderdb
    doc: |
      Orders and their statements.
  archive: {skip: true}
tables:
  order.statements:
    record: Statement
    repository: Statements
    doc: One line of an order.
    interface: false
    required: [count]
    columns:
      order_id:
        name: Order
        doc: The order that the line belongs to.
        type:
          import: github.com/google/uuid
          name: UUID
          to: String
          from: uuid.Parse
      item_id: {type: ItemID}
      price: {type: example.com/money.Cents, required: true}
      status:
        enum:
          name: Status
          values:
            - PENDING
            - {value: 007, name: OnItsWay, doc: Handed to the carrier.}
  order.audit: {skip: true}
`

func TestLoadReportsEveryError(t *testing.T) {
	t.Parallel()
	for _, test := range loadCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, ds := Load("f.yaml", []byte(test.yaml))
			if diff := cmp.Diff(test.want, ds.Error()); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadReadsEveryMember(t *testing.T) {
	t.Parallel()
	got, ds := Load("f.yaml", []byte(everything))
	if ds != nil {
		t.Fatal(ds)
	}
	at := func(line, column int) schema.Position {
		lines := strings.SplitAfter(everything, "\n")
		return schema.Position{File: "f.yaml", Line: line, Column: column, Offset: len(strings.Join(lines[:line-1], "")) + column - 1}
	}
	no := false
	want := &Config{
		Schemas:                  []Pattern{{"schema.json", at(2, 10)}, {"billing/*.json", at(2, 23)}},
		Out:                      "internal/db",
		Interfaces:               true,
		LegacyTransactionDefault: true,
		Storages:                 []string{"sqlite", "cassandra"},
		Packages: map[string]*Package{
			"customer": {Name: "customerdb", Pos: at(8, 3)},
			"order":    {Name: "orderdb", Dir: "store/orderdb", Doc: "Orders and their statements.", Pos: at(9, 3)},
			"archive":  {Skip: true, Pos: at(14, 3)},
		},
		Tables: map[string]*Table{
			"order.statements": {
				Record: "Statement", Repository: "Statements", Doc: "One line of an order.", Interface: &no,
				Columns: map[string]*Column{
					"count": {Required: true, Pos: at(21, 16)},
					"order_id": {
						Name: "Order", Doc: "The order that the line belongs to.", Pos: at(23, 7),
						Type: &GoType{Import: "github.com/google/uuid", Name: "UUID", To: "String", From: "uuid.Parse", Pos: at(27, 11)},
					},
					"item_id": {Type: &GoType{Name: "ItemID", Pos: at(31, 23)}, Pos: at(31, 7)},
					"price":   {Type: &GoType{Import: "example.com/money", Name: "Cents", Pos: at(32, 21)}, Required: true, Pos: at(32, 7)},
					"status": {
						Enum: &Enum{
							Name: "Status",
							Values: []EnumValue{
								{Value: "PENDING", Pos: at(37, 15)},
								{Value: "007", Name: "OnItsWay", Doc: "Handed to the carrier.", Pos: at(38, 15)},
							},
							Pos: at(35, 11),
						},
						Pos: at(33, 7),
					},
				},
				Pos: at(16, 3),
			},
			"order.audit": {Skip: true, Columns: map[string]*Column{}, Pos: at(39, 3)},
		},
		Pos: at(1, 1),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// TestDocumentedExampleLoads reads the example in the package comment.
func TestDocumentedExampleLoads(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(doc)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		} else if strings.TrimSpace(line) == "//" && example.Len() > 0 {
			example.WriteString("\n")
		}
	}
	c, ds := Load("doc.go", []byte(example.String()))
	if ds != nil || len(c.Tables) != 2 || len(c.Packages) != 3 {
		t.Errorf("%v\n%s", ds, &example)
	}
}

func TestLoadSharesAliasedValues(t *testing.T) {
	t.Parallel()
	c, ds := Load("f.yaml", []byte("tables:\n  a.b: &t {required: [c]}\n  a.d: *t\n"))
	if ds != nil {
		t.Fatal(ds)
	}
	if !c.Tables["a.d"].Columns["c"].Required {
		t.Error("a.d does not require c")
	}
}

func TestLoadStopsAtAnAliasBomb(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("tables:\n  a.x0: &t {columns: {")
	for i := range 2000 {
		b.WriteString("c" + strconv.Itoa(i) + ": {}, ")
	}
	b.WriteString("}}\n")
	for i := range 2000 {
		b.WriteString("  a.y" + strconv.Itoa(i) + ": *t\n")
	}
	_, ds := Load("f.yaml", []byte(b.String()))
	if len(ds) != 1 || !strings.Contains(ds[0].Message, "more than 500000 values") {
		t.Errorf("%d diagnostics, the first %.200s; want one about too many values", len(ds), ds.Error())
	}
}

func TestLoadRefusesAnEnormousFile(t *testing.T) {
	t.Parallel()
	_, ds := Load("f.yaml", make([]byte, maxSize+1))
	if got, want := ds.Error(), "f.yaml:1:1: the file has 4194305 bytes, and the limit is 4194304: move doc texts elsewhere, or split the schema over several configurations"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestLoadBoundsItsReport(t *testing.T) {
	t.Parallel()
	_, ds := Load("f.yaml", []byte("schema:\n"+strings.Repeat("- []\n", 3000)))
	if len(ds) != maxReported+1 || ds[maxReported].Message != "2000 more errors are not shown: correct the ones above first" {
		t.Errorf("%d diagnostics, the last %v", len(ds), ds[len(ds)-1])
	}
}

func FuzzLoad(f *testing.F) {
	for _, test := range loadCases {
		f.Add([]byte(test.yaml))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, ds := Load("f.yaml", data)
		if c == nil {
			t.Fatal("no Config")
		}
		for i, d := range ds {
			if d.Pos.Line < 1 || d.Pos.Column < 1 || d.Pos.Offset < 0 || d.Pos.Offset > len(data) || d.Message == "" {
				t.Fatalf("bad diagnostic %+v", d)
			}
			if i > 0 && i < maxReported && ds[i-1].Pos.Offset > d.Pos.Offset {
				t.Fatalf("diagnostics out of order: %v, %v", ds[i-1], d)
			}
		}
		if ds.Err() == nil {
			Check(c, &schema.Schema{})
		}
	})
}
