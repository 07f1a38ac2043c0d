package schema

import (
	"strings"
	"unicode/utf8"
)

// quotedBy are the characters that quote identifiers. Java puts names between
// them without escaping, so a name that contains one breaks its statements.
var quotedBy = []struct {
	storage string
	quote   byte
}{
	{Db2, '"'}, {Oracle, '"'}, {PostgreSQL, '"'}, {Spanner, '"'}, {SQLite, '"'},
	{MySQL, '`'},
	{SQLServer, ']'},
}

// identifierLimits are the lengths of identifiers. A longer name than 128
// characters is one limit of [JDBC] instead, whatever the database.
var identifierLimits = []struct {
	storage string
	longest int
	bytes   bool // rather than characters
}{
	{PostgreSQL, 63, true},
	{MySQL, 64, false},
	{Oracle, 128, true},
	{Db2, 128, true},
}

// metadataLength is the size of the columns of ScalarDB's JDBC metadata table
// that hold namespace.table and the name of a column (spec schema.md 2.3).
const metadataLength = 128

// systemNamespaces are schemas that the databases keep for themselves.
var systemNamespaces = map[string]string{
	"information_schema": "PostgreSQL, MySQL, SQL Server", "mysql": MySQL, "performance_schema": MySQL,
	"sys": "MySQL, SQL Server, Oracle", "system": Oracle,
}

// ordinary reports whether no storage minds name: a short one of ASCII
// letters, digits and underscores.
func ordinary(name string) bool {
	const shortest = 48 // Cassandra's limit
	return len(name) <= shortest && wordOnly(name, "_")
}

// wordOnly reports whether name consists of ASCII letters, digits and the
// other characters given.
func wordOnly(name, others string) bool {
	for i := range len(name) {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(others, c) >= 0 {
			continue
		}
		return false
	}
	return true
}

// names applies the limits on the names of namespace and table.
func (l *limiter) names() {
	t := l.table
	if storage, ok := systemNamespaces[strings.ToLower(t.Namespace)]; ok {
		l.warn(storage, t.Pos, "namespace %s is the database's own: choose another", quote(t.Namespace))
	}
	if strings.HasPrefix(t.Namespace, "pg_") {
		l.warn(PostgreSQL, t.Pos, "namespace %s begins with pg_, which is reserved: choose another", quote(t.Namespace))
	}
	if strings.HasPrefix(t.Namespace, "system") {
		l.warn(Cassandra, t.Pos, "namespace %s begins with \"system\", and ScalarDB does not see such keyspaces: choose another", quote(t.Namespace))
	}
	full := utf8.RuneCountInString(t.Namespace) + 1 + utf8.RuneCountInString(t.Name)
	if full > metadataLength {
		l.warn(JDBC, t.Pos, "the name %s has %d characters, and ScalarDB's metadata table holds %d: shorten it", quote(t.FullName()), full, metadataLength)
	}
	if len(t.FullName()) > 255 {
		l.warn(DynamoDB, t.Pos, "the name %s has %d characters, and a table's name may have 255: shorten it", quote(t.FullName()), len(t.FullName()))
	}
	l.container("namespace", "keyspace", t.Namespace)
	l.container("table", "table", t.Name)
}

