package config

import "github.com/scalargen/scalargen/schema"

// FileName is what the generator looks for in the current directory.
const FileName = "scalargen.yaml"

// Config is scalargen.yaml. The zero Config generates every table with default
// names.
type Config struct {
	Schemas                  []Pattern           // schema files, relative to the yaml file; none means schema.json
	Out                      string              // output directory with forward slashes, relative to the yaml file; "" is "."
	Interfaces               bool                // emit an interface beside every repository
	LegacyTransactionDefault bool                // a table without "transaction" has none, as before ScalarDB 3.7
	Storages                 []string            // storages whose limits are checked and described, of [Storages]; none means all
	Packages                 map[string]*Package // by namespace
	Tables                   map[string]*Table   // by namespace.table
	Pos                      schema.Position
}

// Pattern names schema files: a path with forward slashes, relative to the
// yaml file, in which *, ? and [a-z] have the meaning of [filepath.Match].
type Pattern struct {
	Text string
	Pos  schema.Position
}

// Package configures the Go package of a namespace.
type Package struct {
	Name string // package clause; "" derives it from the namespace
	Dir  string // directory below Out, with forward slashes; "" is the package name
	Doc  string
	Skip bool // generate nothing for the namespace
	Pos  schema.Position
}

// Table configures one table.
type Table struct {
	Record     string // Go name of one record (Statement)
	Repository string // Go name of the table value (Statements)
	Doc        string
	Interface  *bool // nil follows Config.Interfaces
	Skip       bool
	Columns    map[string]*Column
	Pos        schema.Position
}

// Column configures one column.
type Column struct {
	Name     string // Go name
	Doc      string
	Required bool
	Type     *GoType
	Enum     *Enum // nil if Type is not
	Pos      schema.Position
}

// GoType replaces the natural Go type of a column. With neither From nor To it
// is a named type over the natural one and plain conversions are used; there
// is never one without the other.
type GoType struct {
	Import string // import path of the package that declares it; "" for a type declared in the generated package itself (named type over the natural one, emitted by scalargen)
	Name   string // type name, without package
	To     string // method without arguments (String) or function (pkg.Func) from the Go type to the natural one
	From   string // function (natural) (T, error), such as uuid.Parse; it and a function To name the same package, Import
	Pos    schema.Position
}

// Enum makes a named type whose values are declared here.
type Enum struct {
	Name   string      // Go name of the type; "" derives it from record and field
	Values []EnumValue // at least one, distinct
	Pos    schema.Position
}

// EnumValue is one declared value.
type EnumValue struct {
	Name  string // Go name of the constant, without the type's prefix; "" derives it
	Value string // as stored; a decimal number for INT and BIGINT
	Doc   string
	Pos   schema.Position
}
