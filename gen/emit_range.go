package gen

import (
	"strings"

	"github.com/dave/jennifer/jen"
)

// bounds are the methods that bound a clustering column.
var bounds = []struct {
	suffix, operator, function string
	inclusive                  bool
}{
	{"From", ">=", "RangeStart", true},
	{"After", ">", "RangeStart", false},
	{"To", "<=", "RangeEnd", true},
	{"Before", "<", "RangeEnd", false},
}

// ranges prints the range types of a table: the first holds bounds on the first
// clustering column, and the one that fixing it leads to on the next.
func (e *emitter) ranges(t *Table) {
	for i, r := range t.Ranges {
		column := shown(r.Bound.Column.Name)
		base := jen.Id(generic("Range", t.Record))
		if i == 0 {
			e.declare(comment(r.Type+" selects records of one partition of "+t.fullName()+" in clustering order, with bounds on "+column+". The zero value is refused; start from ["+t.Of+"].", ""),
				jen.Type().Id(r.Type).Struct(base))
			e.of(t, r)
		} else {
			e.declare(comment(r.Type+" selects records of one partition of "+t.fullName()+" with the same "+columnList(r.Fixed)+" in clustering order, with bounds on "+column+". The zero value is refused; start from ["+t.Of+"].", ""),
				jen.Type().Id(r.Type).Struct(base))
		}
		for _, b := range bounds {
			name := r.Bound.Name + b.suffix
			e.declare(comment(name+" keeps records with "+column+" "+b.operator+" v.", ""),
				rangeMethod(r, name, r.Type, q(b.function).Call(jen.Id("r.Range"), r.Bound.encoded("v"), jen.Lit(b.inclusive))))
		}
		if r.Next != nil {
			name := r.Bound.Name + "Is"
			e.declare(comment(name+" keeps records with "+column+" = v; the range that it returns holds the bounds on "+shown(r.Next.Bound.Column.Name)+".", ""),
				rangeMethod(r, name, r.Next.Type, q("RangeIs").Call(jen.Id("r.Range"), r.Bound.encoded("v"))))
		}
	}
}

// of prints the function that selects a partition.
func (e *emitter) of(t *Table, first *Range) {
	var params, values []jen.Code
	for _, f := range t.Parts {
		params = append(params, param(f.param, f.Type.String()))
		values = append(values, f.encoded(f.param))
	}
	e.declare(comment(t.Of+" selects the partition with the given "+columnList(t.Parts)+".", ""),
		jen.Func().Id(t.Of).Params(params...).Id(first.Type).Block(
			jen.Return(jen.Id(first.Type).Values(jen.Id(generic("RangeOf", t.Record)).Call(values...)))))
}

func rangeMethod(r *Range, name, result string, value *jen.Statement) *jen.Statement {
	return jen.Func().Params(param("r", r.Type)).Id(name).Params(param("v", r.Bound.Type.String())).Id(result).Block(
		jen.Return(jen.Id(result).Values(value)))
}

func columnList(fields []*Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = shown(f.Column.Name)
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
