package mysql

import (
	"strings"
	"unicode/utf8"

	"github.com/scalargen/scalargen/storage"
)

// maxName is the number of characters that a name of the server's has at most.
const maxName = 64

// maxFullName is the number of characters of full_table_name in the metadata.
const maxFullName = 128

// serverDatabases are those that no namespace can be called.
var serverDatabases = []string{"information_schema", "mysql", "performance_schema", "sys", "metrics_schema", "inspection_schema"}

// checkNamespace reports why a namespace cannot be, "" if it can.
func checkNamespace(namespace string) string {
	if strings.Contains(namespace, ".") {
		// The metadata join namespace and table by a dot.
		return "a namespace must not contain a dot"
	}
	for _, taken := range serverDatabases {
		if strings.EqualFold(namespace, taken) {
			return "the server keeps its own data in a database of this name"
		}
	}
	return checkName(namespace)
}

func checkName(name string) string {
	switch {
	case name == "":
		return "a name must not be empty"
	case !utf8.ValidString(name):
		return "a name must be valid UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return "a name has at most 64 characters in MySQL"
	case strings.HasSuffix(name, " "):
		return "a name must not end in a space in MySQL"
	case strings.ContainsFunc(name, func(r rune) bool { return r == 0 || r > 0xffff }):
		return "MySQL's names hold neither NUL nor characters beyond U+FFFF"
	}
	return ""
}

// checkNames refuses definitions that the server cannot hold, or only under
// another name.
func (s *Storage) checkNames(op string, t *storage.Table) error {
	refuse := func(name, why string) error {
		return storage.Invalidf(op, t.TableName, "%q: %s", name, why)
	}
	for _, part := range []struct{ name, why string }{{t.Namespace, checkNamespace(t.Namespace)}, {t.Name, checkName(t.Name)}} {
		if part.why == "" {
			part.why = s.server.checkCase(part.name)
		}
		if part.why != "" {
			return refuse(part.name, part.why)
		}
	}
	if utf8.RuneCountInString(t.TableName.String()) > maxFullName {
		return refuse(t.TableName.String(), "namespace and table together have at most 128 characters in the metadata")
	}
	folded := map[string]string{}
	for _, c := range t.Columns {
		if why := checkName(c.Name); why != "" {
			return refuse(c.Name, why)
		}
		fold := foldColumn(c.Name)
		if other, taken := folded[fold]; taken {
			return refuse(c.Name, "MySQL cannot tell this column from "+other)
		}
		folded[fold] = c.Name
	}
	return nil
}

// foldColumn folds what the server folds when it compares names of columns.
func foldColumn(name string) string { return strings.ToLower(name) }

// checkCase reports why the server cannot keep the name of a database or table
// in its letter case, "" if it can.
func (s *server) checkCase(name string) string {
	if s.folds && strings.ToLower(name) != name {
		return "the server keeps names of databases and tables in lower case (lower_case_table_names): use lower case"
	}
	return ""
}
