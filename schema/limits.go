package schema

import (
	"fmt"
	"strings"
)

// Storages as they are named in a [Limit]. MySQL stands for MariaDB and TiDB
// too, PostgreSQL for AlloyDB and, unless a limit is its own, YugabyteDB; JDBC
// stands for every SQL database, because ScalarDB's metadata tables are the
// same in all of them.
const (
	Cassandra     = "Cassandra"
	CosmosDB      = "Cosmos DB"
	Db2           = "Db2"
	DynamoDB      = "DynamoDB"
	JDBC          = "JDBC"
	MySQL         = "MySQL"
	ObjectStorage = "object storage"
	Oracle        = "Oracle"
	PostgreSQL    = "PostgreSQL"
	Spanner       = "Spanner"
	SQLite        = "SQLite"
	SQLServer     = "SQL Server"
	YugabyteDB    = "YugabyteDB"
)

// Limit is something about a table that one storage refuses or restricts.
type Limit struct {
	Storage string
	Pos     Position // of the table's or the column's name
	Message string   // what it refuses, why, and what helps; without the storage's name
	// Warned tells whether [Parse] warns about it. It does not about what
	// holds for ordinary tables, such as object storage having no indexes.
	Warned bool
}

// Limits returns what the storages that ScalarDB supports cannot serve of t:
// first what concerns the table, then column by column. It knows the storages'
// rules, not their versions and quotas.
func Limits(t *Table) []Limit {
	return newLimiter(t, false).all()
}

// warnLimits turns the limits that are worth it into warnings. A limit that
// several storages share is one warning.
func (t *tableParser) warnLimits() {
	if t.full(Warning) {
		return
	}
	limits := newLimiter(t.table, true).all()
	for len(limits) > 0 {
		first, n := limits[0], 1
		storages := first.Storage
		for ; n < len(limits) && limits[n].Pos == first.Pos && limits[n].Message == first.Message; n++ {
			storages += ", " + limits[n].Storage
		}
		t.warnf(markOf(first.Pos), "%s: %s", storages, first.Message)
		limits = limits[n:]
	}
}

// uses tells where in a table a column is used.
type uses uint8

const (
	asColumn uses = 1 << iota // every column
	asPartition
	asClustering
	asIndex

	asKey        = asPartition | asClustering
	asKeyOrIndex = asKey | asIndex
)

// typeLimit is a storage's limit on columns of some types in some uses.
type typeLimit struct {
	storage string
	types   []Type
	uses    uses
	usual   bool // true of ordinary tables, so not worth a warning
	message string
}

const (
	blobNoKey    = "a BLOB column cannot be part of a key or index (%s): use TEXT, or drop it from the key or index"
	keySize      = "values have at most %s, because the column is part of a key or index"
	valueSize    = "values have at most %s"
	exactInteger = "values reach from −2^53 to 2^53 only%s"
)

