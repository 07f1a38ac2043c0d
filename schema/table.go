package schema

import "strings"

// The members of a table entry that are not options (spec schema.md 1.3).
const (
	memberPartitionKey  = "partition-key"
	memberClusteringKey = "clustering-key"
	memberColumns       = "columns"
	memberIndex         = "secondary-index"
	memberTransaction   = "transaction"
)

// tableParser holds the state of one table entry.
type tableParser struct {
	*parser
	table *Table
	name  string // as in the file, which may not be namespace.table
	at    mark   // of the name
	// byName finds columns of a wide table; nil for an ordinary one.
	byName map[string]*Column
	// keys tells where a column was named in a key.
	keys map[*Column]keyUse
}

type keyUse struct {
	member string
	at     mark
}

// parseTable reads the entry of one table and adds it to the schema.
func (p *parser) parseTable(entry *node) {
	at := entry.nameAt
	namespace, name, ok := p.tableName(entry)
	if first, again := p.tables[entry.name]; again {
		p.errorf(at, "table %s is declared twice, first at %s, and ScalarDB would silently use only one: remove one of them",
			quote(entry.name), p.position(first.file, first.at))
		ok = false
	} else {
		p.tables[entry.name] = declared{p.file, at}
	}
	if entry.kind != kindObject {
		if entry.name == "$schema" {
			return // explained by tableName
		}
		p.errorf(entry.at, `table %s must be an object such as {"partition-key": ["id"], "columns": {"id": "TEXT"}}, not %s`, quote(entry.name), entry.describe())
		return
	}
	t := &tableParser{
		parser: p,
		table:  &Table{Namespace: namespace, Name: name, Transaction: !p.config.LegacyTransactionDefault, Pos: p.position(p.file, at)},
		name:   entry.name,
		at:     at,
	}
	t.parse(p.distinct(entry.kids, "member"))
	if ok {
		p.schema.Tables = append(p.schema.Tables, t.table)
		t.warnLimits()
	}
}

func (t *tableParser) parse(members []node) {
	var partition, clustering, columns, index *node
	var options []*node
	for i := range members {
		m := &members[i]
		switch m.name {
		case memberPartitionKey:
			partition = m
		case memberClusteringKey:
			clustering = m
		case memberColumns:
			columns = m
		case memberIndex:
			index = m
		case memberTransaction:
			t.transaction(m)
		default:
			options = append(options, m)
		}
	}
	declared := false
	if columns == nil {
		t.errorf(t.at, `table %s has no member "columns", which declares all columns, keys included: add "columns": {"id": "TEXT"}`, quote(t.name))
	} else {
		declared = t.parseColumns(columns)
	}
	if partition == nil {
		t.errorf(t.at, `table %s has no member "partition-key", which names the columns that place a record: add "partition-key": ["id"]`, quote(t.name))
	} else {
		t.partitionKey(partition, declared)
	}
	if clustering != nil {
		t.clusteringKey(clustering, declared)
	}
	if index != nil {
		t.indexes(index, declared)
	}
	if t.table.Transaction {
		t.reservedColumns()
	}
	t.options(options)
}

func (t *tableParser) transaction(m *node) {
	value, ok := m.boolean()
	if ok {
		t.table.Transaction = value
		return
	}
	why := "which ScalarDB refuses"
	if _, isScalar := m.scalar(); isScalar {
		why = "which ScalarDB silently takes for false"
	}
	t.errorf(m.at, `"transaction" must be true or false, not %s, %s: write true for tables used in transactions`, m.describe(), why)
}

// column returns the declared column of that name.
func (t *tableParser) column(name string) *Column {
	if t.byName != nil {
		return t.byName[name]
	}
	return t.table.Column(name)
}

// tableName splits and checks the name of a table entry.
func (p *parser) tableName(entry *node) (namespace, name string, ok bool) {
	namespace, name, dotted := strings.Cut(entry.name, ".")
	at := entry.nameAt
	switch {
	case entry.name == "$schema":
		p.errorf(at, `"$schema" would be read as a table by ScalarDB: remove it, and name the JSON Schema in your editor's settings`)
		return "", "", false
	case !dotted:
		p.errorf(at, `table name %s has no namespace: write "namespace.table"`, quote(entry.name))
		return "", "", false
	case strings.Contains(name, "."):
		second, rest, _ := strings.Cut(name, ".")
		p.errorf(at, "table name %s has more than two parts, and ScalarDB silently drops %s: write %s, or join the words with _",
			quote(entry.name), quote("."+rest), quote(namespace+"."+second))
		return "", "", false
	}
	ok = p.checkName(at, "namespace", namespace)
	ok = p.checkName(at, "table name", name) && ok
	switch namespace {
	case "coordinator":
		p.errorf(at, `namespace "coordinator" belongs to the coordinator table, which decides the outcome of transactions (DB-CORE-10096): choose another namespace`)
		ok = false
	case "scalardb":
		p.errorf(at, `namespace "scalardb" holds the tables in which ScalarDB keeps all table definitions, and dropping or writing it loses them: choose another namespace`)
		ok = false
	}
	return namespace, name, ok
}
