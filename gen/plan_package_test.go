package gen

import (
	"strings"
	"testing"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

func TestPackageNames(t *testing.T) {
	t.Parallel()
	for namespace, want := range map[string]string{
		"order": "order", "order_service": "orderservice", "Order-Service": "orderservice", "1st": "db1st",
		"type": "typedb", "main": "maindb", "internal": "internaldb", "vendor": "vendordb", "testdata": "testdatadb",
		"string": "stringdb", "init": "initdb", "con": "condb", "com1": "com1db", "documentation": "documentationdb",
		"account_test": "accounttest", "_hidden": "hidden", "..": "", "": "", "注文": "", "größe": "", "a.b": "ab", "--": "",
		strings.Repeat("x", 300): "",
	} {
		if got := packageName(namespace); got != want {
			t.Errorf("namespace %q is package %q, want %q", namespace, got, want)
		}
		if got := packageName(namespace); got != "" && (packageProblem(got) != "" || dirProblem(got) != "") {
			t.Errorf("package %q: %s %s", got, packageProblem(got), dirProblem(got))
		}
	}
}

// No directory leads out of the output directory, or where Go does not look.
func TestDirectoriesThatCannotHoldPackagesAreRefused(t *testing.T) {
	t.Parallel()
	for dir, fine := range map[string]bool{
		".": true, "order": true, "store/order": true, "internal/order": true, "a-b/c.d": true,
		"..": false, "../x": false, "a/../b": false, "/x": false, `a\b`: false, "a//b": false, "./a": false, "a/": false, "": false,
		"..x": false, "_x": false, ".x": false, "a/_x": false, "testdata/x": false, "vendor": false, "a/internal": false,
		"con": false, "x/NUL.y": false, "a.": false, "a b": false, "注文": false, "a\x00b": false, "a:b": false, "c:/x": false,
	} {
		if got := dirProblem(dir); (got == "") != fine {
			t.Errorf("directory %q: problem %q", dir, got)
		}
	}
}

func TestFileNamesAreDistinctAndStable(t *testing.T) {
	t.Parallel()
	names := func(tables ...string) map[string]string {
		var list []*schema.Table
		for _, n := range tables {
			list = append(list, &schema.Table{Name: n})
		}
		byTable := map[string]string{}
		for i, f := range fileNames(list) {
			byTable[tables[i]] = f
		}
		return byTable
	}
	alone := names("Orders")["Orders"]
	if alone != "orders_gen.go" {
		t.Errorf("Orders alone is in %s", alone)
	}
	both := names("Orders", "orders", "ORDERS")
	if both["orders"] != "orders_gen.go" {
		t.Errorf("orders is in %s beside Orders", both["orders"])
	}
	if both["Orders"] == both["ORDERS"] || both["Orders"] == both["orders"] {
		t.Errorf("files %v", both)
	}
	if other := names("ORDERS", "Orders", "orders"); other["Orders"] != both["Orders"] {
		t.Errorf("the file of Orders depends on the order of the tables: %v, %v", other, both)
	}
	hashed := strings.TrimSuffix(both["Orders"], "_gen.go")
	if hostile := names("Orders", "orders", hashed); hostile["Orders"] == hostile[hashed] {
		t.Errorf("a table named like the file of another takes it: %v", hostile)
	}
	for table, file := range names("schema", "types", "schema_table", "--", strings.Repeat("x", 255)) {
		if file == schemaFile || file == typesFile || len(file) > 200 {
			t.Errorf("table %q is in %s", table, file)
		}
	}
}

// What the config package would have refused must not get through either.
func TestPlanRefusesNamesThatWouldBeCode(t *testing.T) {
	t.Parallel()
	s, found := schema.Parse(schema.File{Name: "s.json", Data: []byte("{" + table("o.a", "x") + "}")})
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	const bad = "A struct{}\nfunc init"
	column := func(c *config.Column) *config.Config {
		return &config.Config{Tables: map[string]*config.Table{"o.a": {Columns: map[string]*config.Column{"x": c}}}}
	}
	for name, c := range map[string]*config.Config{
		"record":             {Tables: map[string]*config.Table{"o.a": {Record: bad}}},
		"lower-case record":  {Tables: map[string]*config.Table{"o.a": {Record: "order"}}},
		"repository":         {Tables: map[string]*config.Table{"o.a": {Repository: bad}}},
		"column":             column(&config.Column{Name: bad}),
		"type":               column(&config.Column{Type: &config.GoType{Name: bad}}),
		"type of a package":  column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: bad}}),
		"import":             column(&config.Column{Type: &config.GoType{Import: "x.org/\"\nimport \"os", Name: "A"}}),
		"import C":           column(&config.Column{Type: &config.GoType{Import: "C", Name: "A"}}),
		"conversion to":      column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: "A", To: bad, From: "y.P"}}),
		"conversion from":    column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: "A", To: "S", From: "y." + bad}}),
		"qualifier":          column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: "A", To: "S", From: "y z.P"}}),
		"two qualifiers":     column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: "A", To: "a.S", From: "b.P"}}),
		"one conversion":     column(&config.Column{Type: &config.GoType{Import: "x.org/y", Name: "A", From: "y.P"}}),
		"conversion, local":  column(&config.Column{Type: &config.GoType{Name: "A", To: "S", From: "P"}}),
		"unknown time type":  column(&config.Column{Type: &config.GoType{Import: "time", Name: "Location"}}),
		"type and enum":      column(&config.Column{Type: &config.GoType{Name: "A"}, Enum: &config.Enum{Name: "B"}}),
		"enum":               column(&config.Column{Enum: &config.Enum{Name: bad, Values: []config.EnumValue{{Name: "A", Value: "1"}}}}),
		"enum constant":      column(&config.Column{Enum: &config.Enum{Name: "E", Values: []config.EnumValue{{Name: bad, Value: "1"}}}}),
		"enum without value": column(&config.Column{Enum: &config.Enum{Name: "E"}}),
		"enum text in INT":   column(&config.Column{Enum: &config.Enum{Name: "E", Values: []config.EnumValue{{Name: "A", Value: "x"}}}}),
		"enum out of range":  column(&config.Column{Enum: &config.Enum{Name: "E", Values: []config.EnumValue{{Name: "A", Value: "2147483648"}}}}),
		"enum value twice":   column(&config.Column{Enum: &config.Enum{Name: "E", Values: []config.EnumValue{{Name: "A", Value: "1"}, {Name: "B", Value: "01"}}}}),
		"package":            {Packages: map[string]*config.Package{"o": {Name: "o\nimport \"os\""}}},
		"package main":       {Packages: map[string]*config.Package{"o": {Name: "main"}}},
		"package of tests":   {Packages: map[string]*config.Package{"o": {Name: "o_test"}}},
		"directory":          {Packages: map[string]*config.Package{"o": {Dir: "../../etc"}}},
	} {
		if _, found := NewPlan(s, c); found.Err() == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(found.Error(), "\n\n") || strings.Contains(found.Error(), bad) {
			t.Errorf("%s is reported as it is: %s", name, found)
		}
	}
}

