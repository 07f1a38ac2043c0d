package sqlite

import (
	"strings"
	"unicode/utf8"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// checkNamespace reports why a namespace cannot be, "" if it can.
func checkNamespace(namespace string) string {
	switch {
	case strings.Contains(namespace, "."):
		// The metadata join namespace and table by a dot.
		return "a namespace must not contain a dot"
	case len(namespace) >= len("sqlite_") && strings.EqualFold(namespace[:len("sqlite_")], "sqlite_"):
		return "SQLite reserves names that begin with sqlite_"
	}
	return checkObjectName(namespace)
}

// checkObjectName reports why a name cannot be part of the name of a table.
func checkObjectName(name string) string {
	if strings.Contains(name, "$") {
		return "a name must not contain $, which separates namespace and table in SQLite"
	}
	return checkName(name)
}

func checkName(name string) string {
	switch {
	case name == "":
		return "a name must not be empty"
	case strings.ContainsRune(name, 0):
		return "a name must not contain a NUL character"
	case !utf8.ValidString(name):
		return "a name must be valid UTF-8"
	}
	return ""
}

// checkNames refuses definitions that SQLite cannot hold.
func checkNames(op string, t *storage.Table) error {
	refuse := func(name, why string) error {
		return storage.Invalidf(op, t.TableName, "%q: %s", name, why)
	}
	if why := checkNamespace(t.Namespace); why != "" {
		return refuse(t.Namespace, why)
	}
	if why := checkObjectName(t.Name); why != "" {
		return refuse(t.Name, why)
	}
	folded := map[string]string{}
	for _, c := range t.Columns {
		if why := checkName(c.Name); why != "" {
			return refuse(c.Name, why)
		}
		if other, taken := folded[foldASCII(c.Name)]; taken {
			return refuse(c.Name, "SQLite cannot tell this column from "+other)
		}
		folded[foldASCII(c.Name)] = c.Name
	}
	if rowidName(t) == "" {
		return refuse("rowid", "columns named rowid, oid and _rowid_ together hide SQLite's rowid, by which scans find their place")
	}
	return nil
}

// foldASCII folds what SQLite folds when it compares names.
func foldASCII(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// physicalName is the name of a table in the file.
func physicalName(name storage.TableName) string {
	return name.Namespace + dialect.NamespaceSeparator + name.Name
}

// isSystemTable reports whether the table with this name in the file belongs to
// ScalarDB itself.
func (s *Storage) isSystemTable(physical string) bool {
	for _, name := range []string{sqlstore.MetadataTable, sqlstore.NamespacesTable, sqlstore.VirtualTablesTable} {
		if foldASCII(physical) == foldASCII(physicalName(storage.TableName{Namespace: s.config.metadataSchema, Name: name})) {
			return true
		}
	}
	return false
}
