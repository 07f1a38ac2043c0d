package schema

import (
	"fmt"
	"strings"
)

// File is one schema file. Name is what positions show; it is not opened.
type File struct {
	Name string
	Data []byte
}

// Config adjusts the meaning of files. The zero value is ScalarDB 3.7 and later.
type Config struct {
	// LegacyTransactionDefault makes a table without the member "transaction"
	// a plain storage table, as ScalarDB up to 3.6 did. Set it for files of
	// that time; the member itself means the same in all versions.
	LegacyTransactionDefault bool
}

// Parse reads the files as one schema with the zero [Config].
func Parse(files ...File) (*Schema, Diagnostics) { return Config{}.Parse(files...) }

// Parse reads the files as one schema. A table may be in one file only.
//
// The schema is never nil. If [Diagnostics.Err] reports an error, the schema
// holds what could be understood, for tools that show something to a person
// who is still typing: columns may lack a type and keys may be incomplete.
// Everybody else must check Err first.
func (c Config) Parse(files ...File) (*Schema, Diagnostics) {
	p := &parser{config: c, report: report{files: files}, tables: map[string]declared{}}
	for i, f := range files {
		p.file = i
		p.parseFile(f)
	}
	p.compareTables()
	return &p.schema, p.diagnostics()
}

// parser holds the state of one run.
type parser struct {
	config Config
	report
	schema Schema
	file   int                 // being parsed
	tables map[string]declared // by full name
}

// declared is where something was declared first.
type declared struct {
	file int
	at   mark
}

func (p *parser) errorf(at mark, format string, args ...any) {
	p.emit(Error, at, format, args...)
}

func (p *parser) warnf(at mark, format string, args ...any) {
	p.emit(Warning, at, format, args...)
}

func (p *parser) emit(severity Severity, at mark, format string, args ...any) {
	text := ""
	if !p.full(severity) {
		text = fmt.Sprintf(format, args...)
	}
	p.add(severity, p.file, at, text)
}

func (p *parser) parseFile(f File) {
	root, complete := readFile(f.Data, func(at mark, text string) { p.add(Error, p.file, at, text) })
	if root.kind != kindObject {
		if complete {
			p.errorf(root.at, `a schema is a JSON object whose members are tables, not %s: write {"namespace.table": {…}}`, root.describe())
		}
		return
	}
	for i := range root.kids {
		p.parseTable(&root.kids[i])
	}
}

// distinct reports members whose name occurred before and returns the others.
// ScalarDB keeps the last of them and says nothing.
func (p *parser) distinct(members []node, what string) []node {
	const few = 16
	var seen map[string]mark
	if len(members) > few {
		seen = make(map[string]mark, len(members))
	}
	first := func(i int) (mark, bool) {
		if seen != nil {
			at, ok := seen[members[i].name]
			if !ok {
				seen[members[i].name] = members[i].nameAt
			}
			return at, ok
		}
		for j := range i {
			if members[j].name == members[i].name {
				return members[j].nameAt, true
			}
		}
		return mark{}, false
	}
	kept := members
	for i := range members {
		at, again := first(i)
		if again {
			if len(kept) == len(members) {
				kept = append([]node(nil), members[:i]...)
			}
			p.errorf(members[i].nameAt, "%s %s is declared twice, first at line %d, column %d, and ScalarDB would silently use the last: remove one of them",
				what, quote(members[i].name), at.line, at.column)
		} else if len(kept) != len(members) {
			kept = append(kept, members[i])
		}
	}
	return kept
}

// compareTables warns about tables that are fine alone and not together.
func (p *parser) compareTables() {
	folded := make(map[string]*Table, len(p.schema.Tables))
	type keyspaceOption struct{ namespace, option string }
	first := map[keyspaceOption]Option{}
	for _, t := range p.schema.Tables {
		d := p.tables[t.FullName()]
		p.file = d.file
		name := strings.ToLower(t.FullName())
		if other := folded[name]; other != nil {
			p.warnf(d.at, "SQLite, SQL Server, MySQL: table %s differs from %s at %s only in letter case, which these databases do not or not everywhere distinguish: rename one of them",
				quote(t.FullName()), quote(other.FullName()), other.Pos)
		} else {
			folded[name] = t
		}
		for _, o := range t.Options {
			if o.Name != replicationStrategy && o.Name != replicationFactor {
				continue
			}
			key := keyspaceOption{t.Namespace, o.Name}
			if f, ok := first[key]; !ok {
				first[key] = o
			} else if !strings.EqualFold(f.Value, o.Value) {
				p.warnf(markOf(o.Pos), "Cassandra: %s belongs to the keyspace %s, and its first table decides (%s at %s); %s has no effect here: give the tables of a namespace the same value",
					o.Name, quote(t.Namespace), quote(f.Value), f.Pos, quote(o.Value))
			}
		}
	}
}

func markOf(p Position) mark {
	return mark{offset: int32(p.Offset), line: int32(p.Line), column: int32(p.Column)}
}
