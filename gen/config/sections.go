package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// config reads the top of the file.
func (l *loader) config(n *yaml.Node, c *Config) {
	l.mapping(n, FileName,
		member{"schema", func(n *yaml.Node) { c.Schemas = l.patterns(n) }},
		member{"out", func(n *yaml.Node) { c.Out = l.outPath(n) }},
		member{"interfaces", func(n *yaml.Node) { c.Interfaces, _ = l.boolean(n, "interfaces") }},
		member{"storages", func(n *yaml.Node) { c.Storages = l.storages(n) }},
		member{"legacy-transaction-default", func(n *yaml.Node) {
			c.LegacyTransactionDefault, _ = l.boolean(n, "legacy-transaction-default")
		}},
		member{"packages", func(n *yaml.Node) { c.Packages = l.packages(n) }},
		member{"tables", func(n *yaml.Node) { c.Tables = l.tables(n) }},
	)
}

func (l *loader) patterns(n *yaml.Node) []Pattern {
	var patterns []Pattern
	l.list(n, "schema", true, func(n *yaml.Node) {
		text, ok := l.schemaPath(n)
		if !ok {
			return
		}
		for _, p := range patterns {
			if p.Text == text {
				l.errorf(n, "schema names %s twice: remove one of them", quote(text))
				return
			}
		}
		patterns = append(patterns, Pattern{text, l.position(n.Line, n.Column)})
	})
	return patterns
}

func (l *loader) storages(n *yaml.Node) []string {
	var names []string
	seen := map[string]bool{}
	l.list(n, "storages", true, func(n *yaml.Node) {
		name, ok := l.text(n, "a storage")
		if !ok {
			return
		}
		switch {
		case storageNames[name] == nil:
			l.errorf(n, "there is no storage %s%s", quote(name), orList(didYouMean(name, Storages()), Storages()))
		case seen[name]:
			l.errorf(n, "storages has %s twice: remove one of them", quote(name))
		default:
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

// orList is hint, or the list of what is possible.
func orList(hint string, possible []string) string {
	if hint != "" {
		return hint
	}
	return ": it may be one of " + strings.Join(possible, ", ")
}

func (l *loader) packages(n *yaml.Node) map[string]*Package {
	packages := map[string]*Package{}
	l.pairs(n, "packages", func(key, value *yaml.Node) {
		packages[key.Value] = l.packageOf(key, value)
	})
	return packages
}

// packageOf reads one package: its name alone, or a mapping.
func (l *loader) packageOf(key, value *yaml.Node) *Package {
	p := &Package{Pos: l.position(key.Line, key.Column)}
	if v := l.follow(value); v != nil && v.Kind == yaml.ScalarNode && !isNull(v) {
		p.Name = l.packageName(value, "packages."+key.Value)
		return p
	}
	l.mapping(value, "packages."+key.Value,
		member{"name", func(n *yaml.Node) { p.Name = l.packageName(n, "name") }},
		member{"dir", func(n *yaml.Node) { p.Dir = l.packageDir(n) }},
		member{"doc", func(n *yaml.Node) { p.Doc = l.doc(n) }},
		member{"skip", func(n *yaml.Node) { p.Skip, _ = l.boolean(n, "skip") }},
	)
	return p
}

func (l *loader) tables(n *yaml.Node) map[string]*Table {
	tables := map[string]*Table{}
	l.pairs(n, "tables", func(key, value *yaml.Node) {
		if namespace, table, ok := strings.Cut(key.Value, "."); !ok || namespace == "" || table == "" {
			l.errorf(key, "%s is no table: write namespace.table, as in the schema", quote(key.Value))
			l.table(key, value) // for its own errors
			return
		}
		tables[key.Value] = l.table(key, value)
	})
	return tables
}

func (l *loader) table(key, value *yaml.Node) *Table {
	t := &Table{Columns: map[string]*Column{}, Pos: l.position(key.Line, key.Column)}
	required := map[string]*yaml.Node{}
	explicit := map[string]bool{} // columns.<c>.required
	l.mapping(value, "tables."+key.Value,
		member{"record", func(n *yaml.Node) { t.Record = l.goName(n, "record") }},
		member{"repository", func(n *yaml.Node) { t.Repository = l.goName(n, "repository") }},
		member{"doc", func(n *yaml.Node) { t.Doc = l.doc(n) }},
		member{"interface", func(n *yaml.Node) {
			if b, ok := l.boolean(n, "interface"); ok {
				t.Interface = &b
			}
		}},
		member{"skip", func(n *yaml.Node) { t.Skip, _ = l.boolean(n, "skip") }},
		member{"required", func(n *yaml.Node) {
			l.list(n, "required", true, func(n *yaml.Node) {
				name, ok := l.text(n, "a required column")
				if first, again := required[name]; ok && again {
					l.errorf(n, "required has %s twice, first at line %d, column %d: remove one of them", quote(name), first.Line, first.Column)
				} else if ok {
					required[name] = n
				}
			})
		}},
		member{"columns", func(n *yaml.Node) {
			l.pairs(n, "columns", func(key, value *yaml.Node) {
				t.Columns[key.Value] = l.column(key, value, explicit)
			})
		}},
	)
	for name, n := range required {
		c := t.Columns[name]
		if c == nil {
			c = &Column{Pos: l.position(n.Line, n.Column)}
			t.Columns[name] = c
		}
		if said, ok := explicit[name]; ok && !said {
			l.errorf(n, "column %s is required here and not under columns, at line %d: remove one of them", quote(name), c.Pos.Line)
		}
		c.Required = true
	}
	return t
}

// column reads one column. Whether it says "required" itself goes to explicit.
func (l *loader) column(key, value *yaml.Node, explicit map[string]bool) *Column {
	c := &Column{Pos: l.position(key.Line, key.Column)}
	l.mapping(value, "column "+key.Value,
		member{"name", func(n *yaml.Node) { c.Name = l.goName(n, "name") }},
		member{"doc", func(n *yaml.Node) { c.Doc = l.doc(n) }},
		member{"required", func(n *yaml.Node) {
			if b, ok := l.boolean(n, "required"); ok {
				c.Required = b
				explicit[key.Value] = b
			}
		}},
		member{"type", func(n *yaml.Node) { c.Type = l.goType(n) }},
		member{"enum", func(n *yaml.Node) { c.Enum = l.enum(n) }},
	)
	if c.Type != nil && c.Enum != nil {
		l.errorf(key, "column %s has both a type and an enum, and each is its Go type: remove one of them", quote(key.Value))
	}
	return c
}

func (l *loader) doc(n *yaml.Node) string {
	text, _ := l.text(n, "doc")
	return strings.TrimSpace(text)
}
