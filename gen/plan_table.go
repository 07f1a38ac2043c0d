package gen

import (
	"slices"
	"strconv"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// nameTable decides the package-level names of a table and claims those that
// do not depend on columns. Record stays "" if there is no name, which is
// reported.
//
// A word without a plural (news, sheep) would give the record and the
// repository the same name: then the repository's value is NewsTable, and the
// functions are AllNews, NewsOf.
func (p *planner) nameTable(table *Table, c *config.Table, names *scope) {
	t := table.Schema
	full := shown(t.FullName())
	one, many := nouns(t.Name)
	if c.Record != "" {
		one = c.Record
	}
	value := many
	if many == one {
		value = many + "Table"
	}
	if c.Repository != "" {
		many, value = c.Repository, c.Repository
	}
	switch {
	case one == "" || many == "":
		p.errorf(t.Pos, "table %s has no letter or digit to name Go types after: add to scalargen.yaml, with names of your choice:  %s",
			full, "tables: {"+yamlWord(t.FullName())+": {record: Record, repository: Records}}")
		return
	case !p.identifier(c.Pos, "the record of table "+full, one) || !p.identifier(c.Pos, "the repository of table "+full, value):
		return
	}
	table.Record = one
	table.KeyType = one + "Key"
	table.KeyOf = "KeyOf" + one
	table.Columns = one + "Columns"
	table.Repository = one + "Repository"
	table.Value = value
	table.All = "All" + many

	record, repository := recordClaim(table), repositoryClaim(table)
	of := " of table " + full
	names.claim(table.Record, record("the record type"+of))
	names.claim(table.KeyType, record("the key type"+of))
	names.claim(table.KeyOf, record("the key function"+of))
	names.claim(table.Columns, record("the columns variable"+of))
	names.claim(table.Repository, record("the repository type"+of))
	names.claim(table.Value, repository("the repository"+of))
	names.claim(table.All, repository("the selection"+of))
	if len(t.ClusteringKey) > 0 {
		table.Of = many + "Of"
		names.claim(table.Of, repository("the range function"+of))
	}
	if c.Interface == nil && p.config.Interfaces || c.Interface != nil && *c.Interface {
		table.Store = one + "Store"
		names.claim(table.Store, record("the interface"+of))
	}
}

// recordClaim returns claims for names that derive from the record's.
func recordClaim(t *Table) func(what string) claim { return tableClaim(t, "record", t.Record) }

// repositoryClaim returns claims for names that derive from the repository's.
func repositoryClaim(t *Table) func(what string) claim { return tableClaim(t, "repository", t.Value) }

func tableClaim(t *Table, member, base string) func(string) claim {
	return func(what string) claim {
		return claim{owner: t.Schema.FullName(), what: what, pos: t.Schema.Pos, base: base,
			line: func(name string) string { return tableLine(t.Schema.FullName(), member, name) }}
	}
}

// identifier reports names of the configuration that cannot be declared.
func (p *planner) identifier(pos schema.Position, what, name string) bool {
	if isExportedIdent(name) {
		return true
	}
	p.errorf(pos, "%s cannot be named %s: a name that other packages use begins with an upper-case letter and consists of letters, digits and _", what, quoted(name))
	return false
}

// planFields decides names and types of the columns.
func (p *planner) planFields(table *Table, c *config.Table, types *typeTable) {
	t := table.Schema
	names := p.scope()
	fields := map[*schema.Column]*Field{}
	for pos, column := range t.Columns {
		cc := c.Columns[column.Name]
		if cc == nil {
			cc = &config.Column{}
		}
		f := &Field{
			Column: column, Pos: pos, Name: cc.Name, Doc: cc.Doc, Type: naturals[column.Type].typ,
			Key: t.IsKey(column), Required: cc.Required || t.IsKey(column), Indexed: slices.Contains(t.Indexes, column),
		}
		what := "column " + shown(column.Name) + " of table " + shown(t.FullName())
		if f.Name == "" {
			f.Name = exported(words(column.Name))
		} else if !p.identifier(cc.Pos, what, f.Name) {
			continue
		}
		if f.Name == "" {
			p.errorf(column.Pos, "%s has no letter or digit to name a Go field after: add to scalargen.yaml, with a name of your choice:  %s",
				what, columnLine(t.FullName(), column.Name, "name", "Field"))
			continue
		}
		names.claim(f.Name, claim{owner: column.Name, what: what, pos: column.Pos, base: f.Name,
			line: func(name string) string { return columnLine(t.FullName(), column.Name, "name", name) }})
		f.Custom = types.of(table, f, cc)
		if f.Custom != nil {
			f.Type = f.Custom.Type
		}
		fields[column] = f
		table.Fields = append(table.Fields, f)
	}
	for _, column := range t.PartitionKey {
		f := fields[column]
		if f == nil {
			continue // reported
		}
		f.role = "partition key"
		if len(t.PartitionKey) > 1 {
			f.role += ordinal(len(table.Key))
		}
		table.Key = append(table.Key, f)
	}
	table.Parts = table.Key
	for i, column := range t.ClusteringKey {
		f := fields[column.Column]
		if f == nil {
			continue
		}
		f.role = "clustering key"
		if len(t.ClusteringKey) > 1 {
			f.role += ordinal(i)
		}
		if column.Order == schema.Desc {
			f.role += ", descending"
		} else {
			f.role += ", ascending"
		}
		table.Key = append(table.Key, f)
	}
	table.Parts = table.Key[:min(len(t.PartitionKey), len(table.Key))]
}

// ordinal tells the place of a column in a key of several.
func ordinal(i int) string { return " " + strconv.Itoa(i+1) }
