package gen

import (
	"fmt"
	"hash/fnv"
	"maps"
	"strings"

	"github.com/scalargen/scalargen/schema"
)

// The files of a package that belong to no table.
const (
	schemaFile = "schema_gen.go"
	typesFile  = "types_gen.go"
	fileEnding = "_gen.go"
)

// fileNames returns the file of each table of one package, tables[i]'s at i.
// All end in _gen.go, so that no name of a table makes a file that Go's build
// ignores (…_test.go, …_windows.go), and all are lower-case ASCII, so that they
// are distinct on every file system.
//
// A table named orders gets orders_gen.go, and so does one named Orders. Where
// several names come down to the same, the table that is spelled like the file
// has it, and a hash of the table's name follows in the others.
func fileNames(tables []*schema.Table) []string {
	bases := make([]string, len(tables))
	literal := map[string]bool{} // belongs to the table of this very name
	count := map[string]int{}
	for i, t := range tables {
		bases[i] = fileBase(t.Name)
		if bases[i]+fileEnding == schemaFile || bases[i]+fileEnding == typesFile {
			bases[i] += "_table"
		}
		literal[bases[i]] = literal[bases[i]] || bases[i] == t.Name
		count[bases[i]]++
	}
	used := maps.Clone(literal)
	names := make([]string, len(tables))
	for i, t := range tables {
		base := bases[i]
		if base != t.Name && (literal[base] || count[base] > 1) {
			for n := 0; n == 0 || used[base]; n++ {
				base = fmt.Sprintf("%s_%016x", bases[i], hash(t.Name, n))
			}
			used[base] = true
		}
		names[i] = base + fileEnding
	}
	return names
}

func hash(name string, salt int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d", name, salt)
	return h.Sum64()
}

// maxFileBase leaves room in the 255 bytes that file systems allow.
const maxFileBase = 100

// fileBase returns the words of a name in lower-case ASCII. Letters outside
// ASCII become their code points.
func fileBase(name string) string {
	var b strings.Builder
	for i, word := range words(name) {
		if i > 0 {
			b.WriteByte('_')
		}
		for _, r := range strings.ToLower(word) {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "u%04x", r)
			}
		}
	}
	base := b.String()
	if len(base) > maxFileBase {
		base = base[:maxFileBase]
	}
	if base == "" {
		return "table"
	}
	return base
}
