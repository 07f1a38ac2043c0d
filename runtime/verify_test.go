package scalar_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/scalartest"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// deployedOrders returns test.orders as deployed, with its definition changed
// before and after the columns of transactions are added.
func deployedOrders(before, after func(*storage.Table)) *storage.Table {
	def := ordersDef()
	if before != nil {
		before(def)
	}
	table := scalar.TransactionTable(def, false)
	if after != nil {
		after(table)
	}
	return table
}

func dropColumn(t *storage.Table, name string) {
	at := t.Column(name)
	t.Columns = slices.Delete(slices.Clone(t.Columns), at, at+1)
	t.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(i int) bool { return i == at })
	for i, c := range t.Indexes {
		if c > at {
			t.Indexes[i] = c - 1
		}
	}
}

func dropIndex(t *storage.Table, name string) {
	t.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(i int) bool { return t.Columns[i].Name == name })
}

func TestVerifyNamesEveryDifference(t *testing.T) {
	t.Parallel()
	ordersOnly := scalar.Schema{&orders}
	coordinator := scalar.CoordinatorTable("")
	for name, test := range map[string]struct {
		deployed []*storage.Table
		schema   scalar.Schema
		want     []string // lines
	}{
		"all there":     {deployed(), testSchema, nil},
		"nothing":       {nil, nil, nil},
		"nothing asked": {nil, scalar.Schema{}, nil},
		"nothing there": {nil, testSchema, []string{
			"test.orders: there is no such table: create it with scalarctl schema create",
			"test.kinds: there is no such table: create it with scalarctl schema create",
			"test.audit: there is no such table: create it with scalarctl schema create",
			"coordinator.state: the coordinator table is missing: create it with scalarctl schema create --coordinator",
		}},
		"no coordinator needed": {[]*storage.Table{audit.Def}, scalar.Schema{&audit}, nil},
		"coordinator altered": {
			[]*storage.Table{deployedOrders(nil, nil), {
				TableName: coordinator.TableName, Partition: []int{0},
				Columns: []storage.Column{{Name: "tx_id", Type: storage.Text}, {Name: "tx_state", Type: storage.Text}},
			}},
			ordersOnly,
			[]string{"coordinator.state: its column tx_state is TEXT, not INT", "coordinator.state: it has no column tx_created_at"},
		},
		"coordinator of group commit": {
			[]*storage.Table{deployedOrders(nil, nil), {
				TableName: coordinator.TableName, Partition: []int{0},
				Columns: append(slices.Clone(coordinator.Columns), storage.Column{Name: "tx_child_ids", Type: storage.Text}),
			}},
			ordersOnly, nil,
		},
		"extra column and index": {
			[]*storage.Table{coordinator, deployedOrders(func(t *storage.Table) {
				t.Columns = append(t.Columns, storage.Column{Name: "note", Type: storage.Text})
				t.Indexes = append(t.Indexes, 5)
			}, nil)},
			ordersOnly, nil,
		},
		"column missing": {
			[]*storage.Table{coordinator, deployedOrders(func(t *storage.Table) { t.Columns = t.Columns[:4] }, nil)},
			ordersOnly,
			[]string{"test.orders: it has no column total"},
		},
		"many at once": {
			[]*storage.Table{coordinator, deployedOrders(func(t *storage.Table) {
				t.Columns[1].Type, t.Columns[4].Name = storage.Int, "sum"
				t.Clustering[1].Order = storage.Desc
				t.Indexes = nil
			}, nil)},
			ordersOnly,
			[]string{
				`test.orders: its clustering key is ["timestamp DESC" "seq DESC"], not ["timestamp DESC" "seq ASC"]`,
				"test.orders: its column timestamp is INT, not BIGINT",
				"test.orders: it has no column total",
				"test.orders: its column order_id has no secondary index",
				"test.orders: its column before_order_id, the before image of an indexed column, has no secondary index: SERIALIZABLE reads by the index need it",
			},
		},
		"partition key": {
			[]*storage.Table{coordinator, deployedOrders(func(t *storage.Table) { t.Partition, t.Clustering = []int{0, 1}, t.Clustering[1:] }, nil)},
			ordersOnly,
			[]string{`test.orders: its partition key is ["customer_id" "timestamp"], not ["customer_id"]`},
		},
		"index of before image": {
			[]*storage.Table{coordinator, deployedOrders(nil, func(t *storage.Table) { dropIndex(t, "before_order_id") })},
			ordersOnly,
			[]string{"test.orders: its column before_order_id, the before image of an indexed column, has no secondary index: SERIALIZABLE reads by the index need it"},
		},
		"no transaction table": {
			[]*storage.Table{coordinator, ordersDef()}, ordersOnly,
			[]string{`test.orders: the deployed table takes no part in transactions: it has no column tx_id; create it with "transaction": true, or generate code with "transaction": false`},
		},
		"half a transaction table": {
			[]*storage.Table{coordinator, deployedOrders(nil, func(t *storage.Table) { dropColumn(t, "before_total") })}, ordersOnly,
			[]string{`test.orders: the deployed table takes no part in transactions: its column total has no before image before_total; create it with "transaction": true, or generate code with "transaction": false`},
		},
		"type of a transaction column": {
			[]*storage.Table{coordinator, deployedOrders(nil, func(t *storage.Table) { t.Columns[t.Column("tx_version")].Type = storage.BigInt })}, ordersOnly,
			[]string{"test.orders: its column tx_version is BIGINT, not INT"},
		},
		"transactions where none were expected": {
			[]*storage.Table{scalar.TransactionTable(audit.Def, false)}, scalar.Schema{&audit},
			[]string{`test.audit: the deployed table takes part in transactions, which would not notice writes of code generated with "transaction": false: generate the code with "transaction": true`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := memory.New()
			deploy(t, s, test.deployed...)
			err := newDB(t, s).Verify(t.Context(), test.schema)
			if test.want == nil {
				must(t, err)
				return
			}
			wantError(t, err, scalar.ErrInvalid)
			want := "invalid request: the deployed tables are not those that the code was generated for:\n\t" + strings.Join(test.want, "\n\t") +
				"\nalter the tables, or generate the code again from the schema that is deployed"
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifyFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	s := memory.New()
	deploy(t, s, scalar.CoordinatorTable("mine"), scalar.TransactionTable(ordersDef(), true))
	wantError(t, newDB(t, s).Verify(t.Context(), scalar.Schema{&orders}), scalar.ErrInvalid, "coordinator.state", "before_order_id")
	db := newDB(t, s, scalar.WithConfig(scalar.Config{CoordinatorNamespace: "mine", EventuallyConsistentIndexes: true}))
	must(t, db.Verify(t.Context(), scalar.Schema{&orders}))
}

// freshDefinitions reads a definition anew each time, as a database does.
type freshDefinitions struct{ *memory.Storage }

func (s freshDefinitions) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	table, err := s.Storage.Table(ctx, name)
	if err != nil {
		return nil, err
	}
	copied := *table
	return &copied, nil
}

func TestVerifyReadsPastTheCacheAndCorrectsIt(t *testing.T) {
	t.Parallel()
	s := freshDefinitions{memory.New()}
	deploy(t, s, deployed()...)
	db := newDB(t, s)
	must(t, orders.Insert(t.Context(), db, first)) // the definition is cached now
	tx, err := db.Begin(t.Context())
	must(t, err)
	must(t, second(orders.Get(t.Context(), tx, keyOfOrder(first))))
	must(t, db.Verify(t.Context(), testSchema))
	must(t, orders.Delete(t.Context(), tx, keyOfOrder(first))) // a transaction survives Verify
	must(t, tx.Commit(t.Context()))

	must(t, s.DropTable(t.Context(), orders.Def.TableName))
	wantError(t, db.Verify(t.Context(), testSchema), scalar.ErrInvalid, "test.orders: there is no such table")
	deploy(t, s, deployedOrders(func(def *storage.Table) { slices.Reverse(def.Columns[3:]); def.Indexes = []int{4} }, nil))
	must(t, orders.Insert(t.Context(), db, first)) // columns are where they are now
	got, err := orders.Get(t.Context(), db, keyOfOrder(first))
	must(t, err)
	if got != first {
		t.Errorf("got %+v, want %+v", got, first)
	}
	must(t, s.DropTable(t.Context(), orders.Def.TableName))
	deploy(t, s, deployedOrders(func(def *storage.Table) {
		def.Columns = append(def.Columns, storage.Column{Name: "note", Type: storage.Text})
	}, nil))
	must(t, db.Verify(t.Context(), testSchema))
	must(t, orders.Insert(t.Context(), db, first))
}

func TestVerifyReportsAStorageThatFails(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := db.Verify(ctx, testSchema)
	wantError(t, err, scalar.ErrStorage, "test.orders: cannot read the definition of the table")
	wantError(t, err, context.Canceled)
	closed := scalartest.Open(t, testSchema)
	must(t, closed.Close(t.Context()))
	wantError(t, closed.Verify(t.Context(), testSchema), scalar.ErrClosed)
}

// Every operation makes sure that the table is the one it was generated for.
func TestOperationsRefuseAnotherTable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deployed []*storage.Table
		want     string
	}{
		"no table":        {nil, "there is no such table in the database: create it with scalarctl schema create"},
		"no coordinator":  {[]*storage.Table{deployedOrders(nil, nil)}, "the coordinator table is missing: create it with scalarctl schema create --coordinator"},
		"no transactions": {[]*storage.Table{ordersDef()}, `the deployed table takes no part in transactions: it has no column tx_id`},
		"column missing": {
			[]*storage.Table{deployedOrders(func(t *storage.Table) { t.Columns = t.Columns[:4] }, nil)},
			"test.orders: the deployed table is not the one the code was generated for: it has no column total; alter the table, or generate the code again",
		},
		"other type": {[]*storage.Table{deployedOrders(func(t *storage.Table) { t.Columns[4].Type = storage.Text }, nil)}, "its column total is TEXT, not INT"},
		"other key": {
			[]*storage.Table{deployedOrders(func(t *storage.Table) { slices.Reverse(t.Clustering) }, nil)},
			`its clustering key is ["seq ASC" "timestamp DESC"], not ["timestamp DESC" "seq ASC"]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := memory.New()
			deploy(t, s, test.deployed...)
			db := newDB(t, s)
			wantError(t, orders.Insert(t.Context(), db, first), scalar.ErrInvalid, test.want)
			err := db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
				if err := orders.Upsert(ctx, tx, first); err != nil {
					wantError(t, err, scalar.ErrInvalid, "transaction "+tx.ID())
					return err
				}
				return nil
			})
			wantError(t, err, scalar.ErrInvalid, test.want)
		})
	}
}

func TestAnIndexThatIsNotDeployed(t *testing.T) {
	t.Parallel()
	s := memory.New()
	deploy(t, s, scalar.CoordinatorTable(""), deployedOrders(func(t *storage.Table) { t.Indexes = nil }, nil))
	db := newDB(t, s)
	must(t, orders.Insert(t.Context(), db, first)) // needs no index
	_, err := scalar.Collect(orders.Scan(t.Context(), db, ordersByOrderID("o-1")))
	wantError(t, err, scalar.ErrInvalid, "its column order_id has no secondary index")

	must(t, s.DropTable(t.Context(), orders.Def.TableName))
	deploy(t, s, deployedOrders(nil, nil))
	must(t, db.Verify(t.Context(), scalar.Schema{&orders})) // corrects the cache
	must(t, second(scalar.Collect(orders.Scan(t.Context(), db, ordersByOrderID("o-1")))))
}

// A mismatch is not remembered: once the table is altered the operation works.
func TestAnAlteredTableIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	s := memory.New()
	deploy(t, s, scalar.CoordinatorTable(""), deployedOrders(func(t *storage.Table) { t.Columns = t.Columns[:4] }, nil))
	db := newDB(t, s)
	wantError(t, orders.Insert(t.Context(), db, first), scalar.ErrInvalid, "it has no column total")
	must(t, s.DropTable(t.Context(), orders.Def.TableName))
	deploy(t, s, deployedOrders(nil, nil))
	must(t, orders.Insert(t.Context(), db, first))
}
