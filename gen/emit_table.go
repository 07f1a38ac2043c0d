package gen

import (
	"github.com/dave/jennifer/jen"

	"github.com/scalargen/scalargen/schema"
)

// emitTable prints the file of one table.
func emitTable(pkg *Package, t *Table) []byte {
	e := newEmitter(pkg, []string{t.Source}, "table "+t.fullName())
	e.imports(t.imports())
	e.handshake()
	e.record(t)
	e.key(t)
	e.columns(t)
	e.repository(t)
	e.selections(t)
	e.ranges(t)
	for _, custom := range t.Types {
		e.customType(custom)
	}
	e.definition(t)
	return e.source()
}

// fullName is the table's name for comments.
func (t *Table) fullName() string { return shown(t.Schema.FullName()) }

// imports returns what the table's file uses.
func (t *Table) imports() []*Import {
	used := []*Import{contextImport, iterImport, scalarImport}
	for _, f := range t.Fields {
		if f.Type.Import != nil {
			used = append(used, f.Type.Import)
		}
	}
	return append(used, typeImports(t.Types)...)
}

// record prints the record type.
func (e *emitter) record(t *Table) {
	e.declare(comment(t.Record+" is a record of "+t.fullName()+".", t.Doc),
		jen.Type().Id(t.Record).StructFunc(func(g *jen.Group) {
			for _, f := range t.Fields {
				if f.Doc != "" {
					g.Comment(comment("", f.Doc))
				}
				field := f.Name + " " + f.Type.String()
				if !f.Required {
					field = f.Name + " " + generic("Null", f.Type.String()) + " `json:\",omitzero\"`"
				}
				g.Id(field).Comment("// " + f.description())
			}
		}))
}

// description tells what the column is in the schema.
func (f *Field) description() string {
	d := shown(f.Column.Name) + " " + f.Column.Type.String()
	if f.role != "" {
		d += ", " + f.role
	}
	if f.Indexed {
		d += ", indexed"
	}
	return d
}

// key prints the key type and the function that takes it from a record.
func (e *emitter) key(t *Table) {
	e.declare(comment(t.KeyType+" is the primary key of "+t.fullName()+".", ""),
		jen.Type().Id(t.KeyType).StructFunc(func(g *jen.Group) {
			for _, f := range t.Key {
				g.Add(param(f.Name, f.Type.String()))
			}
		}))
	e.declare(comment(t.KeyOf+" returns the primary key of r.", ""),
		jen.Func().Id(t.KeyOf).Params(param("r", t.Record)).Id(t.KeyType).Block(
			jen.Return(jen.Id(t.KeyType).ValuesFunc(func(g *jen.Group) {
				for _, f := range t.Key {
					g.Add(member(f.Name, jen.Id("r."+f.Name)))
				}
			}))))
}

// columns prints the variable that names the columns.
func (e *emitter) columns(t *Table) {
	column := func(f *Field) string {
		class, operator := "Data", naturals[f.Column.Type].operator
		if f.Key {
			class = "Key"
		}
		if !f.Required {
			operator = "Null" + operator
		}
		return generic("Column", t.Record, f.Type.String(), "scalar."+class, "scalar."+operator)
	}
	var values []jen.Code
	for _, f := range t.Fields {
		values = append(values, member(f.Name, jen.Id(column(f)).Values(member("Pos", jen.Lit(f.Pos)), member("Encode", jen.Id(f.encoder())))))
	}
	e.declare(comment(t.Columns+" names the columns of "+t.fullName()+" for conditions, filters and assignments.", ""),
		jen.Var().Id(t.Columns).Op("=").StructFunc(func(g *jen.Group) {
			for _, f := range t.Fields {
				g.Add(param(f.Name, column(f)))
			}
		}).Add(lines(values...)))
}

// encoder names the function that encodes a value of the column.
func (f *Field) encoder() string {
	if f.Custom != nil {
		return f.Custom.encode
	}
	return "scalar." + naturals[f.Column.Type].word + "Value"
}

// encoded encodes an expression.
func (f *Field) encoded(expression string) *jen.Statement {
	return jen.Id(f.encoder()).Call(jen.Id(expression))
}

