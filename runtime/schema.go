package scalar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Schema lists the tables of a generated package, which has it as its variable
// Schema. [DB.Verify] compares it with the deployed tables, and package
// scalartest creates them in memory. Several are joined by [slices.Concat].
type Schema []SchemaTable

// SchemaTable is a [*Table] or a [*StorageTable].
type SchemaTable interface {
	// definition returns the table as its schema defines it, and whether it
	// takes part in transactions.
	definition() (def *TableDef, transaction bool)
}

func (t *Table) definition() (*TableDef, bool) { return t.Def, true }

func (t *StorageTable) definition() (*TableDef, bool) { return t.Def, false }

// Tables iterates over the definitions of the tables; the second value says
// whether the table takes part in transactions.
func (s Schema) Tables() iter.Seq2[*TableDef, bool] {
	return func(yield func(*TableDef, bool) bool) {
		for _, table := range s {
			if !yield(table.definition()) {
				return
			}
		}
	}
}

// Fingerprint identifies what the tables are: two schemas have the same one
// exactly if they name the same tables with the same columns, types, keys,
// clustering orders, indexes and use of transactions. The order of tables, of
// columns outside the key, and of indexes does not matter, nor do Go names and
// types. It is the same in every version of this package.
func (s Schema) Fingerprint() string {
	var tables []string
	for def, transaction := range s.Tables() {
		tables = append(tables, canonical(def, transaction))
	}
	slices.Sort(tables)
	sum := sha256.Sum256([]byte(strings.Join(tables, "")))
	return hex.EncodeToString(sum[:16])
}

// canonical writes a definition such that two texts are equal exactly if the
// definitions are. Names are quoted, so that none can pass for another line.
func canonical(def *TableDef, transaction bool) string {
	var columns, indexes []string
	for _, c := range def.Columns {
		columns = append(columns, fmt.Sprintf("column %q %s\n", c.Name, c.Type))
	}
	for _, i := range def.Indexes {
		indexes = append(indexes, fmt.Sprintf("index %q\n", def.Columns[i].Name))
	}
	slices.Sort(columns)
	slices.Sort(indexes)
	var b strings.Builder
	fmt.Fprintf(&b, "table %q %q transaction %t\n", def.Namespace, def.Name, transaction)
	b.WriteString(strings.Join(columns, ""))
	for _, i := range def.Partition {
		fmt.Fprintf(&b, "partition %q\n", def.Columns[i].Name)
	}
	for _, c := range def.Clustering {
		fmt.Fprintf(&b, "clustering %q %s\n", def.Columns[c.Column].Name, c.Order)
	}
	b.WriteString(strings.Join(indexes, ""))
	return b.String()
}
