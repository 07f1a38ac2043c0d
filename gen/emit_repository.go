package gen

import (
	"strings"

	"github.com/dave/jennifer/jen"
)

// method is one method of a repository.
type method struct {
	name    string
	doc     string
	params  []jen.Code // after the context and what runs the operation
	results []jen.Code
	body    *jen.Statement
}

// runner is the parameter that runs operations.
func (t *Table) runner() (name, typ string) {
	if t.Schema.Transaction {
		return "run", "scalar.Runner"
	}
	return "db", "*scalar.DB"
}

// repository prints the value and type with the operations on a table. The
// methods have a pointer receiver although they do not use it: for each method
// on a value the compiler makes one more on the pointer.
func (e *emitter) repository(t *Table) {
	e.declare(comment(t.Value+" is the table "+t.fullName()+".", ""), jen.Var().Id(t.Value).Op("=").Id("&"+t.Repository).Values())
	doc := t.Repository + " is the set of operations on " + t.fullName() + ". Every method runs in the transaction it is given, or as a transaction of its own on a [scalar.DB]. " +
		"Any of them may report [scalar.ErrConflict], after which the whole transaction must be retried."
	if !t.Schema.Transaction {
		doc = t.Repository + " is the set of operations on " + t.fullName() + ", a table without transactions: every method is one request to the storage, atomic on its record, and durable when it returns. " +
			"A write whose outcome is not known reports [scalar.ErrUnknownStatus]."
	}
	e.declare(comment(doc, ""), jen.Type().Id(t.Repository).Struct())
	methods := t.methods()
	if t.Store != "" {
		e.declare(comment(t.Store+" has the methods of ["+t.Repository+"], for code that takes a fake in tests.", ""),
			jen.Type().Id(t.Store).InterfaceFunc(func(g *jen.Group) {
				for _, m := range methods {
					g.Id(m.name).Params(t.params(m)...).Add(results(m))
				}
			}))
		e.declare("", jen.Var().Id("_").Id(t.Store).Op("=").Id(t.Value))
	}
	for _, m := range methods {
		e.declare(comment(m.doc, ""), jen.Func().Params(jen.Id("*"+t.Repository)).Id(m.name).Params(t.params(m)...).Add(results(m)).Block(jen.Return(m.body)))
	}
}

func (t *Table) params(m method) []jen.Code {
	return append([]jen.Code{param("ctx", "context.Context"), param(t.runner())}, m.params...)
}

func results(m method) *jen.Statement {
	if len(m.results) == 1 {
		return jen.Add(m.results[0])
	}
	return jen.Params(m.results...)
}