// Doc texts are comments, whatever is in them.
func TestDocTextsStayComments(t *testing.T) {
	t.Parallel()
	const doc = "x */ func f() {}\n//go:build ignore\r\n\r+build ignore\u2028package main\x00\ufeff\x80`\"\n\n\n  - a\n\t- b\n"
	s, found := schema.Parse(schema.File{Name: "s.json", Data: []byte("{" + table("o.a", "x") + "}")})
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	enum := &config.Enum{Name: "E", Values: []config.EnumValue{{Name: "A", Value: "1", Doc: doc}}}
	plan, found := NewPlan(s, &config.Config{
		Packages: map[string]*config.Package{"o": {Doc: doc}},
		Tables:   map[string]*config.Table{"o.a": {Doc: doc, Columns: map[string]*config.Column{"x": {Doc: doc, Enum: enum}}}},
	})
	if found.Err() != nil {
		t.Fatal(found.Err())
	}
	files, err := Generate(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text := string(f.Data)
		if !strings.HasPrefix(text, header+"\n//\n"+sourcePrefix) {
			t.Errorf("%s begins with %q", f.Path, text[:80])
		}
		for _, line := range strings.Split(text, "\n") {
			for _, forbidden := range []string{"func f()", "go:build", "+build", "package main"} {
				if strings.Contains(line, forbidden) && !strings.HasPrefix(strings.TrimSpace(line), "// ") {
					t.Errorf("%s: %q", f.Path, line)
				}
			}
		}
	}
}
