package admin

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

func TestImportedTableTakesPartInTransactions(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, kind)
			a := New(s, scalar.Config{})
			p, err := a.PlanImport(t.Context(), legacy, nil, true)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, a, p)
			want := &storage.Table{TableName: legacy, Columns: []storage.Column{
				{Name: "id", Type: storage.Text}, {Name: "line", Type: storage.BigInt}, {Name: "note", Type: storage.Text}, {Name: "amount", Type: storage.BigInt},
			}, Partition: []int{0, 1}}
			if got, transaction, err := a.Table(t.Context(), legacy); err != nil || !transaction || !got.Equal(want) {
				t.Errorf("%+v, %t, %v", got, transaction, err)
			}
			wantTransactional(t, s)
		})
	}
}

// A table without transactions becomes one with them, and keeps its indexes.
func TestImportOfATableThatIsDefinedAlready(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Storage) {
		create(t, s, shop, scalar.Config{})
		a := New(s, scalar.Config{})
		p, err := a.PlanImport(t.Context(), plainLog, nil, true)
		apply(t, a, planned(t, p, err, "extend table order.log by the columns of transactions\n"))
		wantTransactional(t, s)
		if table := definitions(t, s)["order.log"]; len(table.Columns) != 13 || len(table.Indexes) != 2 {
			t.Errorf("%+v", table)
		}
	})
}

func TestColumnsInTheWayOfAnImport(t *testing.T) {
	t.Parallel()
	text := func(name string) storage.Column { return storage.Column{Name: name, Type: storage.Text} }
	integer := func(name string) storage.Column { return storage.Column{Name: name, Type: storage.Int} }
	for want, columns := range map[string][]storage.Column{
		"tx_id belongs to the transactions (DB-CORE-10101)":                                  {text("id"), text("tx_id"), text("note")},
		"tx_state belongs to the transactions (DB-CORE-10101)":                               {text("id"), integer("tx_state")},
		"before_tx_id belongs to the transactions (DB-CORE-10101)":                           {text("id"), text("before_tx_id")},
		"before_note belongs to the before image of column note (DB-CORE-10102)":             {text("id"), text("note"), text("before_note")},
		"column name tx_id belongs to the transactions (DB-CORE-10101)":                      {text("tx_id"), text("id")},
		"column name before_note belongs to the before image of column note (DB-CORE-10102)": {text("before_note"), text("note")},
	} {
		for _, defined := range []bool{false, true} {
			s := memory.New()
			table := &storage.Table{TableName: storage.TableName{Namespace: "n", Name: "t"}, Columns: columns, Partition: []int{0}}
			if defined {
				deploy(t, s, table)
			} else if err := s.AddForeignTable(table); err != nil {
				t.Fatal(err)
			}
			a := New(s, scalar.Config{})
			if _, err := a.PlanImport(t.Context(), table.TableName, nil, true); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("defined %t: %v, want %s", defined, err, want)
			}
			if _, err := a.PlanImport(t.Context(), table.TableName, nil, false); err != nil {
				t.Errorf("without transactions: %v", err)
			}
		}
	}
}

func TestChangesThatOthersHaveMadeMeanwhileAreNoFailure(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "memory")
			a := New(s, scalar.Config{})
			p, err := change.plan(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, a, p)
			want := definitions(t, s)
			apply(t, a, p)
			if diff := cmp.Diff(want, definitions(t, s), sameTable); diff != "" {
				t.Error(diff)
			}
		})
	}
}
