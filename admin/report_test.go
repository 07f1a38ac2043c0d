package admin

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// reported renders the differences of reports, one a line.
func reported(reports []TableReport) string {
	var b strings.Builder
	for _, r := range reports {
		for _, d := range r.Differences {
			fmt.Fprintf(&b, "%s: %s: %s\n", r.Name, d.Kind, d)
		}
	}
	return b.String()
}

func wantReports(t *testing.T, reports []TableReport, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), reported(reports)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCompareFindsEveryKindOfDifference(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		a, ctx := New(s, scalar.Config{}), t.Context()
		reports, err := a.Compare(ctx, parse(t, shop), true)
		wantReports(t, reports, err, `
customer.customers: table-missing: it does not exist
order.orders: table-missing: it does not exist
order.log: table-missing: it does not exist
coordinator.state: table-missing: it does not exist
`)
		create(t, s, shop, scalar.Config{})
		reports, err = a.Compare(ctx, parse(t, shop), true)
		wantReports(t, reports, err, "")
		if len(reports) != 4 {
			t.Errorf("%d reports", len(reports))
		}
		reports, err = a.Compare(ctx, parse(t, replaced(t, `"credit": "BIGINT"`, `"credit": "DOUBLE", "born": "DATE"`, `["name"]`, `["credit"]`,
			`"partition-key": ["customer_id"]`, `"partition-key": ["at"]`, `["at DESC", "id"]`, `["id DESC"]`, `"transaction": false,`, ``)), false)
		wantReports(t, reports, err, `
customer.customers: column-type: its column credit is BIGINT, and DOUBLE in the schema
customer.customers: column-missing: it has no column born
customer.customers: index-extra: it has an index on column name, which the schema has not
customer.customers: index-extra: it has an index on column before_name, which the schema has not
order.orders: column-missing: it has no column before_customer_id
order.orders: partition-key: its partition key is (customer_id), and (at) in the schema
order.orders: clustering-key: its clustering key is (at DESC, id ASC), and (id DESC) in the schema
order.log: transactions-missing: it has not the columns of transactions, and the schema does not say "transaction": false
`)
		reports, err = a.Compare(ctx, parse(t, `{"order.orders": {"transaction": false, "partition-key": ["id"], "columns": {"id": "INT"}}}`), true)
		if got := reported(reports); err != nil || !strings.HasPrefix(got, `order.orders: transactions-extra: it has the columns of transactions, and the schema says "transaction": false
`) || !strings.HasSuffix(got, "\norder.log: table-extra: the schema has no such table\n") {
			t.Errorf("%v\n%s", err, got)
		}
	})
}

func TestCompareSeesColumnsThatTransactionsLack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		for _, column := range []string{"before_credit", "tx_version"} {
			if err := s.Admin().DropColumn(t.Context(), customers, column); err != nil {
				t.Fatal(err)
			}
		}
		reports, err := New(s, scalar.Config{GroupCommit: &scalar.GroupCommitLimits{}}).Compare(t.Context(), parse(t, shop), true)
		wantReports(t, reports, err, `
customer.customers: column-missing: it has no column tx_version
customer.customers: column-missing: it has no column before_credit
coordinator.state: column-missing: it has no column tx_child_ids
`)
	})
}

func TestVerifyIgnoresOtherTables(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a := New(s, scalar.Config{})
		reports, err := a.Verify(t.Context(), parse(t, `{"order.log": {"transaction": false, "partition-key": ["id"], "columns": {"id": "TEXT", "line": "TEXT"}, "secondary-index": ["line"]}}`), true)
		wantReports(t, reports, err, "")
		if len(reports) != 2 {
			t.Errorf("%d reports", len(reports))
		}
	})
}

// The metadata may be right and the database not.
func TestVerifyLooksAtTheDatabaseItself(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		`DROP INDEX "index_customer_customers_name"`: `customer.customers: layout: the database lacks what the metadata name, and a repair would execute: CREATE INDEX "index_customer_customers_name" ON "customer$customers" ("name")
`,
		`ALTER TABLE "order$log" RENAME COLUMN "line" TO "text"`: `order.log: layout: the database lacks what the metadata name, and a repair would execute: ALTER TABLE "order$log" ADD COLUMN "line" TEXT
order.log: layout: the database contradicts the metadata: the index on column line must be called`,
		`ALTER TABLE "customer$customers" DROP COLUMN "credit"`: `customer.customers: layout: the database lacks what the metadata name, and a repair would execute: ALTER TABLE "customer$customers" ADD`,
		`DROP TABLE "coordinator$state"`:                        `coordinator.state: layout: the database lacks what the metadata name, and a repair would execute: CREATE TABLE "coordinator$state"`,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			s, path := open(t, "sqlite")
			create(t, s, shop, scalar.Config{})
			execute(t, path, statement)
			a := New(s, scalar.Config{})
			for range 2 { // it repairs nothing
				reports, err := a.Verify(t.Context(), parse(t, shop), true)
				if got := reported(reports); err != nil || !strings.HasPrefix(got, want) {
					t.Errorf("%v\n%s\nwant %s", err, got, want)
				}
			}
			reports, err := a.Compare(t.Context(), parse(t, shop), true)
			wantReports(t, reports, err, "")
		})
	}
}

func TestComparisonsWithoutTransactions(t *testing.T) {
	t.Parallel()
	s := memory.New()
	c := scalar.Config{WithoutTransactions: true}
	create(t, s, shop, c)
	a := New(s, c)
	for _, compare := range []func(ctx context.Context) ([]TableReport, error){
		func(ctx context.Context) ([]TableReport, error) { return a.Compare(ctx, parse(t, shop), true) },
		func(ctx context.Context) ([]TableReport, error) { return a.Verify(ctx, parse(t, shop), true) },
	} {
		reports, err := compare(t.Context())
		wantReports(t, reports, err, "")
		if len(reports) != 3 {
			t.Errorf("%d reports: the coordinator table is of no use", len(reports))
		}
	}
}

func TestComparisonsReportFailures(t *testing.T) {
	t.Parallel()
	for _, op := range []faulty.Op{faulty.Table, faulty.Tables, faulty.RepairTable} {
		s := memory.New()
		create(t, s, shop, scalar.Config{})
		a := New(faulty.Wrap(s, faulty.Rules(faulty.On(op).Do(faulty.LoseRequest))), scalar.Config{})
		_, compareErr := a.Compare(t.Context(), parse(t, shop), true)
		_, verifyErr := a.Verify(t.Context(), parse(t, shop), true)
		if (compareErr != nil) != (op != faulty.RepairTable) || (verifyErr != nil) != (op != faulty.Tables) {
			t.Errorf("%s fails: %v, %v", op, compareErr, verifyErr)
		}
	}
}
