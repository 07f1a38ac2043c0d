package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/scalargen/scalargen/internal/testserver"
)

// database is a real one of some kind.
type database struct {
	driver, source string
	config         string // the properties that name it
	prefix         string // of all namespaces
	types          bool   // columns can change their type

	createForeign string // of the table legacy
	dropIndex     string // of column name of the table people
}

// databases open a database of each kind that can be had.
var databases = map[string]func(t *testing.T) database{
	"sqlite": func(t *testing.T) database {
		file := filepath.ToSlash(filepath.Join(t.TempDir(), "test.db"))
		return database{
			driver: "sqlite", source: file, config: "scalar.db.storage=sqlite\nscalar.db.contact_points=" + file,
			createForeign: `CREATE TABLE "shop$legacy" (id TEXT PRIMARY KEY, created BIGINT)`,
			dropIndex:     `DROP INDEX "index_shop_persons_full_name"`,
		}
	},
	"postgres": func(t *testing.T) database {
		server := testserver.Postgres(t)
		return database{
			driver: "pgx", source: server.URL, config: jdbc(server), types: true,
			createForeign: `CREATE TABLE "shop"."legacy" (id TEXT PRIMARY KEY, created TIMESTAMPTZ)`,
			dropIndex:     `DROP INDEX "shop"."index_shop_persons_full_name"`,
		}
	},
	"mariadb": func(t *testing.T) database { return ofMySQL(testserver.MariaDB(t)) },
	"mysql":   func(t *testing.T) database { return ofMySQL(testserver.MySQL(t)) },
}

func ofMySQL(server *testserver.Server) database {
	p := server.Prefix
	return database{
		driver: "mysql", source: server.DSN, prefix: p, types: true,
		config:        jdbc(server) + "\nscalar.db.jdbc.table_metadata.schema=" + p + "meta\nscalar.db.consensus_commit.coordinator.namespace=" + p + "coordinator",
		createForeign: "CREATE TABLE `" + p + "shop`.`legacy` (id VARCHAR(100) PRIMARY KEY, created DATETIME(3))",
		dropIndex:     "DROP INDEX `index_" + p + "shop_persons_full_name` ON `" + p + "shop`.`persons`",
	}
}

func jdbc(server *testserver.Server) string {
	return fmt.Sprintf("scalar.db.storage=jdbc\nscalar.db.contact_points=%s\nscalar.db.username=%s\nscalar.db.password=%s", server.JDBC, server.User, server.Password)
}

// TestEveryCommandOnEveryDatabase takes two tables through their life.
func TestEveryCommandOnEveryDatabase(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live(t, open(t))
		})
	}
}

const people = `{
  "shop.people": {
    "partition-key": ["id"], "secondary-index": ["name"],
    "columns": {"id": "INT", "name": "TEXT", "phone": "TEXT", "visits": "INT"}
  },
  "shop.log": {
    "transaction": false, "partition-key": ["day"], "clustering-key": ["at DESC", "number"],
    "columns": {"day": "DATE", "at": "TIMESTAMP", "number": "INT", "line": "TEXT"}
  }
}`

func live(t *testing.T, db database) {
	b := newBench(t)
	b.config = b.write("server.properties", db.config)
	write := func(text string) {
		b.schema = b.write("schema.json", strings.ReplaceAll(text, `"shop.`, `"`+db.prefix+`shop.`))
	}
	// step runs a command. What it prints must contain the texts.
	step := func(code int, args []string, want ...string) string {
		t.Helper()
		got, out, errOut := b.run(args...)
		out = strings.ReplaceAll(out, db.prefix, "")
		for _, text := range want {
			if !strings.Contains(out, text) {
				t.Errorf("%v: no %q in\n%s", args[1], text, out)
			}
		}
		if got != code {
			t.Fatalf("%v: exit %d, want %d\n%s%s", args[1], got, code, out, errOut)
		}
		return out
	}
	execute := func(statement string) {
		t.Helper()
		server, err := sql.Open(db.driver, db.source)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if _, err := server.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}

	write(people)
	step(exitOK, b.all("create", "--dry-run"), "CREATE TABLE")
	step(exitNo, b.all("diff"), "shop.people\n  it does not exist\n")
	step(exitOK, b.all("create"), "Created 3 tables")
	step(exitOK, b.all("diff"), "No differences.\n")
	step(exitOK, b.all("verify"), "ok   shop.people\nok   shop.log\nok   coordinator.state\n")

	visits := "INT"
	if db.types {
		visits = "BIGINT"
	}
	write(strings.NewReplacer("shop.people", "shop.persons", `"name"`, `"full_name"`, `"phone": "TEXT"`, `"email": "TEXT"`,
		`"secondary-index": ["name"]`, `"secondary-index": ["full_name", "email"]`, `"visits": "INT"`, `"visits": "`+visits+`"`).Replace(people))
	args := b.schemaOnly("alter", "--rename-table", db.prefix+"shop.people=persons", "--rename", db.prefix+"shop.persons.name=full_name")
	dry := step(exitOK, append(args, "--dry-run"), "extend table shop.people by column email TEXT, index on email", "ADD ", "RENAME")
	if db.types && !strings.Contains(dry, "~ alter column visits of shop.people to BIGINT") {
		t.Error(dry)
	}
	step(exitNo, b.all("diff"))
	step(exitOK, append(args, "--yes"), "Altered 1 table.\n")
	step(exitOK, args, "Plan: no changes\n")
	step(exitOK, b.all("diff"), "No differences.\n")
	step(exitOK, b.all("verify"), "ok   shop.persons\n")

	execute(db.dropIndex)
	step(exitOK, b.all("diff"), "No differences.\n")
	step(exitNo, b.all("verify"), "bad  shop.persons: the database lacks what the metadata name, and a repair would execute: CREATE INDEX", "ok   shop.log\n")
	step(exitOK, b.all("repair", "--dry-run"), "      CREATE INDEX")
	step(exitNo, b.all("verify"))
	step(exitOK, b.all("repair"))
	step(exitOK, b.all("verify"))

	execute(db.createForeign)
	imports := []string{"schema", "import", "-c", b.config, "-f",
		b.write("import.json", `{"`+db.prefix+`shop.legacy": {"override-columns-type": {"created": "TIMESTAMPTZ"}}}`)}
	step(exitOK, append(imports, "--dry-run"), "before_created")
	step(exitOK, imports, "Imported 1 table.\n")
	step(exitOK, imports, "is imported already\n")
	step(exitNo, b.all("diff"), "shop.legacy\n  the schema has no such table\n")
	b.schema = b.write("legacy.json", `{"`+db.prefix+`shop.legacy": {"partition-key": ["id"], "columns": {"id": "TEXT", "created": "TIMESTAMPTZ"}}}`)
	step(exitOK, b.all("verify"), "ok   shop.legacy\n")
	step(exitOK, b.schemaOnly("drop", "--yes"), "kept, it has other tables")

	b.schema = filepath.Join(b.dir, "schema.json")
	step(exitOK, b.all("drop", "--dry-run"), "DROP TABLE")
	step(exitOK, b.all("verify"))
	step(exitOK, b.all("drop", "--yes"), "Dropped 3 tables and 2 namespaces.\n")
	step(exitNo, b.all("verify"), "bad  shop.persons: it does not exist\n")
}
