package schema

import "strings"

// entries returns the elements of an array of column names, refusing other
// values of the member.
func (t *tableParser) entries(m *node) []node {
	if m.kind == kindArray {
		return m.kids
	}
	example := "id"
	if m.kind == kindString {
		example = m.text
	}
	t.errorf(m.at, "%q must be an array of column names, not %s: write [%s]", m.name, m.describe(), quote(example))
	return nil
}

func (t *tableParser) partitionKey(m *node, declared bool) {
	if m.kind == kindArray && len(m.kids) == 0 {
		t.errorf(m.at, `"partition-key" is empty, and a table needs at least one partition-key column (DB-CORE-10039): name the columns that place a record`)
		return
	}
	for _, e := range t.entries(m) {
		name, ok := e.scalar()
		if !ok {
			t.notAName(m, &e)
			continue
		}
		hint := ""
		if words := splitWords(name); declared && len(words) == 2 && t.column(name) == nil && t.column(words[0]) != nil {
			hint = "; a partition key has no order, write " + quote(words[0])
		}
		if c := t.keyColumn(m, &e, name, declared, hint); c != nil {
			t.table.PartitionKey = append(t.table.PartitionKey, c)
		}
	}
}

func (t *tableParser) clusteringKey(m *node, declared bool) {
	for _, e := range t.entries(m) {
		text, ok := e.scalar()
		if !ok {
			t.notAName(m, &e)
			continue
		}
		name, order, ok := t.clusteringEntry(&e, text)
		if !ok {
			continue
		}
		if c := t.keyColumn(m, &e, name, declared, ""); c != nil {
			t.table.ClusteringKey = append(t.table.ClusteringKey, ClusteringColumn{c, order})
		}
	}
}

// clusteringEntry reads "column", "column ASC" or "column DESC".
func (t *tableParser) clusteringEntry(e *node, text string) (name string, order Order, ok bool) {
	words := splitWords(text)
	switch {
	case len(words) == 0:
		t.errorf(e.at, `clustering-key has an empty entry (DB-SCHEMA-LOADER-10015): write "column", "column ASC" or "column DESC"`)
		return "", 0, false
	case isBlank(rune(text[0])) || isBlank(rune(text[len(text)-1])):
		t.errorf(e.at, "clustering-key entry %s begins or ends with white space, which ScalarDB refuses (DB-SCHEMA-LOADER-10015): write %s",
			quote(text), quote(strings.Join(words, " ")))
		return "", 0, false
	case len(words) == 1:
		return words[0], Asc, true
	case len(words) == 2 && equalFoldASCII("ASC", words[1]):
		return words[0], Asc, true
	case len(words) == 2 && equalFoldASCII("DESC", words[1]):
		return words[0], Desc, true
	}
	if t.column(text) != nil {
		t.errorf(e.at, "column %s cannot be in clustering-key, because its name contains white space, which separates column and order there (DB-SCHEMA-LOADER-10015): rename the column", quote(text))
		return "", 0, false
	}
	suggestion := ""
	if len(words) == 2 {
		suggestion = suggestOrder(words[1])
	}
	t.errorf(e.at, `clustering-key entry %s is not "column", "column ASC" or "column DESC" (DB-SCHEMA-LOADER-10015)%s`, quote(text), didYouMean(suggestion))
	return "", 0, false
}

// keyColumn returns the column that an entry of a key names. A column takes
// one place in the primary key; ScalarDB would collapse or confuse the second.
func (t *tableParser) keyColumn(m, e *node, name string, declared bool, hint string) *Column {
	c := t.declaredColumn(m, e, name, declared, hint)
	if c == nil {
		return nil
	}
	if use, again := t.keys[c]; again {
		if use.member == m.name {
			t.errorf(e.at, "column %s is listed twice in %s, first at line %d, column %d: remove one of them", quote(name), m.name, use.at.line, use.at.column)
		} else {
			t.errorf(e.at, "column %s is in both partition-key (line %d, column %d) and clustering-key: remove it from one of them", quote(name), use.at.line, use.at.column)
		}
		return nil
	}
	if t.keys == nil {
		t.keys = map[*Column]keyUse{}
	}
	t.keys[c] = keyUse{m.name, e.at}
	return c
}

func (t *tableParser) indexes(m *node, declared bool) {
	seen := map[*Column]bool{}
	for _, e := range t.entries(m) {
		name, ok := e.scalar()
		if !ok {
			t.notAName(m, &e)
			continue
		}
		c := t.declaredColumn(m, &e, name, declared, "")
		switch {
		case c == nil:
		case seen[c]:
			t.warnf(e.at, "column %s is listed twice in secondary-index, which means the same as once: remove one of them", quote(name))
		default:
			seen[c] = true
			t.table.Indexes = append(t.table.Indexes, c)
		}
	}
}

// declaredColumn returns the column called name. An undeclared one is
// reported, unless "columns" itself was missing or unreadable.
func (t *tableParser) declaredColumn(m, e *node, name string, declared bool, hint string) *Column {
	c := t.column(name)
	if c == nil && declared {
		if hint == "" && !t.full(Error) {
			hint = didYouMean(t.suggestColumn(name))
		}
		t.errorf(e.at, `%s names %s, which is not a column of %s: declare it under "columns"%s`, m.name, quote(name), quote(t.name), hint)
	}
	return c
}

func (t *tableParser) notAName(m, e *node) {
	t.errorf(e.at, "%q must hold column names, not %s: write each name as a string", m.name, e.describe())
}
