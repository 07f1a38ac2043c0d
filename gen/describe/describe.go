// Package describe tells how the records of each table can be reached: the Go
// calls that are generated for it, what they cost, and what the storages cannot
// serve. package templates prints it.
package describe

import (
	"strings"
	"unicode"

	"github.com/scalargen/scalargen/gen"
	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/templates"
)

// Tables describes the tables of a plan, packages and tables in its order.
// Limits are those of the storages that c names, of all if it names none.
func Tables(plan *gen.Plan, c *config.Config) []templates.Table {
	var tables []templates.Table
	for _, pkg := range plan.Packages {
		for _, t := range pkg.Tables {
			tables = append(tables, templates.Table{
				Name:        t.Schema.FullName(),
				Package:     pkg.Name,
				Record:      t.Record,
				Repository:  t.Value,
				Key:         t.KeyType,
				Transaction: t.Schema.Transaction,
				Doc:         t.Doc,
				Columns:     columns(t),
				Paths:       paths(pkg, t),
				Limits:      limits(t.Schema, c),
			})
		}
	}
	return tables
}

func columns(t *gen.Table) []templates.Column {
	var columns []templates.Column
	for _, f := range t.Fields {
		goType := f.Type.String()
		if !f.Required {
			goType = "scalar.Null[" + goType + "]"
		}
		columns = append(columns, templates.Column{
			Name: f.Column.Name, Type: f.Column.Type.String(), Field: f.Name, Go: goType, Key: f.Key, Role: role(t.Schema, f),
		})
	}
	return columns
}

func role(t *schema.Table, f *gen.Field) string {
	var roles []string
	for _, c := range t.PartitionKey {
		if c == f.Column {
			roles = append(roles, "partition key")
		}
	}
	for _, c := range t.ClusteringKey {
		if c.Column == f.Column {
			roles = append(roles, "clustering key, "+direction(c.Order))
		}
	}
	if f.Indexed {
		roles = append(roles, "index")
	}
	return strings.Join(roles, ", ")
}

func direction(o schema.Order) string {
	if o == schema.Desc {
		return "descending"
	}
	return "ascending"
}

// paths lists the ways to the records, cheapest first.
func paths(pkg *gen.Package, t *gen.Table) []templates.Path {
	p := calls{pkg: pkg.Name, table: t, runner: "tx"}
	if !t.Schema.Transaction {
		p.runner = "db"
	}
	paths := []templates.Path{
		{What: "one record", Call: p.method("Get", pkg.Name+"."+t.KeyType+"{"+p.fields(t.Key)+"}")},
		{What: "several records", Call: p.method("GetAll", "keys..."), Note: "one round trip where the storage can"},
	}
	if t.Of != "" {
		of := pkg.Name + "." + t.Of + "(" + variables(t.Parts) + ")"
		paths = append(paths, templates.Path{What: "a partition", Call: p.method("Scan", of), Note: ordered(t.Schema)})
		for _, r := range t.Ranges {
			name := r.Bound.Name
			paths = append(paths, templates.Path{
				What: "a range of " + r.Bound.Column.Name,
				Call: p.method("Scan", of+"."+name+"From("+variable(name)+")"),
				Note: "also " + name + "After, " + name + "To, " + name + "Before",
			})
			of += "." + name + "Is(" + variable(name) + ")"
		}
	}
	for _, index := range t.Indexes {
		paths = append(paths, templates.Path{
			What: "by " + index.Field.Column.Name,
			Call: p.method(index.Method, variable(index.Field.Name)),
			Note: "secondary index, in no order",
		})
	}
	return append(paths, templates.Path{What: "the whole table", Call: p.method("Scan", pkg.Name+"."+t.All+"()"), Note: "reads every partition, in no order"})
}

func ordered(t *schema.Table) string {
	var columns []string
	for _, c := range t.ClusteringKey {
		columns = append(columns, c.Name+" "+direction(c.Order))
	}
	return "ordered by " + strings.Join(columns, ", ") + "; the other way round with .Reverse()"
}

// calls prints calls of a repository's methods.
type calls struct {
	pkg    string
	table  *gen.Table
	runner string // tx or db
}

func (p calls) method(name, argument string) string {
	return p.pkg + "." + p.table.Value + "." + name + "(ctx, " + p.runner + ", " + argument + ")"
}

func (p calls) fields(fields []*gen.Field) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.Name + ": " + variable(f.Name)
	}
	return strings.Join(texts, ", ")
}

func variables(fields []*gen.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = variable(f.Name)
	}
	return strings.Join(names, ", ")
}

// variable makes a name for a value of a field: orderID for OrderID, id for ID.
func variable(field string) string {
	letters := []rune(field)
	for i, r := range letters {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(letters) && unicode.IsLower(letters[i+1]) {
			break
		}
		letters[i] = unicode.ToLower(r)
	}
	return string(letters)
}

// limits returns what storages cannot serve of t. A limit that several share is
// one.
func limits(t *schema.Table, c *config.Config) []templates.Limit {
	var limits []templates.Limit
	at := map[string]int{}
	for _, l := range schema.Limits(t) {
		if !c.Concerns(l.Storage) {
			continue
		}
		if i, again := at[l.Message]; again {
			limits[i].Storage += ", " + l.Storage
			continue
		}
		at[l.Message] = len(limits)
		limits = append(limits, templates.Limit{Storage: l.Storage, Message: l.Message})
	}
	return limits
}
