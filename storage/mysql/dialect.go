package mysql

import (
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// dialect is how the servers spell what package sqlstore builds.
var dialect = sqlstore.Dialect{Quote: '`', AlwaysEscape: true, NestedAfter: true}

// upsert appends an INSERT that gives a record that exists the given columns
// and leaves it the others. Parameters: the key, then the columns.
//
// VALUES(c) is deprecated on MySQL 8 and the only spelling that all servers
// know. INSERT IGNORE, which Java uses where there are no columns, turns other
// errors into warnings; assigning a column of the key to itself does not.
func upsert(b *sqlstore.Builder, t *storage.Table, columns []int) {
	b.Insert(t, columns).Text(" ON DUPLICATE KEY UPDATE ")
	if len(columns) == 0 {
		name := t.Columns[t.Partition[0]].Name
		b.Name(name).Text("=").Name(name)
	}
	for i, c := range columns {
		if i > 0 {
			b.Text(",")
		}
		b.Name(t.Columns[c].Name).Text("=VALUES(").Name(t.Columns[c].Name).Text(")")
	}
}

// mutation appends the statement of a kind for m.
func mutation(b *sqlstore.Builder, kind sqlstore.Kind, m *storage.Mutation) {
	if kind == sqlstore.Upsert {
		upsert(b, m.Table, m.Columns)
		return
	}
	b.Mutation(kind, m)
}

// escaped returns the filter with LIKE patterns spelt as the server reads them.
// It takes no escape character for a backslash, and a wildcard never for an
// escape character.
func escaped(filter storage.Filter) storage.Filter {
	out := filter
	for i, conjunction := range filter {
		for j := range conjunction {
			p := &conjunction[j]
			if p.Operator != storage.Like && p.Operator != storage.NotLike || p.Escape != "" && p.Escape != "%" && p.Escape != "_" {
				continue
			}
			if &out[0] == &filter[0] {
				out = clone(filter)
			}
			out[i][j].Escape = `\`
			out[i][j].Value = storage.TextValue(backslashed(p.Value.Text(), p.Escape))
		}
	}
	return out
}

// backslashed returns a valid pattern with the backslash as its escape
// character. escape is that of pattern: a wildcard, or none.
func backslashed(pattern, escape string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case escape != "" && pattern[i] == escape[0]:
			i++
			b.WriteByte('\\')
		case pattern[i] == '\\':
			b.WriteByte('\\')
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

func clone(filter storage.Filter) storage.Filter {
	out := make(storage.Filter, len(filter))
	for i, conjunction := range filter {
		out[i] = slices.Clone(conjunction)
	}
	return out
}