// methods returns the operations that the table has. A table of key columns
// alone has nothing to update or to put a condition on.
func (t *Table) methods() []method {
	var (
		id     = func(name string) *jen.Statement { return jen.Id(name) }
		run, _ = t.runner()
		key    = param("key", t.KeyType)
		r      = param("r", t.Record)
		err    = []jen.Code{id("error")}
		set    = param("set", "..."+generic("Assign", t.Record))
		cond   = param("cond", generic("Cond", t.Record, "scalar.Data"))
		stream = []jen.Code{id("iter.Seq2[" + t.Record + ", error]")}
		call   = func(name string, args ...jen.Code) *jen.Statement {
			return id(t.variable + "." + name).Call(append([]jen.Code{id("ctx"), id(run)}, args...)...)
		}
		read = func(name string, args ...jen.Code) *jen.Statement {
			on := id(t.variable + ".On").Call(id(run))
			return q(name).Call(append(append([]jen.Code{id("ctx"), on}, args...), id(t.decode))...)
		}
		keyed   = id(t.encodeKey).Call(id("&key"))
		encoded = id(t.encode).Call(id("&r"))
		changes = q("Assignments").Call(id("set"))
		guard   = q("Condition").Call(id("cond"))
	)
	taken := "If the key is taken, this call or the commit reports [scalar.ErrAlreadyExists]."
	if !t.Schema.Transaction {
		taken = "It reports [scalar.ErrAlreadyExists] if the key is taken."
	}
	methods := []method{{
		name: "Get", doc: "Get reads the record at key. It reports [scalar.ErrNotFound] if there is none.",
		params: []jen.Code{key}, results: []jen.Code{id(t.Record), id("error")}, body: read("GetRecord", keyed),
	}, {
		name: "GetAll", doc: "GetAll reads the records at keys, in one round trip where the storage can. The result has one element per key, nil where there is no record.",
		params:  []jen.Code{param("keys", "..."+t.KeyType)},
		results: []jen.Code{id("[]*" + t.Record), id("error")}, body: read("GetRecords", id("keys"), id(t.encodeKey)),
	}, {
		name: "Insert", doc: "Insert adds r. " + taken,
		params: []jen.Code{r}, results: err, body: call("Insert", encoded),
	}, {
		name: "Upsert", doc: "Upsert writes all columns of r, whether or not the key is taken.",
		params: []jen.Code{r}, results: err, body: call("Upsert", encoded),
	}}
	hasData := t.hasData()
	if hasData {
		methods = append(methods, method{
			name: "Update", doc: "Update changes the columns named in set at key. It does nothing if there is no record; [" + t.Repository + ".UpdateIf] insists on one.",
			params: []jen.Code{key, set}, results: err, body: call("Update", keyed, changes),
		}, method{
			name: "UpdateIf", doc: "UpdateIf is Update guarded by cond; [scalar.All] combines conditions. It reports [scalar.ErrCondition] if there is no record or cond does not hold.",
			params: []jen.Code{key, cond, set}, results: err, body: call("UpdateIf", keyed, guard, changes),
		})
	}
	methods = append(methods, method{
		name: "Delete", doc: "Delete removes the record at key. It does nothing if there is none.",
		params: []jen.Code{key}, results: err, body: call("Delete", keyed),
	})
	if hasData {
		methods = append(methods, method{
			name: "DeleteIf", doc: "DeleteIf is Delete guarded by cond. It reports [scalar.ErrCondition] if there is no record or cond does not hold.",
			params: []jen.Code{key, cond}, results: err, body: call("DeleteIf", keyed, guard),
		})
	}
	methods = append(methods, method{
		name: "Scan", doc: t.scanDoc(),
		params: []jen.Code{param("of", generic("Scannable", t.Record))}, results: stream, body: read("ScanRecords", id("of")),
	})
	for _, index := range t.Indexes {
		f := index.Field
		methods = append(methods, method{
			name: index.Method, doc: index.Method + " iterates over the records whose " + shown(f.Column.Name) + " is " + f.param + ", as Scan does with [" + index.Select + "].",
			params: []jen.Code{param(f.param, f.Type.String())}, results: stream,
			body: id(t.Value+".Scan").Call(id("ctx"), id(run), jen.Id(index.Select).Call(id(f.param))),
		})
	}
	return methods
}

// hasData reports whether the table has columns outside its key.
func (t *Table) hasData() bool { return len(t.Key) < len(t.Fields) }

func (t *Table) scanDoc() string {
	selections := []string{"[" + t.All + "]"}
	for _, index := range t.Indexes {
		selections = append(selections, "["+index.Select+"]")
	}
	of := "a selection (" + strings.Join(selections, ", ") + "), in no particular order"
	if t.Of != "" {
		of = "a range ([" + t.Of + "]) in clustering order, or of " + of
	}
	return "Scan iterates over the records of " + of + ". It yields at most one error, last."
}

// selections prints the functions that choose records of the whole table or of
// an index.
func (e *emitter) selections(t *Table) {
	selection := generic("Selection", t.Record)
	e.declare(comment(t.All+" selects the whole table "+t.fullName()+", across its partitions.", ""),
		jen.Func().Id(t.All).Params().Id(selection).Block(jen.Return(jen.Id(generic("SelectAll", t.Record)).Call())))
	for _, index := range t.Indexes {
		f := index.Field
		e.declare(comment(index.Select+" selects the records whose "+shown(f.Column.Name)+" is "+f.param+", through its secondary index.", ""),
			jen.Func().Id(index.Select).Params(param(f.param, f.Type.String())).Id(selection).Block(
				jen.Return(jen.Id(generic("SelectIndex", t.Record)).Call(jen.Lit(f.Pos), f.encoded(f.param)))))
	}
}