// definition prints the variable that ties the table to the runtime, and the
// functions between Go and stored values.
func (e *emitter) definition(t *Table) {
	core := "Table"
	if !t.Schema.Transaction {
		core = "StorageTable"
	}
	e.declare("", jen.Var().Id(t.variable).Op("=").Add(q(core)).Values(member("Def", jen.Id("&scalar.TableDef").Add(lines(t.def()...)))))
	key := make([]jen.Code, len(t.Key))
	for i, f := range t.Key {
		key[i] = f.encoded("k." + f.Name)
	}
	e.declare("", jen.Func().Id(t.encodeKey).Params(param("k", "*"+t.KeyType)).Id("[]scalar.Value").Block(jen.Return(jen.Id("[]scalar.Value").Add(lines(key...)))))
	record := make([]jen.Code, len(t.Fields))
	for i, f := range t.Fields {
		record[i] = f.encodedNull()
	}
	e.declare("", jen.Func().Id(t.encode).Params(param("r", "*"+t.Record)).Id("[]scalar.Value").Block(jen.Return(jen.Id("[]scalar.Value").Add(lines(record...)))))
	e.declare("", jen.Func().Id(t.decode).Params(param("from", "*scalar.Row"), param("r", "*"+t.Record)).BlockFunc(func(g *jen.Group) {
		for _, f := range t.Fields {
			g.Id("r." + f.Name).Op("=").Add(f.decoded())
		}
	}))
}

// encodedNull encodes the field of a record.
func (f *Field) encodedNull() *jen.Statement {
	if f.Required {
		return f.encoded("r." + f.Name)
	}
	word := naturals[f.Column.Type].word
	if f.Custom == nil {
		return q("Null" + word + "Value").Call(jen.Id("r." + f.Name))
	}
	return q("NullValue").Call(q("Type"+word), jen.Id("r."+f.Name), jen.Id(f.encoder()))
}

// decoded reads the field of a record.
func (f *Field) decoded() *jen.Statement {
	pos, word := jen.Lit(f.Pos), naturals[f.Column.Type].word
	switch {
	case f.Custom == nil && f.Required:
		return jen.Id("from." + word).Call(pos)
	case f.Custom == nil:
		return jen.Id("from.Null" + word).Call(pos)
	case f.Required:
		return jen.Id(f.Custom.decode).Call(jen.Id("from"), pos)
	default:
		return q("ReadNull").Call(jen.Id("from"), pos, jen.Id(f.Custom.decode))
	}
}

// def returns the members of the table definition.
func (t *Table) def() []jen.Code {
	positions := func(fields []*Field) *jen.Statement {
		return jen.Id("[]int").ValuesFunc(func(g *jen.Group) {
			for _, f := range fields {
				g.Lit(f.Pos)
			}
		})
	}
	var columns []jen.Code
	for _, f := range t.Fields {
		columns = append(columns, jen.Values(
			member("Name", jen.Lit(f.Column.Name)), member("Type", q("Type"+naturals[f.Column.Type].word))))
	}
	def := []jen.Code{
		member("TableName", q("TableName").Values(member("Namespace", jen.Lit(t.Schema.Namespace)), member("Name", jen.Lit(t.Schema.Name)))),
		member("Columns", jen.Id("[]scalar.ColumnDef").Add(lines(columns...))),
		member("Partition", positions(t.Parts)),
	}
	if clustering := t.Key[len(t.Parts):]; len(clustering) > 0 {
		def = append(def, member("Clustering", jen.Id("[]scalar.ClusteringDef").ValuesFunc(func(g *jen.Group) {
			for i, f := range clustering {
				order := "Asc"
				if t.Schema.ClusteringKey[i].Order == schema.Desc {
					order = "Desc"
				}
				g.Values(member("Column", jen.Lit(f.Pos)), member("Order", q(order)))
			}
		})))
	}
	if len(t.Indexes) > 0 {
		var indexed []*Field
		for _, index := range t.Indexes {
			indexed = append(indexed, index.Field)
		}
		def = append(def, member("Indexes", positions(indexed)))
	}
	return def
}
