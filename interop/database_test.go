package interop

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	_ "github.com/scalargen/scalargen/storage/mysql"
	_ "github.com/scalargen/scalargen/storage/postgres"
	_ "github.com/scalargen/scalargen/storage/sqlite"
)

// database is an empty database that both libraries can open.
type database struct {
	name string
	// properties are those that both need to open it.
	properties storage.Properties
	// prefix begins the namespaces of a test, where tests share a server whose
	// namespaces are global.
	prefix string
	// driver and source open it with database/sql, for what neither library shows.
	driver, source string
	// catalogue are queries for all that the database itself knows of tables,
	// columns and indexes.
	catalogue []string
	// foreign are statements that create a table with a record as another program
	// would, in the namespace for which %s stands; none where Java cannot import.
	foreign []string
	// nan, negativeZero and infinities say what FLOAT and DOUBLE hold.
	nan, negativeZero, infinities bool
	// padded says that texts in keys do not differ in blanks at their ends.
	padded bool
	// keyBytes is how long TEXT and BLOB can be in keys and indexes, 0 for long.
	keyBytes int
}

// databases are the storages that Java and Go have both.
var databases = []struct {
	name string
	open func(t *testing.T) *database
}{
	{"sqlite", openSQLite},
	{"postgres", openPostgres},
	{"mariadb", openMariaDB},
}

func openSQLite(t *testing.T) *database {
	file := filepath.Join(t.TempDir(), "shared.db")
	return &database{
		name: "sqlite",
		properties: storage.Properties{
			"scalar.db.storage":        "jdbc",
			"scalar.db.contact_points": "jdbc:sqlite:" + file + "?busy_timeout=10000&journal_mode=WAL",
		},
		driver: "sqlite", source: file,
		catalogue: []string{
			"SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
			"SELECT m.tbl_name, m.name, i.seqno, i.name, m.sql IS NULL FROM sqlite_master m, pragma_index_info(m.name) i WHERE m.type = 'index'",
		},
		infinities: true,
	}
}

func openPostgres(t *testing.T) *database {
	server := testserver.Postgres(t)
	return &database{
		name: "postgres",
		properties: storage.Properties{
			"scalar.db.storage": "jdbc", "scalar.db.contact_points": server.JDBC,
			"scalar.db.username": server.User, "scalar.db.password": server.Password,
		},
		driver: "pgx", source: server.URL,
		catalogue: []string{
			`SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')`,
			`SELECT table_schema, table_name, column_name, data_type, character_maximum_length, datetime_precision, is_nullable, collation_name
				FROM information_schema.columns WHERE table_schema NOT IN ('information_schema', 'pg_catalog')`,
			`SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname <> 'pg_catalog'`,
		},
		foreign: []string{
			`CREATE SCHEMA "%s"`,
			`CREATE TABLE "%s"."legacy" ("id" integer, "name" varchar(20), "at" timestamp(3), PRIMARY KEY ("id"))`,
			`INSERT INTO "%s"."legacy" VALUES (1, 'first', '2001-02-03 04:05:06.789'), (2, 'second', NULL), (3, 'third', NULL)`,
		},
		nan: true, negativeZero: true, infinities: true,
	}
}

func openMariaDB(t *testing.T) *database {
	server := testserver.MariaDB(t)
	like := "'" + strings.ReplaceAll(server.Prefix, "_", `\_`) + "%'"
	return &database{
		name: "mariadb",
		properties: storage.Properties{
			"scalar.db.storage": "jdbc", "scalar.db.contact_points": server.JDBC,
			"scalar.db.username": server.User, "scalar.db.password": server.Password,
		},
		prefix: server.Prefix,
		driver: "mysql", source: server.DSN,
		catalogue: []string{
			"SELECT schema_name, default_collation_name FROM information_schema.schemata WHERE schema_name LIKE " + like,
			"SELECT table_schema, table_name, column_name, column_type, is_nullable, collation_name FROM information_schema.columns WHERE table_schema LIKE " + like,
			"SELECT table_schema, table_name, index_name, seq_in_index, column_name, collation, sub_part, non_unique FROM information_schema.statistics WHERE table_schema LIKE " + like,
		},
		foreign: []string{
			"CREATE SCHEMA `%s`",
			"CREATE TABLE `%s`.`legacy` (`id` int, `name` varchar(20), `at` datetime(3), PRIMARY KEY (`id`))",
			"INSERT INTO `%s`.`legacy` VALUES (1, 'first', '2001-02-03 04:05:06.789'), (2, 'second', NULL), (3, 'third', NULL)",
		},
		padded: true, keyBytes: 128,
	}
}