// typeLimits are the rules of spec schema.md 1.2, 1.9, 2.4 and storage.md.
var typeLimits = []typeLimit{
	{Cassandra, []Type{Timestamp}, asColumn, false, "it has no TIMESTAMP (DB-CORE-10227): use TIMESTAMPTZ"},
	{CosmosDB, []Type{Blob}, asClustering, false, "a BLOB column cannot be part of the clustering key (DB-CORE-10073): use TEXT"},
	{DynamoDB, []Type{Blob}, asClustering, false, "a BLOB column cannot be part of the clustering key (DB-CORE-10225): use TEXT"},
	{DynamoDB, []Type{Boolean}, asIndex, false, "a BOOLEAN column cannot have an index (DB-CORE-10226): use INT"},
	{Db2, []Type{Blob}, asKeyOrIndex, false, fmt.Sprintf(blobNoKey, "DB-CORE-10228")},
	{Oracle, []Type{Blob}, asKeyOrIndex, false, fmt.Sprintf(blobNoKey, "DB-CORE-10246")},
	{YugabyteDB, []Type{Float, Double}, asKeyOrIndex, false, "a FLOAT or DOUBLE column cannot be part of a key or index: use BIGINT or TEXT"},
	{Spanner, []Type{Float}, asKeyOrIndex, false, "a FLOAT column cannot be part of a key or index: use DOUBLE"},

	{ObjectStorage, typesAll, asIndex, true, "there are no secondary indexes (DB-CORE-10251)"},
	{CosmosDB, []Type{BigInt}, asColumn, true, fmt.Sprintf(exactInteger, "")},
	{ObjectStorage, []Type{BigInt}, asColumn, true, fmt.Sprintf(exactInteger, " (DB-CORE-10282)")},
	{CosmosDB, []Type{Text}, asKey, true, `values must not contain any of : / \ # ? (DB-CORE-10145)`},
	{ObjectStorage, []Type{Text}, asKey, true, "values must not contain / or ! (DB-CORE-10257)"},
	{DynamoDB, []Type{Text, Blob}, asIndex, true, "values must not be empty (DB-CORE-10081)"},
	{PostgreSQL, []Type{Text}, asClustering, true, "records sort by the database's collation: create the database with collation C to get the order of other storages"},
	{MySQL, []Type{Text}, asKeyOrIndex, true, fmt.Sprintf(keySize, "128 characters (scalar.db.jdbc.mysql.variable_key_column_size; MariaDB: always 128)")},
	{MySQL, []Type{Text}, asKeyOrIndex, true, "values that differ only in letter case are equal unless the database's collation is binary or case-sensitive"},
	{MySQL, []Type{Blob}, asKeyOrIndex, true, fmt.Sprintf(keySize, "128 bytes (scalar.db.jdbc.mysql.variable_key_column_size; MariaDB: always 128)")},
	{Oracle, []Type{Text}, asKeyOrIndex, true, fmt.Sprintf(keySize, "128 bytes (scalar.db.jdbc.oracle.variable_key_column_size)")},
	{Db2, []Type{Text}, asKeyOrIndex, true, fmt.Sprintf(keySize, "128 bytes (scalar.db.jdbc.db2.variable_key_column_size)")},
	{Oracle, []Type{Text}, asColumn, true, fmt.Sprintf(valueSize, "4,000 bytes")},
	{Db2, []Type{Text}, asColumn, true, fmt.Sprintf(valueSize, "32,672 bytes")},
	{SQLServer, []Type{Text, Blob}, asColumn, true, fmt.Sprintf(valueSize, "8,000 bytes")},
}

var typesAll = []Type{Boolean, Int, BigInt, Float, Double, Text, Blob, Date, Time, Timestamp, TimestampTZ}

// countLimits are how many columns and indexes a table may have.
var countLimits = []struct {
	storage                      string
	columns, keyColumns, indexes int // 0: no limit worth naming
}{
	{DynamoDB, 0, 0, 20},
	{Db2, 1012, 64, 0},
	{MySQL, 1017, 16, 64},
	{Oracle, 1000, 32, 0},
	{PostgreSQL, 1600, 32, 0},
	{Spanner, 1024, 16, 128},
	{SQLite, 2000, 0, 0},
	{SQLServer, 1024, 32, 999},
}

// limiter collects the limits of one table.
type limiter struct {
	table      *Table
	uses       map[*Column]uses
	warnedOnly bool
	limits     []Limit
}

func newLimiter(t *Table, warnedOnly bool) *limiter {
	l := &limiter{table: t, warnedOnly: warnedOnly, uses: make(map[*Column]uses, len(t.PartitionKey)+len(t.ClusteringKey)+len(t.Indexes))}
	for _, c := range t.PartitionKey {
		l.uses[c] |= asPartition
	}
	for _, c := range t.ClusteringKey {
		l.uses[c.Column] |= asClustering
	}
	for _, c := range t.Indexes {
		l.uses[c] |= asIndex
	}
	return l
}

func (l *limiter) warn(storage string, pos Position, format string, args ...any) {
	l.limits = append(l.limits, Limit{storage, pos, fmt.Sprintf(format, args...), true})
}

func (l *limiter) all() []Limit {
	l.counts()
	l.names()
	l.letterCase()
	for _, c := range l.table.Columns {
		l.columnName(c)
		l.columnType(c)
	}
	return l.limits
}

