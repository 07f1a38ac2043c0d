package gen

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// Plan is everything that [Generate] prints: each name, type and import is
// decided.
type Plan struct {
	Packages []*Package // by directory
}

// Package is the Go package of a namespace.
type Package struct {
	Namespace string
	Name      string
	Dir       string   // below the output directory, with slashes; "." is the output directory
	Doc       string   // from the configuration
	Sources   []string // base names of the schema files, sorted
	Tables    []*Table // by name
	Shared    []*Type  // custom types that several tables use, by name
}

// Table is one table and the names of what is generated for it.
type Table struct {
	Schema  *schema.Table
	File    string // below the package's directory
	Source  string // base name of the schema file
	Doc     string // from the configuration
	Fields  []*Field
	Key     []*Field // partition key, then clustering key
	Parts   []*Field // partition key
	Ranges  []*Range // empty without a clustering key
	Indexes []*Index
	Types   []*Type // custom types that only this table uses, by name

	Record     string // Order
	KeyType    string // OrderKey
	KeyOf      string // KeyOfOrder
	Columns    string // OrderColumns
	Repository string // OrderRepository, the type
	Value      string // Orders, the repository
	All        string // AllOrders
	Of         string // OrdersOf, "" without a clustering key
	Store      string // OrderStore, "" unless an interface is asked for
	variable   string // orderTable
	encodeKey  string // encodeOrderKey
	encode     string // encodeOrder
	decode     string // decodeOrder
}

// Field is a column in Go.
type Field struct {
	Column   *schema.Column
	Pos      int    // in the schema
	Name     string // OrderID
	Type     GoType // of a value that is not NULL
	Custom   *Type  // nil if Type is the natural one
	Doc      string
	Key      bool
	Required bool   // never NULL: a key column, or so declared
	Indexed  bool   // has a secondary index
	param    string // orderID
	role     string // "partition key", …, for the comment
}

// Range is a range type: it bounds one clustering column.
type Range struct {
	Type  string // OrderRange, OrderTimestampRange
	Fixed []*Field
	Bound *Field
	Next  *Range // of the next clustering column, nil for the last
}

// Index is a secondary index.
type Index struct {
	Field  *Field
	Method string // ByOrderID
	Select string // OrdersByOrderID
}

// NewPlan decides what is generated for s under c, and reports everything that
// stands in the way: names that clash, that Go has no letters for, or that make
// no package. Errors come with the line of scalargen.yaml that helps. The Plan
// is usable if [schema.Diagnostics.Err] of the second result is nil.
//
// c must have passed the config package's own checks.
func NewPlan(s *schema.Schema, c *config.Config) (*Plan, schema.Diagnostics) {
	p := &planner{config: c}
	plan := &Plan{}
	for _, tables := range byNamespace(s, c) {
		plan.Packages = append(plan.Packages, p.planPackage(tables))
	}
	p.checkDirs(plan.Packages)
	slices.SortFunc(plan.Packages, func(a, b *Package) int { return cmp.Compare(a.Dir, b.Dir) })
	slices.SortStableFunc(p.found, func(a, b schema.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Offset, b.Pos.Offset))
	})
	return plan, p.found
}

// byNamespace returns the tables to generate, in schema order, grouped by
// namespace.
func byNamespace(s *schema.Schema, c *config.Config) [][]*schema.Table {
	groups := map[string][]*schema.Table{}
	for _, t := range s.Tables {
		if pc := c.Packages[t.Namespace]; pc != nil && pc.Skip {
			continue
		}
		if tc := c.Tables[t.FullName()]; tc != nil && tc.Skip {
			continue
		}
		groups[t.Namespace] = append(groups[t.Namespace], t)
	}
	var grouped [][]*schema.Table
	for _, namespace := range slices.Sorted(maps.Keys(groups)) {
		grouped = append(grouped, groups[namespace])
	}
	return grouped
}

func (p *planner) planPackage(tables []*schema.Table) *Package {
	namespace := tables[0].Namespace
	pkg := &Package{Namespace: namespace}
	p.namePackage(pkg, tables[0].Pos)

	names := p.scope()
	names.claim("Schema", claim{what: "the variable with the schema of the package"})
	types := p.types(names)
	for _, t := range tables {
		pkg.Tables = append(pkg.Tables, p.planTable(t, names, types))
	}
	slices.SortFunc(pkg.Tables, func(a, b *Table) int { return cmp.Compare(a.Schema.Name, b.Schema.Name) })

	sorted := make([]*schema.Table, len(tables))
	for i, t := range pkg.Tables {
		sorted[i] = t.Schema
		pkg.Sources = append(pkg.Sources, t.Source)
	}
	for i, name := range fileNames(sorted) {
		pkg.Tables[i].File = name
	}
	slices.Sort(pkg.Sources)
	pkg.Sources = slices.Compact(pkg.Sources)
	pkg.Shared = types.distribute(pkg.Tables)
	nameLocals(pkg, types)
	return pkg
}

// sourceName returns the name of a schema file for comments: without its
// directory, which differs from machine to machine.
func sourceName(pos schema.Position) string {
	return shown(path.Base(strings.ReplaceAll(pos.File, `\`, "/")))
}

func (p *planner) planTable(t *schema.Table, names *scope, types *typeTable) *Table {
	c := p.config.Tables[t.FullName()]
	if c == nil {
		c = &config.Table{}
	}
	table := &Table{Schema: t, Source: sourceName(t.Pos), Doc: c.Doc}
	p.nameTable(table, c, names)
	p.planFields(table, c, types)
	if table.Record != "" {
		p.planAccess(table, names)
	}
	return table
}

// planAccess names the ranges and the lookups by index.
func (p *planner) planAccess(table *Table, names *scope) {
	t := table.Schema
	record := recordClaim(table)
	fixed := []*Field(nil)
	typ := table.Record
	for _, bound := range table.Key[len(table.Parts):] {
		r := &Range{Type: typ + "Range", Fixed: fixed, Bound: bound}
		names.claim(r.Type, record("the range type "+shown(bound.Column.Name)+" of table "+shown(t.FullName())))
		if n := len(table.Ranges); n > 0 {
			table.Ranges[n-1].Next = r
		}
		table.Ranges = append(table.Ranges, r)
		fixed = append(fixed[:len(fixed):len(fixed)], bound)
		typ += bound.Name
	}
	for _, f := range table.Fields {
		if f.Indexed {
			index := &Index{Field: f, Method: "By" + f.Name, Select: table.words() + "By" + f.Name}
			table.Indexes = append(table.Indexes, index)
			names.claim(index.Select, repositoryClaim(table)("the lookup by "+shown(f.Column.Name)+" of table "+shown(t.FullName())))
		}
	}
}

// words returns the plural that the functions of the table are named with.
func (t *Table) words() string { return strings.TrimPrefix(t.All, "All") }