// onEach runs the test on each database.
func onEach(t *testing.T, test func(t *testing.T, db *database)) {
	t.Helper()
	process := javaProcess(t)
	t.Cleanup(func() {
		if said := lastLines(process.Stderr(), 20); t.Failed() && said != "" {
			t.Logf("java said at last:\n%s", said)
		}
	})
	for _, each := range databases {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			test(t, each.open(t))
		})
	}
}

// namespace returns the name of a namespace of the test.
func (db *database) namespace(name string) string { return db.prefix + name }

// with returns the properties of the database with others.
func (db *database) with(more storage.Properties) storage.Properties {
	joined := storage.Properties{
		"scalar.db.consensus_commit.coordinator.namespace":       db.namespace("coordinator"),
		"scalar.db.jdbc.table_metadata.schema":                   db.namespace("scalardb"),
		"scalar.db.jdbc.connection_pool.min_idle":                "1",
		"scalar.db.jdbc.connection_pool.max_total":               "16",
		"scalar.db.jdbc.table_metadata.connection_pool.min_idle": "1",
		"scalar.db.jdbc.admin.connection_pool.min_idle":          "1",
		"scalar.db.metadata.cache_expiration_time_secs":          "-1",
		"scalar.db.consensus_commit.isolation_level":             "SERIALIZABLE",
	}
	maps.Copy(joined, db.properties)
	maps.Copy(joined, more)
	return joined
}

// coordinator returns the coordinator table with all optional columns.
func (db *database) coordinator() *storage.Table {
	return scalar.CoordinatorTable(db.namespace("coordinator"), scalar.GroupMembers, scalar.WriteSets)
}

// dump returns what the catalogue and the metadata say, one line each, in an
// order that does not depend on when something was created.
func (db *database) dump(t *testing.T) []string {
	t.Helper()
	pool, err := sql.Open(db.driver, db.source)
	ok(t, err)
	defer pool.Close()
	metadata := db.namespace("scalardb") + "." + "metadata"
	if db.driver == "sqlite" {
		metadata = `"scalardb$metadata"`
	}
	lines := query(t, pool, db.catalogue...)
	if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "metadata") }) {
		for _, line := range query(t, pool, "SELECT full_table_name, column_name, data_type, key_type, clustering_order, indexed, ordinal_position FROM "+metadata) {
			// Java takes the before images in the order of a hash table.
			if strings.Contains(line, " before_") {
				line = line[:strings.LastIndex(line, " ")] + " any"
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// ofMetadata reports whether the line of a dump is about the metadata schema and
// its tables.
func (db *database) ofMetadata(line string) bool {
	return strings.HasPrefix(line, db.namespace("scalardb"))
}

func query(t *testing.T, pool *sql.DB, statements ...string) (lines []string) {
	t.Helper()
	for _, statement := range statements {
		rows, err := pool.QueryContext(t.Context(), statement)
		ok(t, err)
		columns, err := rows.Columns()
		ok(t, err)
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			ok(t, rows.Scan(into...))
			line := make([]string, len(columns))
			for i, v := range values {
				line[i] = v.String
				if !v.Valid {
					line[i] = "NULL"
				}
			}
			lines = append(lines, strings.Join(line, " "))
		}
		ok(t, rows.Err())
		rows.Close()
	}
	return lines
}

// eye opens the storage below, to look at the bytes that the libraries leave.
func (db *database) eye(t *testing.T) storage.Storage {
	t.Helper()
	s, err := storage.Open(t.Context(), db.with(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
