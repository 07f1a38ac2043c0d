package schema

import (
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/internal/spell"
)

// The options that storages know (spec schema.md 1.7).
const (
	compactionStrategy  = "compaction-strategy"
	replicationStrategy = "replication-strategy"
	replicationFactor   = "replication-factor"
	networkStrategy     = "network-strategy" // alias of replicationStrategy
	requestUnits        = "ru"
	noScaling           = "no-scaling"
	noBackup            = "no-backup"
	decoupling          = "transaction-metadata-decoupling"
)

// knownMembers are the words that a misspelt member is compared with.
var knownMembers = []string{
	memberPartitionKey, memberClusteringKey, memberColumns, memberIndex, memberTransaction,
	compactionStrategy, replicationStrategy, replicationFactor, networkStrategy, requestUnits, noScaling, noBackup, decoupling,
}

// otherWords are members that people write for a known one without being
// close to it in spelling.
var otherWords = map[string]string{
	"primary-key": memberPartitionKey, "hash-key": memberPartitionKey,
	"sort-key": memberClusteringKey, "range-key": memberClusteringKey,
	"index": memberIndex, "indexes": memberIndex, "indices": memberIndex,
	"fields": memberColumns,
}

// options reads the members that are not ScalarDB's own.
func (t *tableParser) options(members []*node) {
	seen := map[string]*node{}
	for _, m := range members {
		name, ok := t.optionName(m)
		if !ok {
			continue
		}
		value, ok := t.optionValue(name, m)
		if !ok {
			continue
		}
		if first, again := seen[name]; again {
			t.errorf(m.nameAt, "option %s is given twice, because network-strategy is its old name, first at line %d, column %d, which ScalarDB refuses: remove one of them",
				name, first.nameAt.line, first.nameAt.column)
			continue
		}
		seen[name] = m
		t.table.Options = append(t.table.Options, Option{Name: name, Value: value, Pos: t.position(t.file, m.nameAt)})
	}
}

// optionName returns the name under which a storage gets the option m, and
// refuses members that are no option. To Java every unknown word is one, and
// no storage complains, so that a misspelt "secondary-index" is simply lost.
func (t *tableParser) optionName(m *node) (string, bool) {
	switch m.name {
	case networkStrategy:
		return replicationStrategy, true
	case compactionStrategy, replicationStrategy, replicationFactor, requestUnits, noScaling, noBackup, decoupling:
		return m.name, true
	case "replication", "replication-tables":
		t.errorf(m.nameAt, "member %s: remote replication is not supported: remove the member", quote(m.name))
		return "", false
	case "override-columns-type":
		t.errorf(m.nameAt, `member "override-columns-type" belongs to files for importing existing tables, which are no schema: remove it here`)
		return "", false
	case "":
		t.errorf(m.nameAt, "a member of the table has an empty name: remove it")
		return "", false
	}
	if !t.full(Error) {
		if known := suggestMember(m.name); known != "" {
			t.errorf(m.nameAt, "member %s is unknown, and ScalarDB would silently ignore it: did you mean %q?", quote(m.name), known)
			return "", false
		}
	}
	if !t.checkName(m.nameAt, "option name", m.name) {
		return "", false
	}
	t.warnf(m.nameAt, "member %s is no option of any storage, and all of them ignore it: remove it, or check its spelling", quote(m.name))
	return m.name, true
}

// optionValue returns the text of option m, and checks the values of options
// that storages know.
func (t *tableParser) optionValue(name string, m *node) (string, bool) {
	value, ok := m.scalar()
	if !ok {
		t.errorf(m.at, "option %s must be a string, number or boolean, not %s", quote(m.name), m.describe())
		return "", false
	}
	switch name {
	case noScaling, noBackup:
		if _, ok := m.boolean(); !ok {
			t.errorf(m.at, "option %s must be true or false, not %s, which ScalarDB silently takes for false: write true or false", name, quote(value))
			return "", false
		}
	case decoupling:
		if on, ok := m.boolean(); on || !ok {
			t.errorf(m.at, "transaction-metadata-decoupling is not supported: remove it; the metadata is kept in the table itself")
			return "", false
		}
	case requestUnits:
		t.checkCount(m, value, "Cosmos DB, DynamoDB")
	case replicationFactor:
		t.checkCount(m, value, "Cassandra")
	case compactionStrategy:
		t.checkWord(m, value, "STCS", "LCS", "TWCS")
	case replicationStrategy:
		t.checkWord(m, value, "SimpleStrategy", "NetworkTopologyStrategy")
	}
	return value, true
}

// checkCount warns if value is not a positive 32-bit integer in Java's eyes.
func (t *tableParser) checkCount(m *node, value, storages string) {
	if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < 1 {
		t.warnf(m.at, "%s: option %s must be a positive integer, not %s, and creating the table will fail", storages, m.name, quote(value))
	}
}

// checkWord warns if value is none of the words that Cassandra's adapter knows.
func (t *tableParser) checkWord(m *node, value string, words ...string) {
	for _, w := range words {
		if equalFoldASCII(w, value) {
			return
		}
	}
	t.warnf(m.at, "Cassandra: option %s must be one of %s, not %s, and creating the table will fail%s",
		m.name, strings.Join(words, ", "), quote(value), didYouMean(spell.Nearest(value, words)))
}
