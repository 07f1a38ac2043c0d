package mysql

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// raw opens the server past the adapter.
func raw(t testing.TB, server *testserver.Server) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// run runs a statement past the adapter.
func run(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// createForeign creates a table as another program would.
func createForeign(server *testserver.Server, definition *storage.Table) error {
	db, err := sql.Open("mysql", server.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	types := map[storage.Type]string{
		storage.Boolean: "tinyint(1)", storage.Int: "int", storage.BigInt: "bigint", storage.Float: "float", storage.Double: "double", storage.Text: "varchar(100)",
		storage.Blob: "varbinary(100)", storage.Date: "date", storage.Time: "time(6)", storage.Timestamp: "datetime(3)", storage.TimestampTZ: "timestamp(3) null",
	}
	text := "CREATE TABLE `" + definition.Namespace + "`.`" + definition.Name + "` ("
	for _, c := range definition.Columns {
		text += "`" + c.Name + "` " + types[c.Type] + ","
	}
	text += "PRIMARY KEY ("
	for i, c := range definition.PrimaryKey() {
		if i > 0 {
			text += ","
		}
		text += "`" + definition.Columns[c].Name + "`"
	}
	_, err = db.Exec(text + "))")
	return err
}

// createTable creates a table and its namespace.
func createTable(t testing.TB, s *Storage, table *storage.Table) {
	t.Helper()
	if err := s.Admin().CreateNamespace(t.Context(), table.Namespace, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Admin().CreateTable(t.Context(), table, nil); err != nil {
		t.Fatal(err)
	}
}

func qualified(t *storage.Table) string { return dialect.New().Table(t.TableName).String() }

// putOne writes one column of the record with the key k.
func putOne(t *storage.Table, k int32, column int, v storage.Value) storage.Mutation {
	return storage.Mutation{Table: t, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{column}, Values: []storage.Value{v}}
}

// results returns the rows of a query as texts joined by |.
func results(t testing.TB, server *testserver.Server, query string) []string {
	t.Helper()
	db, err := sql.Open("mysql", server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		fields := make([]string, len(values))
		for i, v := range values {
			fields[i] = v.String
			if !v.Valid {
				fields[i] = "NULL"
			}
		}
		out = append(out, strings.Join(fields, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func atoi(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
