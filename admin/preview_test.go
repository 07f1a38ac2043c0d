package admin

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

func describePreviews(previews []Preview) string {
	var b strings.Builder
	for _, p := range previews {
		fmt.Fprintf(&b, "%s (follows: %t)\n", p.Step, p.Follows)
		for _, s := range p.Statements {
			if !strings.Contains(s, "scalardb$metadata") {
				fmt.Fprintln(&b, " ", s)
			}
		}
		if p.Note != "" || p.Err != nil {
			fmt.Fprintln(&b, "  note:", p.Note, p.Err)
		}
	}
	return b.String()
}

func TestPreviewShowsTheStatements(t *testing.T) {
	t.Parallel()
	s, _ := open(t, "sqlite")
	create(t, s, shop, scalar.Config{})
	a, before := New(s, scalar.Config{}), definitions(t, s)
	preview := func(p *Plan, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		previews, err := a.Preview(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return describePreviews(previews)
	}
	alter, err := a.PlanAlter(t.Context(), parse(t, replaced(t, `"credit": "BIGINT"`, `"born": "DATE"`, `["name"]`, `["born"]`, `"order.log"`, `"order.journal"`)),
		Renames{Tables: []TableRename{{plainLog, "journal"}}})
	got := preview(alter, err)
	const want = `extend table customer.customers by column born DATE, index on born (follows: false)
  ALTER TABLE "customer$customers" ADD COLUMN "born" INT
  ALTER TABLE "customer$customers" ADD COLUMN "before_born" INT
  CREATE INDEX "index_customer_customers_born" ON "customer$customers" ("born")
  CREATE INDEX "index_customer_customers_before_born" ON "customer$customers" ("before_born")
drop index on column name of customer.customers (follows: true)
  DROP INDEX "index_customer_customers_name"
drop index on column before_name of customer.customers (follows: true)
  DROP INDEX "index_customer_customers_before_name"
drop column before_credit of customer.customers (follows: true)
  ALTER TABLE "customer$customers" DROP COLUMN "before_credit"
drop column credit of customer.customers (follows: true)
  ALTER TABLE "customer$customers" DROP COLUMN "credit"
rename table order.log to journal (follows: false)
  ALTER TABLE "order$log" RENAME TO "order$journal"
  DROP INDEX "index_order_log_line"
  CREATE INDEX "index_order_journal_line" ON "order$journal" ("line")
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	drop, err := a.PlanDrop(t.Context(), parse(t, shop), false)
	if got := preview(drop, err); !strings.Contains(got, `  DROP TABLE IF EXISTS "customer$customers"`) {
		t.Errorf("drop:\n%s", got)
	}
	if diff := cmp.Diff(before, definitions(t, s), sameTable); diff != "" {
		t.Errorf("the tables changed: %s", diff)
	}
}

func TestPreviewOfEveryPlanChangesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for _, kind := range kinds {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, kind)
				a, before := New(s, scalar.Config{}), definitions(t, s)
				p, err := change.plan(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				previews, err := a.Preview(t.Context(), p)
				if err != nil || len(previews) != p.Changes() {
					t.Errorf("%v\n%s", err, describePreviews(previews))
				}
				for i, preview := range previews {
					if cannot := kind == "sqlite" && name == "alter column"; preview.Err != nil && !cannot {
						t.Error(preview.Err)
					}
					if shows := len(preview.Statements) > 0; i == 0 && preview.Err == nil && shows != (kind == "sqlite") {
						t.Errorf("%s: statements %q", preview.Step, preview.Statements)
					}
				}
				if diff := cmp.Diff(before, definitions(t, s), sameTable); diff != "" {
					t.Errorf("the tables changed: %s", diff)
				}
			})
		}
	}
}

func TestPreviewOfACreation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a := New(s, scalar.Config{})
		p, err := a.PlanCreate(t.Context(), parse(t, shop), true)
		if err != nil {
			t.Fatal(err)
		}
		previews, err := a.Preview(t.Context(), p)
		for _, preview := range previews {
			if preview.Err != nil || preview.Follows || preview.Note != "" {
				t.Errorf("%s: %v, %q", preview.Step, preview.Err, preview.Note)
			}
		}
		if err != nil || len(previews) != 7 || len(definitions(t, s)) > 0 {
			t.Errorf("%d previews, %v", len(previews), err)
		}
	})
}

// dump returns the definitions and the metadata in a file.
func dump(t *testing.T, path string) (lines []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		`SELECT type||' '||name||' '||coalesce(sql,'') FROM sqlite_master ORDER BY 1`,
		`SELECT full_table_name||' '||column_name||' '||data_type||' '||coalesce(key_type,'')||coalesce(clustering_order,'')||indexed||ordinal_position FROM "scalardb$metadata" ORDER BY 1`,
		`SELECT count(*)||'' FROM "order$log"`,
	} {
		rows, err := db.Query(query)
		if err != nil {
			return append(lines, err.Error()) // dropped
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}

// The statements that are shown do what the step does.
func TestStatementsShownAreThoseOfTheStep(t *testing.T) {
	t.Parallel()
	shopWithRecord := func(t *testing.T) (storage.Storage, string) {
		s, path := open(t, "sqlite")
		create(t, s, shop, scalar.Config{})
		execute(t, path, `CREATE TABLE "order$legacy" (line INTEGER, note VARCHAR(20), id TEXT, amount BIGINT, PRIMARY KEY (id, line))`)
		execute(t, path, `INSERT INTO "order$log" VALUES ('it''s', '?')`)
		return s, path
	}
	plans := map[string]plan{
		"repair": func(ctx context.Context, a *Admin) (*Plan, error) {
			return a.PlanRepair(ctx, parse(t, replaced(t, `"credit": "BIGINT"`, `"credit": "BIGINT", "it's": "INT"`, `["name"]`, `["name", "credit"]`)), false)
		},
		"create": func(ctx context.Context, a *Admin) (*Plan, error) {
			p, err := a.PlanCreate(ctx, parse(t, `{"new.\"t\"": {"partition-key": ["id"], "columns": {"id": "INT", "a'b?": "BLOB"}, "secondary-index": ["a'b?"]}}`), false)
			if err == nil {
				p.Steps = p.Steps[1:]
			}
			return p, err
		},
		"drop":     func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanDrop(ctx, parse(t, shop), false) },
		"truncate": func(ctx context.Context, a *Admin) (*Plan, error) { return a.PlanTruncate(ctx, plainLog) },
	}
	for name, change := range changes {
		if name != "alter column" {
			plans[name] = change.plan
		}
	}
	for name, plan := range plans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done, donePath := shopWithRecord(t)
			shown, shownPath := shopWithRecord(t)
			first := func(s storage.Storage) *Plan {
				p, err := plan(t.Context(), New(s, scalar.Config{}))
				if err != nil {
					t.Fatal(err)
				}
				return &Plan{Steps: p.Steps[:1]}
			}
			before := dump(t, donePath)
			apply(t, New(done, scalar.Config{}), first(done))
			previews, err := New(shown, scalar.Config{}).Preview(t.Context(), first(shown))
			if err != nil || len(previews) != 1 || len(previews[0].Statements) == 0 {
				t.Fatalf("%v\n%s", err, describePreviews(previews))
			}
			for _, statement := range previews[0].Statements {
				execute(t, shownPath, statement)
			}
			want := dump(t, donePath)
			if diff := cmp.Diff(want, dump(t, shownPath)); diff != "" {
				t.Errorf("(-done +shown)\n%s", diff)
			}
			if cmp.Equal(before, want) {
				t.Error("the step has changed nothing")
			}
		})
	}
}
