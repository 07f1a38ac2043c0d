package main

import (
	"strings"
	"testing"
)

// dry runs a command dry, and returns what it prints without the statements
// about the metadata.
func (b *bench) dry(args ...string) (code int, stdout string) {
	b.t.Helper()
	code, out, stderr := b.run(append(args, "--dry-run")...)
	if stderr != "" {
		b.t.Errorf("standard error %q", stderr)
	}
	var kept strings.Builder
	for line := range strings.Lines(out) {
		if !strings.Contains(line, `"scalardb$metadata"`) {
			kept.WriteString(line)
		}
	}
	return code, kept.String()
}

func (b *bench) wantDry(want string, args ...string) {
	b.t.Helper()
	if code, got := b.dry(args...); code != exitOK || got != strings.TrimPrefix(want, "\n") {
		b.t.Errorf("%v: exit %d\n%s\nwant\n%s", args, code, got, want)
	}
}

func TestDryRunShowsStatementsAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantDry(`
Plan: 2 changes
  + create namespace coordinator
  + create table coordinator.state
      CREATE TABLE "coordinator$state"("tx_id" TEXT,"tx_state" INT,"tx_created_at" BIGINT, PRIMARY KEY ("tx_id"));
`, "schema", "create", "-c", b.config, "--coordinator")
	if got := b.namespaces(); len(got) > 0 {
		t.Errorf("namespaces %v", got)
	}
	b.run(b.all("create")...)
	b.write("schema.json", strings.NewReplacer(`"at": "TIMESTAMP"`, `"note": "TEXT"`).Replace(shop))
	b.wantDry(`
Plan: 3 changes
  = customer.customers: is as the schema says
  + extend table order.orders by column note TEXT
      ALTER TABLE "order$orders" ADD COLUMN "note" TEXT;
      ALTER TABLE "order$orders" ADD COLUMN "before_note" TEXT;
  - drop column before_at of order.orders  ! its values are lost
      -- for the table as it is now, before the steps above:
      ALTER TABLE "order$orders" DROP COLUMN "before_at";
  - drop column at of order.orders  ! its values are lost
      -- for the table as it is now, before the steps above:
      ALTER TABLE "order$orders" DROP COLUMN "at";
`, b.schemaOnly("alter")...)
	b.wantDry(`
Plan: 2 changes
  - drop table customer.customers  ! its records are lost
      DROP TABLE IF EXISTS "customer$customers";
  - drop namespace customer
      -- what it executes depends on the steps above
`, "schema", "drop", "-c", b.config, "-f", b.write("customer.json", shop[:strings.Index(shop, ",\n  \"order")]+"}"))
	b.write("schema.json", shop)
	b.want(exitOK, "No differences.\n", b.all("diff")...)
}

func TestDryRunReportsStepsThatWouldFail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.run(b.all("create")...)
	b.execute(`CREATE INDEX theirs ON "order$orders" (at)`)
	b.write("schema.json", strings.Replace(shop, `, "at": "TIMESTAMP"`, ``, 1))
	code, out, stderr := b.run(b.schemaOnly("alter", "--dry-run")...)
	const why = `drop column order.orders: invalid request: the index "theirs", which another program has created, is on column at: drop it first`
	if code != exitNo || !strings.HasSuffix(out, "      -- it would fail: "+why+"\n") || stderr != "scalarctl: step 2 of 2 would fail: "+why+"\n" {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
}

// The literals of the metadata rows are whole.
func TestDryRunShowsParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, out, _ := b.run("schema", "create", "-c", b.config, "--coordinator", "--dry-run")
	for _, want := range []string{
		`CREATE TABLE "scalardb$metadata"(`, `('coordinator.state','tx_id','TEXT','PARTITION',NULL,`, `('coordinator.state','tx_created_at','BIGINT',NULL,NULL,`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Contains(out, "?") {
		t.Errorf("parameters are left in\n%s", out)
	}
}