// container applies the limits on a namespace or table name.
func (l *limiter) container(what, cassandra, name string) {
	if ordinary(name) {
		return
	}
	pos := l.table.Pos
	if strings.Contains(name, "$") {
		code := "DB-CORE-10085"
		if what == "table" {
			code = "DB-CORE-10086"
		}
		l.warn(SQLite, pos, "%s name %s contains $, which separates namespace and table there (%s): use _", what, quote(name), code)
	}
	if !wordOnly(name, "_") {
		l.warn(Cassandra, pos, "%s name %s has characters other than letters, digits and _, which the name of a %s cannot have: use _", what, quote(name), cassandra)
	}
	if n := utf8.RuneCountInString(name); n > 48 {
		l.warn(Cassandra, pos, "%s name %s has %d characters, and the name of a %s may have 48: shorten it", what, quote(name), n, cassandra)
	}
	if !wordOnly(name, "_-") {
		l.warn(DynamoDB, pos, "%s name %s has characters other than letters, digits, _ and -, which the name of a table cannot have: use _", what, quote(name))
	}
	if strings.ContainsAny(name, `/\#?`) || strings.HasSuffix(name, " ") {
		l.warn(CosmosDB, pos, `%s name %s contains / \ # ? or ends with a blank, which an id cannot: use _`, what, quote(name))
	}
	if strings.ContainsAny(name, "/!") {
		l.warn(ObjectStorage, pos, "%s name %s contains / or !, which separate the parts of object names: use _", what, quote(name))
	}
	l.identifier(pos, what, name, "")
}

// columnName applies the limits on the name of a column.
func (l *limiter) columnName(c *Column) {
	if c.Name == "concatenatedPartitionKey" || c.Name == "concatenatedClusteringKey" {
		l.warn(DynamoDB, c.Pos, "column %s is the name of an attribute in which ScalarDB keeps the key: rename it", quote(c.Name))
	}
	if ordinary(c.Name) || len(c.Name) > maxName {
		return
	}
	used := l.uses[c]
	if n := utf8.RuneCountInString(c.Name); n > metadataLength {
		l.warn(JDBC, c.Pos, "column name %s has %d characters, and ScalarDB's metadata table holds %d: shorten it", quote(c.Name), n, metadataLength)
	}
	if used&asIndex != 0 && !wordOnly(c.Name, "_") {
		l.warn(Cassandra, c.Pos, "column %s has an index, and its name has characters other than letters, digits and _, which the name of an index cannot have: rename it", quote(c.Name))
	}
	if used&asIndex != 0 && !wordOnly(c.Name, "_-.") {
		l.warn(DynamoDB, c.Pos, "column %s has an index, and its name has characters other than letters, digits, _, - and ., which the name of an index cannot have: rename it", quote(c.Name))
	}
	prefix := ""
	if l.table.Transaction && used&asKey == 0 {
		prefix = beforePrefix
	}
	l.identifier(c.Pos, "column", c.Name, prefix)
}

// identifier applies the limits of SQL databases on a name. The database also
// gets the name with the prefix, which makes it longer.
func (l *limiter) identifier(pos Position, what, name, prefix string) {
	for _, q := range quotedBy {
		if strings.IndexByte(name, q.quote) >= 0 {
			l.warn(q.storage, pos, "%s name %s contains %c, which quotes names there and which Java ScalarDB does not escape: remove it", what, quote(name), q.quote)
		}
	}
	if strings.Contains(name, "'") {
		l.warn(JDBC, pos, "%s name %s contains ', which Java ScalarDB does not escape in its metadata: remove it", what, quote(name))
	}
	if strings.HasSuffix(name, " ") {
		l.warn(MySQL, pos, "%s name %s ends with a blank, which is not allowed: remove it", what, quote(name))
	}
	if strings.IndexFunc(name, func(c rune) bool { return c > 0xffff }) >= 0 {
		l.warn(MySQL, pos, "%s name %s contains a character beyond U+FFFF, which is not allowed: remove it", what, quote(name))
	}
	if utf8.RuneCountInString(name) > metadataLength {
		return // said once for all of them
	}
	with := ""
	if prefix != "" {
		with = ", with the prefix " + prefix + " of its before-image,"
	}
	for _, most := range identifierLimits {
		n, unit := len(prefix)+utf8.RuneCountInString(name), "characters"
		if most.bytes {
			n, unit = len(prefix)+len(name), "bytes"
		}
		if n > most.longest {
			l.warn(most.storage, pos, "%s name %s%s has %d %s, and a name may have %d: shorten it", what, quote(name), with, n, unit, most.longest)
		}
	}
}
