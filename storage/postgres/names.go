package postgres

import (
	"strings"
	"unicode/utf8"

	"github.com/scalargen/scalargen/storage"
)

// maxName is how many bytes of a name PostgreSQL keeps. It cuts longer ones
// without an error, and would then take one name for another.
const maxName = 63

// checkName reports why a name cannot be, "" if it can.
func checkName(name string) string {
	switch {
	case name == "":
		return "a name must not be empty"
	case len(name) > maxName:
		return "PostgreSQL keeps 63 bytes of a name"
	case strings.ContainsRune(name, 0):
		return "a name must not contain a NUL character"
	case !utf8.ValidString(name):
		return "a name must be valid UTF-8"
	}
	return ""
}

// checkNamespace reports why a namespace cannot be, "" if it can.
func checkNamespace(namespace string) string {
	switch {
	case strings.Contains(namespace, "."):
		// The metadata join namespace and table by a dot.
		return "a namespace must not contain a dot"
	case strings.HasPrefix(namespace, "pg_"), namespace == "information_schema":
		return "PostgreSQL keeps the schema for itself"
	}
	return checkName(namespace)
}

// checkNames refuses definitions that PostgreSQL or the metadata cannot hold.
func checkNames(op string, t *storage.Table) error {
	refuse := func(name, why string) error {
		return storage.Invalidf(op, t.TableName, "%q: %s", name, why)
	}
	if why := checkNamespace(t.Namespace); why != "" {
		return refuse(t.Namespace, why)
	}
	if why := checkName(t.Name); why != "" {
		return refuse(t.Name, why)
	}
	for _, c := range t.Columns {
		if why := checkName(c.Name); why != "" {
			return refuse(c.Name, why)
		}
		if isSystemColumn(c.Name) {
			return refuse(c.Name, "every table of PostgreSQL has a column of this name")
		}
	}
	// More would not fit into the columns of the metadata.
	const maxFullName = 128
	if utf8.RuneCountInString(t.TableName.String()) > maxFullName {
		return refuse(t.TableName.String(), "namespace and table together have more than 128 characters")
	}
	return nil
}

func isSystemColumn(name string) bool {
	switch name {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

// clip cuts a name as PostgreSQL does.
func clip(name string) string {
	if len(name) <= maxName {
		return name
	}
	end := maxName
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}
