package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// columnTypes are the declared types of Java's tables (storage spec, section
// 3.6).
var columnTypes = map[storage.Type]string{
	storage.Boolean: "BOOLEAN", storage.Int: "INT", storage.BigInt: "BIGINT", storage.Float: "FLOAT", storage.Double: "DOUBLE",
	storage.Text: "TEXT", storage.Blob: "BLOB", storage.Date: "INT", storage.Time: "BIGINT", storage.Timestamp: "BIGINT",
	storage.TimestampTZ: "BIGINT",
}

// update runs body in a transaction of the connection that writes. SQLite's
// DDL is transactional: tables, indexes and metadata change together.
func (s *Storage) update(ctx context.Context, op string, table storage.TableName, body func(*session) error) error {
	ses, err := s.writer.acquire(ctx)
	if err != nil {
		return failure(op, table, err)
	}
	defer s.writer.release(ses)
	return s.transact(ctx, ses, op, table, func() error { return body(ses) })
}

// CreateTable creates table, indexes and metadata in one transaction. It takes
// over a table without metadata, which Java leaves behind if it is cut off, if
// its columns are the same.
func (s *Storage) CreateTable(ctx context.Context, table *storage.Table, _ storage.Options) error {
	const op = "create table"
	if err := storage.CheckTable(table); err != nil {
		return err
	}
	if err := s.checkNames(op, table); err != nil {
		return err
	}
	return s.update(ctx, op, table.TableName, func(ses *session) error {
		defined, err := s.isDefined(ses, table.TableName)
		if err != nil {
			return err
		}
		if defined {
			return &storage.Error{Op: op, Table: table.TableName, Class: storage.ErrTableExists}
		}
		if err := createPhysicalTable(ses, table); err != nil {
			return err
		}
		for _, column := range table.Indexes {
			if err := createIndex(ses, op, table, column); err != nil {
				return err
			}
		}
		return s.writeMetadata(ses, table)
	})
}

func createPhysicalTable(ses *session, table *storage.Table) error {
	physical := physicalName(table.TableName)
	exists, err := isTaken(ses, "create table", table.TableName)
	if err != nil {
		return err
	}
	if !exists {
		return execute(ses, createTableText(table))
	}
	columns, err := texts(ses, "SELECT name||' '||type||' '||pk FROM pragma_table_info(?) ORDER BY cid", physical)
	if err != nil {
		return err
	}
	var want []string
	for i, c := range sqlstore.ColumnOrder(table) {
		inKey := 0
		if i < table.KeyLen() {
			inKey = i + 1
		}
		want = append(want, fmt.Sprintf("%s %s %d", table.Columns[c].Name, columnTypes[table.Columns[c].Type], inKey))
	}
	if !slices.Equal(columns, want) {
		return fmt.Errorf("the file holds a %q without metadata and with other columns: rename or drop it", physical)
	}
	return nil
}

// isTaken reports whether the file has a table, view or index of the table's
// name. It refuses a name that SQLite cannot tell from an existing one.
func isTaken(ses *session, op string, name storage.TableName) (bool, error) {
	physical := physicalName(name)
	taken, err := texts(ses, "SELECT name FROM sqlite_master WHERE name=? COLLATE NOCASE", physical)
	if err != nil || len(taken) == 0 {
		return false, err
	}
	if taken[0] != physical {
		return true, storage.Invalidf(op, name, "SQLite cannot tell the name from that of %q, which exists", taken[0])
	}
	return true, nil
}

func createTableText(table *storage.Table) string {
	b := dialect.New().Text("CREATE TABLE ").Table(table.TableName).Text("(")
	for _, c := range sqlstore.ColumnOrder(table) {
		b.Name(table.Columns[c].Name).Text(" ").Text(columnTypes[table.Columns[c].Type]).Text(",")
	}
	return b.Text(" PRIMARY KEY (").Columns(table, table.PrimaryKey()).Text("))").String()
}

// createIndex creates the index on a column unless it is there. All indexes of
// a file share one namespace, and Java's names do not keep a_b.c and a.b_c
// apart; it would leave the second table without its index and not say so.
func createIndex(ses *session, op string, table *storage.Table, column int) error {
	name := sqlstore.IndexName(table.TableName, table.Columns[column].Name)
	physical := physicalName(table.TableName)
	taken, err := texts(ses, "SELECT tbl_name FROM sqlite_master WHERE name=? COLLATE NOCASE", name)
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		b := dialect.New().Text("CREATE INDEX ").Name(name).Text(" ON ").Table(table.TableName)
		return execute(ses, b.Text(" (").Columns(table, []int{column}).Text(")").String())
	}
	indexed, err := texts(ses, "SELECT name FROM pragma_index_info(?)", name)
	if err != nil {
		return err
	}
	if taken[0] != physical || !slices.Equal(indexed, []string{table.Columns[column].Name}) {
		return storage.Invalidf(op, table.TableName,
			"the index on column %s must be called %q, and %q has that name already: rename the table or the column",
			table.Columns[column].Name, name, taken[0])
	}
	return nil
}

// DropTable removes table, indexes and metadata in one transaction.
func (s *Storage) DropTable(ctx context.Context, name storage.TableName) error {
	return s.change(ctx, "drop table", name, func(ses *session) error {
		if err := execute(ses, dialect.New().Text("DROP TABLE IF EXISTS ").Table(name).String()); err != nil {
			return err
		}
		return s.deleteMetadata(ses, name)
	})
}

// TruncateTable removes all records.
func (s *Storage) TruncateTable(ctx context.Context, name storage.TableName) error {
	return s.change(ctx, "truncate table", name, func(ses *session) error {
		return execute(ses, dialect.New().Text("DELETE FROM ").Table(name).String())
	})
}

// change runs body in a transaction if the metadata define the table.
func (s *Storage) change(ctx context.Context, op string, name storage.TableName, body func(*session) error) error {
	return s.update(ctx, op, name, func(ses *session) error {
		defined, err := s.isDefined(ses, name)
		if err != nil {
			return err
		}
		if !defined {
			return &storage.Error{Op: op, Table: name, Class: storage.ErrTableNotFound}
		}
		return body(ses)
	})
}

// Tables lists the tables of a namespace that the metadata define.
func (s *Storage) Tables(ctx context.Context, namespace string) ([]string, error) {
	var tables []string
	err := s.read(ctx, "tables", storage.TableName{Namespace: namespace}, func(ses *session) (err error) {
		tables, err = s.definedTables(ses, namespace)
		return err
	})
	return tables, err
}
