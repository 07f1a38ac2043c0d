package schema

import "strings"

// parseColumns reads the member "columns". It reports false if the member is
// so wrong that complaints about undeclared columns would only be noise.
func (t *tableParser) parseColumns(m *node) bool {
	if m.kind != kindObject {
		t.errorf(m.at, `"columns" must be an object from column name to type such as {"id": "TEXT"}, not %s`, m.describe())
		return false
	}
	if len(m.kids) == 0 {
		t.errorf(m.at, `"columns" is empty, and a table needs at least one column (DB-CORE-10038): declare all columns, keys included`)
		return false
	}
	members := t.distinct(m.kids, "column")
	columns := make([]Column, len(members))
	t.table.Columns = make([]*Column, len(members))
	const wide = 32
	if len(members) > wide {
		t.byName = make(map[string]*Column, len(members))
	}
	for i := range members {
		c := &columns[i]
		*c = Column{Name: members[i].name, Pos: t.position(t.file, members[i].nameAt)}
		t.table.Columns[i] = c
		if t.byName != nil {
			t.byName[c.Name] = c
		}
		t.checkName(members[i].nameAt, "column name", c.Name)
		c.Type = t.columnType(&members[i])
	}
	return true
}

// columnType reads the type of column m; zero if it is refused.
func (t *tableParser) columnType(m *node) Type {
	text, ok := m.scalar()
	if !ok {
		t.errorf(m.at, "the type of column %s must be a string such as \"TEXT\", not %s", quote(m.name), m.describe())
		return 0
	}
	words := splitWords(text)
	switch {
	case len(words) == 0:
		t.errorf(m.at, "column %s has no type: write one of %s", quote(m.name), typeList)
		return 0
	case isBlank(rune(text[0])):
		t.errorf(m.at, "the type %s of column %s begins with white space, which ScalarDB refuses (DB-SCHEMA-LOADER-10017): write %q", quote(text), quote(m.name), words[0])
		return 0
	}
	typ, ok := ParseType(words[0])
	if !ok {
		hint := ""
		if !t.full(Error) {
			hint = suggestType(words[0])
		}
		t.errorf(m.at, "column %s has the unknown type %s: the types are %s%s", quote(m.name), quote(words[0]), typeList, hint)
		return 0
	}
	switch {
	case len(words) == 1:
	case equalFoldASCII("ENCRYPTED", words[1]):
		t.errorf(m.at, "column %s is ENCRYPTED, which is not supported, and storing it in the clear would betray its author: remove the word and encrypt the values in the application", quote(m.name))
	case typ == Timestamp && strings.Contains(strings.ToUpper(text), "ZONE"):
		t.errorf(m.at, "the type of column %s has words after TIMESTAMP, which ScalarDB would silently ignore: write \"TIMESTAMPTZ\"", quote(m.name))
	default:
		t.errorf(m.at, "the type of column %s has the words %s after %s, which ScalarDB would silently ignore: write %q",
			quote(m.name), quote(strings.Join(words[1:], " ")), words[0], typ)
	}
	return typ
}

// isBlank reports what Java's \s matches.
func isBlank(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		return true
	}
	return false
}

// splitWords splits text at white space. Everything after the second word is
// the third, so that a long text costs no more than a short one.
func splitWords(text string) []string {
	var words []string
	for rest := strings.TrimFunc(text, isBlank); rest != ""; {
		end := strings.IndexFunc(rest, isBlank)
		if end < 0 || len(words) == 2 {
			return append(words, rest)
		}
		words = append(words, rest[:end])
		rest = strings.TrimLeftFunc(rest[end:], isBlank)
	}
	return words
}
