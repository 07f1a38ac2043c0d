package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/schema"
)

// Check compares c with the schema that it is used with: the namespaces,
// tables and columns that it names exist, and nothing is said that can have no
// effect. Both must be free of errors. Whether names, types and enums fit is
// for gen.NewPlan to say.
func Check(c *Config, s *schema.Schema) schema.Diagnostics {
	k := &checker{tables: make(map[string]*schema.Table, len(s.Tables))}
	for _, t := range s.Tables {
		k.tables[t.FullName()] = t
		if !slices.Contains(k.namespaces, t.Namespace) {
			k.namespaces = append(k.namespaces, t.Namespace)
		}
	}
	for namespace, p := range c.Packages {
		if !slices.Contains(k.namespaces, namespace) {
			k.errorf(p.Pos, "the schema has no namespace %s%s", quote(namespace), orRemove(didYouMean(namespace, k.namespaces), k.namespaces))
		}
	}
	for name, t := range c.Tables {
		k.table(name, t)
	}
	slices.SortStableFunc(k.found, func(a, b schema.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.Offset, b.Pos.Offset), strings.Compare(a.Message, b.Message))
	})
	return k.found
}

type checker struct {
	tables     map[string]*schema.Table
	namespaces []string
	found      schema.Diagnostics
}

func (k *checker) errorf(at schema.Position, format string, args ...any) {
	k.found = append(k.found, schema.Diagnostic{Pos: at, Severity: schema.Error, Message: fmt.Sprintf(format, args...)})
}

func (k *checker) table(name string, t *Table) {
	declared := k.tables[name]
	if declared == nil {
		names := make([]string, 0, len(k.tables))
		for name := range k.tables {
			names = append(names, name)
		}
		slices.Sort(names)
		k.errorf(t.Pos, "the schema has no table %s%s", quote(name), orRemove(didYouMean(name, names), names))
		return
	}
	for name, c := range t.Columns {
		column := declared.Column(name)
		if column == nil {
			names := make([]string, len(declared.Columns))
			for i, c := range declared.Columns {
				names[i] = c.Name
			}
			k.errorf(c.Pos, "table %s has no column %s%s", quote(declared.FullName()), quote(name), orRemove(didYouMean(name, names), names))
			continue
		}
		k.column(declared, column, c)
	}
}

// orRemove is hint, or the list of what exists if that is short.
func orRemove(hint string, existing []string) string {
	const few = 10
	switch {
	case hint != "":
		return hint
	case len(existing) == 0 || len(existing) > few:
		return ": correct the name, or remove it here"
	}
	return ": it has " + strings.Join(existing, ", ")
}

func (k *checker) column(t *schema.Table, column *schema.Column, c *Column) {
	if c.Required && t.IsKey(column) {
		k.found = append(k.found, schema.Diagnostic{Pos: c.Pos, Severity: schema.Warning, Message: fmt.Sprintf(
			"column %s is part of the primary key of %s, which is never NULL: required has no effect; remove it", quote(column.Name), quote(t.FullName()))})
	}
}
