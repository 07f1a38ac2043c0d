package config

import (
	"go/token"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/scalargen/scalargen/schema"
)

// goType reads a type: Name, import/path.Name, or a mapping.
func (l *loader) goType(n *yaml.Node) *GoType {
	t := &GoType{Pos: l.position(n.Line, n.Column)}
	if v := l.follow(n); v != nil && v.Kind == yaml.ScalarNode && !isNull(v) {
		l.typeName(n, v.Value, t)
		return t
	}
	var to, from *yaml.Node
	named, imported := false, false
	ok := l.mapping(n, "type",
		member{"import", func(n *yaml.Node) {
			if text, ok := l.text(n, "import"); ok {
				imported = true
				l.importPath(n, text)
				t.Import = text
			}
		}},
		member{"name", func(n *yaml.Node) {
			named = true
			t.Name = l.goName(n, "name")
		}},
		member{"to", func(n *yaml.Node) { t.To, to = l.function(n, "to", t), n }},
		member{"from", func(n *yaml.Node) { t.From, from = l.function(n, "from", t), n }},
	)
	if !ok {
		return t
	}
	if !named {
		l.errorf(n, "type has no name: add name: and the Go type's name, without its package")
	}
	switch {
	case to == nil && from == nil:
	case from == nil:
		l.errorf(to, "type has to and no from, so that values could be written and not read: add from: with a function (value) (%s, error), or remove to if the Go type is declared over the column's natural type", orWord(t.Name))
	case to == nil:
		l.errorf(from, "type has from and no to, so that values could be read and not written: add to: with a method such as String, or remove from if the Go type is declared over the column's natural type")
	case !imported:
		l.errorf(from, "type has conversions and no import, and a type that scalargen declares itself needs none: add import: with the path of the package that declares %s, or remove to and from", orWord(t.Name))
	default:
		l.sameQualifier(to, t)
	}
	return t
}

// typeName splits Name or import/path.Name.
func (l *loader) typeName(n *yaml.Node, text string, t *GoType) {
	slash := strings.LastIndexByte(text, '/')
	dot := strings.LastIndexByte(text, '.')
	if dot <= slash {
		if slash >= 0 {
			l.errorf(n, "type %s names a package and no type: write %s.TypeName", quote(text), text)
			return
		}
		t.Name = l.goName(n, "type")
		return
	}
	t.Import, t.Name = text[:dot], text[dot+1:]
	l.importPath(n, t.Import)
	l.checkGoName(n, "type", t.Name)
}

// function reads the name of a conversion: a method for to, or pkg.Func. It
// returns "" for anything else.
func (l *loader) function(n *yaml.Node, what string, t *GoType) string {
	text, ok := l.text(n, what)
	if !ok {
		return ""
	}
	qualifier, name, qualified := strings.Cut(text, ".")
	switch {
	case !qualified && what == "from":
		l.errorf(n, "from must be a function with its package, such as uuid.Parse, not %s: write %s.%s", quote(text), packageGuess(t.Import), orWord(text))
	case !qualified:
		if l.checkGoName(n, what, text) {
			return text
		}
	case !token.IsIdentifier(qualifier) || qualifier == "_" || !token.IsIdentifier(name) || !token.IsExported(name):
		l.errorf(n, "%s must name an exported function and its package, such as uuid.Parse, not %s", what, quote(text))
	default:
		return text
	}
	return ""
}

// sameQualifier makes sure that a function To comes from the same package as
// From, because one import is all that there is.
func (l *loader) sameQualifier(to *yaml.Node, t *GoType) {
	toPackage, _, qualified := strings.Cut(t.To, ".")
	fromPackage, _, ok := strings.Cut(t.From, ".")
	if qualified && ok && toPackage != fromPackage {
		l.errorf(to, "to and from must be functions of the package that import names, not of two (%s, %s)", toPackage, fromPackage)
	}
}

var versionSuffix = regexp.MustCompile(`^v[0-9]+$`)

// packageGuess guesses a package's name from its import path, for messages.
func packageGuess(importPath string) string {
	base := path.Base(importPath)
	if versionSuffix.MatchString(base) {
		base = path.Base(path.Dir(importPath))
	}
	if !token.IsIdentifier(base) {
		return "pkg"
	}
	return base
}

func orWord(name string) string {
	if name == "" {
		return "T"
	}
	return name
}

// enum reads an enum: its values alone, or a mapping.
func (l *loader) enum(n *yaml.Node) *Enum {
	e := &Enum{Pos: l.position(n.Line, n.Column)}
	if v := l.follow(n); v != nil && v.Kind == yaml.SequenceNode {
		l.enumValues(n, e)
		return e
	}
	valued := false
	ok := l.mapping(n, "enum",
		member{"name", func(n *yaml.Node) { e.Name = l.goName(n, "name") }},
		member{"values", func(n *yaml.Node) {
			valued = true
			l.enumValues(n, e)
		}},
	)
	if ok && !valued {
		l.errorf(n, "enum has no values: add values: with a list of what may be stored, such as [PENDING, SHIPPED]")
	}
	return e
}

func (l *loader) enumValues(n *yaml.Node, e *Enum) {
	values := map[string]schema.Position{}
	names := map[string]schema.Position{}
	given := 0
	ok := l.list(n, "values", false, func(n *yaml.Node) {
		given++
		v, ok := l.enumValue(n)
		if !ok {
			return
		}
		if first, again := values[v.Value]; again {
			l.errorf(n, "enum has the value %s twice, first at line %d, column %d: remove one of them", quote(v.Value), first.Line, first.Column)
			return
		}
		if first, again := names[v.Name]; again && v.Name != "" {
			l.errorf(n, "enum has the name %s twice, first at line %d, column %d: rename one of them", v.Name, first.Line, first.Column)
			return
		}
		values[v.Value], names[v.Name] = v.Pos, v.Pos
		e.Values = append(e.Values, v)
	})
	if ok && given == 0 {
		l.errorf(n, "enum has no values: list what may be stored, such as [PENDING, SHIPPED]")
	}
}

// enumValue reads one value: what is stored alone, or a mapping.
func (l *loader) enumValue(n *yaml.Node) (EnumValue, bool) {
	e := EnumValue{Pos: l.position(n.Line, n.Column)}
	v := l.follow(n)
	if v == nil {
		return e, false
	}
	ok := false
	if v.Kind != yaml.MappingNode {
		e.Value, ok = l.text(n, "a value")
		return e, ok
	}
	valued := false
	l.mapping(n, "value",
		member{"value", func(n *yaml.Node) {
			valued = true
			e.Value, ok = l.text(n, "value")
		}},
		member{"name", func(n *yaml.Node) {
			if text, read := l.text(n, "name"); read {
				l.checkPart(n, text)
				e.Name = text
			}
		}},
		member{"doc", func(n *yaml.Node) { e.Doc = l.doc(n) }},
	)
	if !valued {
		l.errorf(n, "a value of enum has no value: add value: with what is stored")
	}
	return e, ok
}
