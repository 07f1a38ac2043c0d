package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLimitsTellWhatIsTooCommonToWarnAbout(t *testing.T) {
	t.Parallel()
	s, ds := Parse(File{Name: "f", Data: []byte(`{"order.orders": {
		"partition-key": ["customer_id"], "clustering-key": ["placed_at DESC"], "secondary-index": ["order_id"],
		"columns": {"customer_id": "INT", "placed_at": "BIGINT", "order_id": "TEXT"}}}`)})
	if len(ds) > 0 {
		t.Fatalf("an ordinary table is warned about: %v", ds)
	}
	var got []string
	for _, l := range Limits(s.Tables[0]) {
		if l.Warned {
			t.Errorf("marked as a warning: %v", l)
		}
		if l.Pos.Line != 3 {
			t.Errorf("not at its column: %v", l)
		}
		got = append(got, l.Storage+": "+l.Message)
	}
	want := []string{
		`Cosmos DB: column "placed_at": values reach from −2^53 to 2^53 only`,
		`object storage: column "placed_at": values reach from −2^53 to 2^53 only (DB-CORE-10282)`,
		`object storage: column "order_id": there are no secondary indexes (DB-CORE-10251)`,
		`DynamoDB: column "order_id": values must not be empty (DB-CORE-10081)`,
		`MySQL: column "order_id": values have at most 128 characters (scalar.db.jdbc.mysql.variable_key_column_size; MariaDB: always 128), because the column is part of a key or index`,
		`MySQL: column "order_id": values that differ only in letter case are equal unless the database's collation is binary or case-sensitive`,
		`Oracle: column "order_id": values have at most 128 bytes (scalar.db.jdbc.oracle.variable_key_column_size), because the column is part of a key or index`,
		`Db2: column "order_id": values have at most 128 bytes (scalar.db.jdbc.db2.variable_key_column_size), because the column is part of a key or index`,
		`SQL Server: column "order_id": values have at most 8,000 bytes`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLimitsOfATableMadeByHand(t *testing.T) {
	t.Parallel()
	id := &Column{Name: "id", Type: Blob}
	table := &Table{Namespace: "a", Name: "b", Columns: []*Column{id, {Name: "n"}}, PartitionKey: []*Column{id}, Indexes: []*Column{id}}
	var storages []string
	for _, l := range Limits(table) {
		if l.Warned {
			storages = append(storages, l.Storage)
		}
	}
	if diff := cmp.Diff([]string{Db2, Oracle, Cassandra}, storages); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Limits(&Table{}); len(got) != 0 {
		t.Errorf("limits of nothing: %v", got)
	}
}
