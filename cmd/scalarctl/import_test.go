package main

import (
	"database/sql"
	"strings"
	"testing"
)

// execute changes the file as a program that does not know ScalarDB would.
func (b *bench) execute(statement string) {
	b.t.Helper()
	db, err := sql.Open("sqlite", b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		b.t.Fatal(err)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.execute(`CREATE TABLE "shop$legacy" (id TEXT PRIMARY KEY, created BIGINT)`)
	b.execute(`CREATE TABLE "shop$log" (id TEXT PRIMARY KEY, line TEXT)`)
	file := b.write("import.json", `{
  "shop.legacy": {"override-columns-type": {"created": "TIMESTAMPTZ"}},
  "shop.log": {"transaction": false}
}`)
	args := []string{"schema", "import", "-c", b.config, "-f", file}
	code, out := b.dry(args...)
	if code != exitOK || !strings.Contains(out, `      ALTER TABLE "shop$legacy" ADD COLUMN "before_created" BIGINT;
  + import table shop.log
`) || len(b.definedTables("shop")) > 0 {
		t.Errorf("dry run: exit %d\n%s", code, out)
	}
	code, out, stderr := b.run(args...)
	if code != exitOK || stderr != "" || !strings.HasSuffix(out, `
[2/3] extend table shop.legacy by the columns of transactions ... done
[3/3] import table shop.log ... done
Imported 2 tables.
`) {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
	const legacy = "id created tx_id tx_state tx_version tx_prepared_at tx_committed_at before_tx_id before_tx_state before_tx_version before_tx_prepared_at before_tx_committed_at before_created"
	if got := b.columns("shop", "legacy"); got != legacy {
		t.Errorf("columns %s", got)
	}
	if got := b.columns("shop", "log"); got != "id line" {
		t.Errorf("columns %s", got)
	}
	b.want(exitOK, `
Plan: no changes
  = shop.legacy: is imported already
  = shop.log: is imported already
Nothing was changed.
`, args...)
}

func TestImportRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.execute(`CREATE TABLE "shop$keyless" (id TEXT)`)
	for text, want := range map[string]string{
		`{"shop.none": {}}`:    "shop.none: table not found",
		`{"shop.keyless": {}}`: "shop.keyless: invalid request: the table has no primary key",
		`{"shop": {}}`:         `import.json:1:2: table name "shop" is not of the form "namespace.table"`,
	} {
		stderr := b.want(exitNo, "", "schema", "import", "-c", b.config, "-f", b.write("import.json", text))
		if !strings.Contains(stderr, want) {
			t.Errorf("%s: %s, want %s", text, stderr, want)
		}
	}
}