// columnType applies the limits on the column's type in its uses.
func (l *limiter) columnType(c *Column) {
	used := l.uses[c] | asColumn
	for i := range typeLimits {
		rule := &typeLimits[i]
		if rule.uses&used == 0 || rule.usual && l.warnedOnly || !containsType(rule.types, c.Type) {
			continue
		}
		// A column in a key has the size of keys, not of other columns.
		if rule.usual && rule.uses == asColumn && c.Type == Text && used&asKeyOrIndex != 0 && (rule.storage == Oracle || rule.storage == Db2) {
			continue
		}
		l.limits = append(l.limits, Limit{rule.storage, c.Pos, "column " + quote(c.Name) + ": " + rule.message, !rule.usual})
	}
	if c.Type == Blob && used&asPartition != 0 && c != l.table.PartitionKey[len(l.table.PartitionKey)-1] {
		l.warn(DynamoDB, c.Pos, "column %s: a BLOB column must be the last of the partition key (DB-CORE-10224): move it to the end of partition-key", quote(c.Name))
	}
	if used&asIndex != 0 && used&asPartition != 0 && len(l.table.PartitionKey) == 1 {
		l.warn(Cassandra, c.Pos, "column %s: the only partition-key column cannot have an index, and reading by it needs none: remove it from secondary-index", quote(c.Name))
	}
}

func containsType(types []Type, t Type) bool {
	for _, other := range types {
		if other == t {
			return true
		}
	}
	return false
}

// counts applies the limits on the number of columns and indexes, counting
// what Consensus Commit adds to a transaction table.
func (l *limiter) counts() {
	t := l.table
	keyColumns := len(t.PartitionKey) + len(t.ClusteringKey)
	columns, indexes, added := len(t.Columns), len(t.Indexes), ""
	if t.Transaction {
		columns += len(metadataColumns) + max(0, len(t.Columns)-keyColumns)
		for _, c := range t.Indexes {
			if l.uses[c]&asKey == 0 {
				indexes++
			}
		}
		added = ", counting what Consensus Commit adds"
	}
	for _, most := range countLimits {
		if most.columns > 0 && columns > most.columns {
			l.warn(most.storage, t.Pos, "the table has %d columns%s, and may have %d: split it", columns, added, most.columns)
		}
		if most.keyColumns > 0 && keyColumns > most.keyColumns {
			l.warn(most.storage, t.Pos, "the primary key has %d columns, and may have %d: make it shorter", keyColumns, most.keyColumns)
		}
		if most.indexes > 0 && indexes > most.indexes {
			l.warn(most.storage, t.Pos, "the table has %d indexes%s, and may have %d: remove some from secondary-index", indexes, added, most.indexes)
		}
	}
}

// letterCase finds columns that are one to databases that ignore letter case
// in column names even when quoted.
func (l *limiter) letterCase() {
	t := l.table
	folded := make(map[string]*Column, len(t.Columns))
	warn := func(c *Column, format string, args ...any) {
		for _, storage := range []string{MySQL, SQLServer, SQLite} {
			l.warn(storage, c.Pos, format, args...)
		}
	}
	for _, c := range t.Columns {
		name := strings.ToLower(c.Name)
		if other := folded[name]; other != nil && other.Name != c.Name {
			warn(c, "column %s differs from %s only in letter case, which is not distinguished: rename one of them", quote(c.Name), quote(other.Name))
		}
		folded[name] = c
	}
	if !t.Transaction {
		return
	}
	for _, c := range t.Columns {
		if reserved, exact := metadataColumn(c.Name); reserved && !exact {
			warn(c, "column %s differs from a metadata column of Consensus Commit only in letter case, which is not distinguished: rename it", quote(c.Name))
		}
		base, ok := strings.CutPrefix(strings.ToLower(c.Name), beforePrefix)
		if of := folded[base]; ok && of != nil && l.uses[of]&asKey == 0 && c.Name != beforePrefix+of.Name {
			warn(c, "column %s differs from the column for the before-image of %s only in letter case, which is not distinguished: rename one of the two", quote(c.Name), quote(of.Name))
		}
	}
}
