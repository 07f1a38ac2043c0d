package admin

import (
	"fmt"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// definition returns a table of a schema as it is to be deployed.
func (a *Admin) definition(t *schema.Table) *storage.Table {
	def := userTable(t)
	if a.transactional(t) {
		return scalar.TransactionTable(def, a.eventuallyConsistentIndexes)
	}
	return def
}

// userTable returns a table of a schema without what transactions add.
func userTable(t *schema.Table) *storage.Table {
	def := &storage.Table{TableName: nameOf(t)}
	for _, c := range t.Columns {
		def.Columns = append(def.Columns, storage.Column{Name: c.Name, Type: storageTypes[c.Type]})
	}
	for _, c := range t.PartitionKey {
		def.Partition = append(def.Partition, def.Column(c.Name))
	}
	for _, c := range t.ClusteringKey {
		order := storage.Asc
		if c.Order == schema.Desc {
			order = storage.Desc
		}
		def.Clustering = append(def.Clustering, storage.ClusteringColumn{Column: def.Column(c.Name), Order: order})
	}
	for _, c := range t.Indexes {
		def.Indexes = append(def.Indexes, def.Column(c.Name))
	}
	return def
}

var storageTypes = map[schema.Type]storage.Type{
	schema.Boolean: storage.Boolean, schema.Int: storage.Int, schema.BigInt: storage.BigInt, schema.Float: storage.Float,
	schema.Double: storage.Double, schema.Text: storage.Text, schema.Blob: storage.Blob, schema.Date: storage.Date,
	schema.Time: storage.Time, schema.Timestamp: storage.Timestamp, schema.TimestampTZ: storage.TimestampTZ,
}

func nameOf(t *schema.Table) storage.TableName {
	return storage.TableName{Namespace: t.Namespace, Name: t.Name}
}

func optionsOf(t *schema.Table) storage.Options {
	options := storage.Options{}
	for _, o := range t.Options {
		options[o.Name] = o.Value
	}
	return options
}

// tablesOf returns the tables of a schema, which may be nil. It refuses tables
// in the namespace of the coordinator, of which package schema knows only the
// default.
func (a *Admin) tablesOf(s *schema.Schema) ([]*schema.Table, error) {
	if s == nil {
		return nil, nil
	}
	var refused schema.Diagnostics
	for _, t := range s.Tables {
		if t.Namespace == a.coordinator.Namespace {
			refused = append(refused, schema.Diagnostic{Pos: t.Pos, Message: fmt.Sprintf(
				"namespace %q belongs to the coordinator table, as scalar.db.consensus_commit.coordinator.namespace says (DB-CORE-10096): choose another one for the table or for the coordinator",
				t.Namespace)})
		}
	}
	return s.Tables, refused.Err()
}
