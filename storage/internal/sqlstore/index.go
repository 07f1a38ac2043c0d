package sqlstore

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf16"

	"github.com/scalargen/scalargen/storage"
)

const (
	indexPrefix  = "index_"
	orderPrefix  = "index_clustering_order_"
	maxIndexName = 63
)

// IndexName returns the name of the secondary index on a column (storage spec,
// section 3.7).
func IndexName(table storage.TableName, column string) string {
	return shorten(indexPrefix, LongIndexName(table, column))
}

// OrderIndexName returns the name of the index that PostgreSQL, Oracle and Db2
// need where clustering orders are mixed.
func OrderIndexName(table storage.TableName) string {
	return shorten(orderPrefix, orderPrefix+table.Namespace+"_"+table.Name)
}

// LongIndexName returns the name that ScalarDB before 3.16.5, 3.17.3 and 3.18
// gave the index; it differs from [IndexName] when that is shortened.
func LongIndexName(table storage.TableName, column string) string {
	return indexPrefix + table.Namespace + "_" + table.Name + "_" + column
}

// shorten replaces a name of more than 63 UTF-16 units by prefix and the first
// 32 hex digits of its SHA-256. Java counts UTF-16 units, so must we.
func shorten(prefix, name string) string {
	units := 0
	for _, r := range name {
		units += utf16.RuneLen(r)
	}
	if units <= maxIndexName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + hex.EncodeToString(sum[:16])
}
