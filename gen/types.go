package gen

import (
	"cmp"
	"fmt"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// Type is a Go type that the configuration gives to columns in place of the
// natural one.
type Type struct {
	Type      GoType
	Base      schema.Type // of the columns
	Constants []Constant  // of an enum
	To        string      // method or function of the type's package that encodes a value; "" for a conversion
	ToMethod  bool
	From      string // function of the type's package that decodes, "" for a conversion
	encode    string // functions of the generated package
	decode    string
	check     string   // of an enum
	columns   []string // that have it, for comments
	tables    map[*Table]bool
	pos       schema.Position
}

// Local reports whether the type is declared in the generated package.
func (t *Type) Local() bool { return t.Type.Import == nil }

// Constant is a declared value of an enum.
type Constant struct {
	Name    string
	Literal string // as Go writes it
	Doc     string
}

// typeTable holds the custom types of a package.
type typeTable struct {
	planner *planner
	names   *scope
	types   []*Type
	imports map[string]*Import
	locals  map[string]*Type // by Go name
}

func (p *planner) types(names *scope) *typeTable {
	return &typeTable{planner: p, names: names, imports: map[string]*Import{}, locals: map[string]*Type{}}
}

// of returns the custom type of a column, nil if it has none or a problem,
// which is reported.
func (tt *typeTable) of(table *Table, f *Field, c *config.Column) *Type {
	var t *Type
	switch {
	case c.Enum != nil && c.Type != nil:
		tt.planner.errorf(c.Pos, "%s has both a type and an enum: remove one of them", where(table, f))
	case c.Enum != nil:
		t = tt.enum(table, f, c.Enum)
	case c.Type != nil && c.Type.Import == "":
		t = tt.named(table, f, c.Type)
	case c.Type != nil:
		t = tt.foreign(table, f, c.Type)
	}
	if t != nil {
		t.tables[table] = true
		t.columns = append(t.columns, table.Schema.Name+"."+f.Column.Name)
	}
	return t
}

func where(table *Table, f *Field) string {
	return "column " + shown(f.Column.Name) + " of table " + shown(table.Schema.FullName())
}

// named is a type that the generated package declares over the natural one.
func (tt *typeTable) named(table *Table, f *Field, c *config.GoType) *Type {
	if c.To != "" || c.From != "" {
		tt.planner.errorf(c.Pos, "%s: type %s has conversions but no import: give the package that declares it, or remove to and from", where(table, f), c.Name)
		return nil
	}
	return tt.local(table, f, &Type{Type: GoType{Name: c.Name}, pos: c.Pos}, "type")
}

// local enters a type that the generated package declares, or returns the one
// that is already there and equal.
func (tt *typeTable) local(table *Table, f *Field, t *Type, member string) *Type {
	name := t.Type.Name
	if !tt.planner.identifier(t.pos, "the type of "+where(table, f), name) {
		return nil
	}
	t.Base = f.Column.Type
	if old := tt.locals[name]; old != nil {
		if old.Base != t.Base || !slices.Equal(old.Constants, t.Constants) {
			tt.planner.errorf(t.pos, "%s: type %s is declared differently for column %s (%s): columns share a type only if column type and values are the same; choose another name, such as  %s",
				where(table, f), name, old.columns[0], old.pos, typeLine(table, f, member, tt.names.alternative(name)))
			return nil
		}
		return old
	}
	tt.names.claim(name, claim{owner: "type " + name, what: "the type of " + where(table, f), pos: t.pos, base: name,
		line: func(name string) string { return typeLine(table, f, member, name) }})
	tt.locals[name] = tt.add(t)
	return t
}

// typeLine names the type of a column; member is type or enum.
func typeLine(table *Table, f *Field, member, name string) string {
	line := columnLine(table.Schema.FullName(), f.Column.Name, member, name)
	if member == "enum" {
		return strings.Replace(line, "{enum: "+name+"}", "{enum: {name: "+name+", …}}", 1)
	}
	return line
}

func (tt *typeTable) add(t *Type) *Type {
	t.tables = map[*Table]bool{}
	tt.types = append(tt.types, t)
	return t
}

// enum is a named type with declared values.
func (tt *typeTable) enum(table *Table, f *Field, c *config.Enum) *Type {
	p := tt.planner
	switch f.Column.Type {
	case schema.Text, schema.Int, schema.BigInt:
	default:
		p.errorf(c.Pos, "%s is %s, and only TEXT, INT and BIGINT columns can be enums: use a type instead", where(table, f), f.Column.Type)
		return nil
	}
	t := &Type{Type: GoType{Name: cmp.Or(c.Name, table.Record+f.Name)}, pos: c.Pos}
	if len(c.Values) == 0 {
		p.errorf(c.Pos, "%s is an enum without values: list them under values", where(table, f))
		return nil
	}
	first := map[string]bool{}
	for _, v := range c.Values {
		literal, problem := enumLiteral(f.Column.Type, v.Value)
		switch name := cmp.Or(v.Name, suffix(words(v.Value))); {
		case problem != "":
			p.errorf(v.Pos, "%s: %s", where(table, f), problem)
		case first[literal]:
			p.errorf(v.Pos, "%s declares the value %s twice: remove one of them", where(table, f), quoted(v.Value))
		case name == "":
			p.errorf(v.Pos, "%s: the value %s has no letter or digit to name a constant after: write {value: %s, name: …}", where(table, f), quoted(v.Value), yamlWord(v.Value))
		case !isASCIIIdent("X"+name) && !isExportedIdent("X"+name):
			p.errorf(v.Pos, "%s: the constant of value %s cannot be named %s: a name consists of letters, digits and _", where(table, f), quoted(v.Value), quoted(name))
		default:
			first[literal] = true
			t.Constants = append(t.Constants, Constant{Name: t.Type.Name + name, Literal: literal, Doc: v.Doc})
		}
	}
	if len(t.Constants) < len(c.Values) {
		return nil
	}
	known := tt.locals[t.Type.Name] != nil
	if t = tt.local(table, f, t, "enum"); t == nil || known {
		return t
	}
	for i, constant := range t.Constants {
		v := c.Values[i]
		tt.names.claim(constant.Name, claim{owner: "constant " + constant.Name + strconv.Itoa(i), what: "the constant of value " + quoted(v.Value) + " of " + where(table, f),
			pos: v.Pos, base: strings.TrimPrefix(constant.Name, t.Type.Name), line: func(name string) string {
				return "{value: " + yamlWord(v.Value) + ", name: " + name + "}"
			}})
	}
	return t
}

// enumLiteral returns the stored value as a Go literal, or why it is none.
func enumLiteral(t schema.Type, value string) (literal, problem string) {
	if t == schema.Text {
		return strconv.Quote(value), ""
	}
	bits := 32
	if t == schema.BigInt {
		bits = 64
	}
	n, err := strconv.ParseInt(value, 10, bits)
	if err != nil {
		return "", fmt.Sprintf("the value %s is not a decimal number within the range of %s", quoted(value), t)
	}
	return strconv.FormatInt(n, 10), ""
}

// foreign is a type of another package. What the package declares is not
// looked up: it need not be there yet.
func (tt *typeTable) foreign(table *Table, f *Field, c *config.GoType) *Type {
	p := tt.planner
	if !p.identifier(c.Pos, "the type of "+where(table, f), c.Name) {
		return nil
	}
	if problem := importProblem(c.Import); problem != "" {
		p.errorf(c.Pos, "%s: import path %s is not usable: %s", where(table, f), quoted(c.Import), problem)
		return nil
	}
	if (c.To == "") != (c.From == "") {
		p.errorf(c.Pos, "%s: type %s has only one of to and from: give both, or neither for a type whose underlying type is %s",
			where(table, f), c.Name, naturals[f.Column.Type].typ)
		return nil
	}
	qualifier := ""
	for _, function := range []string{c.To, c.From} {
		q, name, qualified := strings.Cut(function, ".")
		if !qualified {
			q, name = "", function
		}
		if function != "" && !isExportedIdent(name) || qualified && !token.IsIdentifier(q) || qualifier != "" && q != "" && q != qualifier {
			p.errorf(c.Pos, "%s: conversion %s is not usable: write a method (String) or a function of the type's package (uuid.Parse), one package name for both", where(table, f), quoted(function))
			return nil
		}
		qualifier = cmp.Or(qualifier, q)
	}
	imp := tt.imported(c.Import, qualifier)
	if known := stubs().packages[c.Import]; known != nil && known.Scope().Lookup(c.Name) == nil {
		p.errorf(c.Pos, "%s: package %s has no type %s that a column could have", where(table, f), c.Import, c.Name)
		return nil
	}
	t := &Type{Type: GoType{imp, c.Name}, Base: f.Column.Type, To: unqualified(c.To), From: unqualified(c.From), pos: c.Pos}
	t.ToMethod = t.To == c.To && t.To != ""
	for _, old := range tt.types {
		switch {
		case old.Type != t.Type, old.Base != t.Base && (old.To != t.To || old.From != t.From):
			// Another type, or the same one stored in another way.
		case old.Base == t.Base && old.To == t.To && old.ToMethod == t.ToMethod && old.From == t.From:
			return old
		default:
			p.errorf(c.Pos, "%s: type %s.%s is converted differently for column %s (%s): use one way for all columns of a column type, and other functions for other column types",
				where(table, f), imp.Name, c.Name, old.columns[0], old.pos)
			return nil
		}
	}
	return tt.add(t)
}

func unqualified(function string) string { return function[strings.Index(function, ".")+1:] }

// imported returns the import of a path. Its name is the qualifier that the
// configuration uses for it, or else comes from the path; nameImports makes it
// unique.
func (tt *typeTable) imported(importPath, qualifier string) *Import {
	if imp := ownImports[importPath]; imp != nil {
		return imp
	}
	imp := tt.imports[importPath]
	if imp == nil {
		imp = &Import{Path: importPath, Name: qualifier, Explicit: true}
		tt.imports[importPath] = imp
	}
	// The first in the alphabet, whatever the order of the tables.
	if qualifier != "" && (imp.Name == "" || qualifier < imp.Name) {
		imp.Name = qualifier
	}
	return imp
}

// importProblem tells why a path cannot be imported, or "".
func importProblem(importPath string) string {
	switch {
	case importPath == "C" || importPath == "unsafe":
		return "it has a meaning of its own in Go"
	case path.Clean(importPath) != importPath || path.IsAbs(importPath) || strings.HasPrefix(importPath, "."):
		return "write it as in an import declaration, from the module's root"
	case strings.ContainsFunc(importPath, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("!\"#$%&'()*,:;<=>?[]^`{|}\\", r)
	}):
		return "import paths consist of ASCII letters, digits and / - . _ ~ + @"
	}
	return ""
}

// distribute gives each type to the table that alone uses it, and returns the
// others.
func (tt *typeTable) distribute(tables []*Table) (shared []*Type) {
	slices.SortFunc(tt.types, func(a, b *Type) int {
		return cmp.Or(cmp.Compare(a.Type.Name, b.Type.Name), cmp.Compare(importPath(a), importPath(b)), cmp.Compare(a.Base, b.Base))
	})
	for _, t := range tt.types {
		slices.Sort(t.columns)
		if len(t.tables) > 1 {
			shared = append(shared, t)
			continue
		}
		for _, table := range tables {
			if t.tables[table] {
				table.Types = append(table.Types, t)
			}
		}
	}
	return shared
}

func importPath(t *Type) string {
	if t.Local() {
		return ""
	}
	return t.Type.Import.Path
}
