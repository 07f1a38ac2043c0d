package gen

import (
	"strings"

	"github.com/dave/jennifer/jen"
)

// emitSchema prints the file with the package's documentation and the list of
// its tables.
func emitSchema(pkg *Package) []byte {
	e := newEmitter(pkg, pkg.Sources, "namespace "+shown(pkg.Namespace))
	e.PackageComment(e.packageDoc())
	e.imports([]*Import{scalarImport})
	e.handshake()
	var tables []jen.Code
	for _, t := range pkg.Tables {
		tables = append(tables, jen.Op("&").Id(t.variable))
	}
	e.declare(comment("Schema is the list of the tables of namespace "+shown(pkg.Namespace)+", for [scalar.DB.Verify] and for tests.", ""),
		jen.Var().Id("Schema").Op("=").Add(q("Schema"), lines(tables...)))
	return e.source()
}

// packageDoc lists the access paths of the package.
func (e *emitter) packageDoc() string {
	var paths []string
	for _, t := range e.pkg.Tables {
		access := []string{"by key (" + columnList(t.Key) + ")"}
		if t.Of != "" {
			access = append(access, "by range of "+columnList(t.Key[len(t.Parts):])+" ["+t.Of+"]")
		}
		for _, index := range t.Indexes {
			access = append(access, "by index on "+shown(index.Field.Column.Name)+" ["+index.Select+"]")
		}
		access = append(access, "all ["+t.All+"]")
		what := t.fullName()
		if !t.Schema.Transaction {
			what += " without transactions"
		}
		for i, line := range wrap("[" + t.Value + "] (" + what + "): " + strings.Join(access, ", ")) {
			if i == 0 {
				paths = append(paths, "   - "+line)
			} else {
				paths = append(paths, "     "+line)
			}
		}
	}
	text := "Package " + e.pkg.Name + " gives typed access to the tables of namespace " + shown(e.pkg.Namespace) + "."
	list := "// The tables, and the ways to their records:\n//\n//" + strings.Join(paths, "\n//")
	return comment(text, e.pkg.Doc) + "\n//\n" + list
}
