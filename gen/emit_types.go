package gen

import (
	"github.com/dave/jennifer/jen"

	"github.com/scalargen/scalargen/schema"
)

// emitTypes prints the file with the custom types that several tables use.
func emitTypes(pkg *Package) []byte {
	e := newEmitter(pkg, pkg.Sources, "types that several tables of namespace "+shown(pkg.Namespace)+" use")
	e.imports(append(typeImports(pkg.Shared), scalarImport))
	e.handshake()
	for _, t := range pkg.Shared {
		e.customType(t)
	}
	return e.source()
}

// typeImports returns what declarations and conversions of types use.
func typeImports(types []*Type) (used []*Import) {
	for _, t := range types {
		if !t.Local() {
			used = append(used, t.Type.Import)
		}
		if base := naturals[t.Base].typ; t.Local() && base.Import != nil || t.To == "" && base.Import != nil {
			used = append(used, base.Import)
		}
		if t.Constants != nil {
			used = append(used, fmtImport)
		}
	}
	return used
}

// customType prints the declaration of a type, if it is ours, and its codec.
func (e *emitter) customType(t *Type) {
	name, base := t.Type.String(), naturals[t.Base]
	if t.Local() {
		e.declare(comment(t.doc(), ""), jen.Type().Add(param(name, base.typ.String())))
	}
	if t.Constants != nil {
		e.constants(t)
	}

	value := jen.Id("v")
	switch {
	case t.ToMethod:
		value = jen.Id("v." + t.To).Call()
	case t.To != "":
		value = jen.Id(t.Type.Import.Name + "." + t.To).Call(jen.Id("v"))
	case base.typ.Name == "[]byte":
	default:
		value = jen.Id(base.typ.String()).Call(jen.Id("v"))
	}
	encoded := jen.Return(q(base.word + "Value").Call(value))
	encode := []jen.Code{encoded}
	if t.Constants != nil {
		encode = []jen.Code{
			jen.If(jen.Op("!").Id("v.Valid").Call()).Block(jen.Return(q("InvalidValue").Call(jen.Lit(undeclared(t)), jen.Id(base.typ.String()).Call(jen.Id("v"))))),
			encoded,
		}
	}
	e.declare("", jen.Func().Id(t.encode).Params(param("v", name)).Add(q("Value")).Block(encode...))

	stored := jen.Id("from." + base.word).Call(jen.Id("column"))
	var decoded *jen.Statement
	switch {
	case t.Constants != nil:
		decoded = q("ReadAs").Call(jen.Id("from"), jen.Id("column"), jen.Id(name).Call(stored), jen.Id(t.check))
	case t.From != "":
		decoded = q("ReadAs").Call(jen.Id("from"), jen.Id("column"), stored, jen.Id(t.Type.Import.Name+"."+t.From))
	default:
		decoded = jen.Id(name).Call(stored)
	}
	e.declare("", jen.Func().Id(t.decode).Params(param("from", "*scalar.Row"), param("column", "int")).Id(name).Block(jen.Return(decoded)))
}

func (t *Type) doc() string {
	of := "columns "
	if len(t.columns) == 1 {
		of = "column "
	}
	list := shown(t.columns[0])
	for _, c := range t.columns[1:] {
		list += ", " + shown(c)
	}
	doc := t.Type.Name + " is the type of " + of + list + " (" + t.Base.String() + ")."
	if t.Constants != nil {
		doc += " Only the declared values are written and read; others are refused with [scalar.ErrInvalid]."
	}
	return doc
}

// constants prints the declared values of an enum and what checks them.
func (e *emitter) constants(t *Type) {
	name, base := t.Type.Name, naturals[t.Base].typ
	e.declare(comment("The declared values of "+name+".", ""), jen.Const().DefsFunc(func(g *jen.Group) {
		for _, c := range t.Constants {
			if c.Doc != "" {
				g.Comment(comment("", c.Doc))
			}
			g.Id(c.Name).Id(name).Op("=").Id(c.Literal)
		}
	}))
	cases := make([]jen.Code, len(t.Constants))
	for i, c := range t.Constants {
		cases[i] = jen.Id(c.Name)
	}
	e.declare(comment("Valid reports whether v is one of the declared values.", ""),
		jen.Func().Params(param("v", name)).Id("Valid").Params().Bool().Block(
			jen.Switch(jen.Id("v")).Block(jen.Case(cases...).Block(jen.Return(jen.True()))),
			jen.Return(jen.False())))
	e.declare("", jen.Func().Id(t.check).Params(param("v", name)).Params(jen.Id(name), jen.Error()).Block(
		jen.If(jen.Op("!").Id("v.Valid").Call()).Block(
			jen.Return(jen.Id("v"), jen.Id("fmt.Errorf").Call(jen.Lit(undeclared(t)), jen.Id(base.String()).Call(jen.Id("v"))))),
		jen.Return(jen.Id("v"), jen.Nil())))
}

// undeclared is the format of the error about a value that is not declared.
func undeclared(t *Type) string {
	verb := "%d"
	if t.Base == schema.Text {
		verb = "%q"
	}
	return verb + " is not a declared " + t.Type.Name
}
