package scalar_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

const managerKey = "scalar.db.transaction_manager"

func TestConfigOfDatabaseTransactions(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": "consensus-commit", "JDBC": "jdbc", "jdbc": "jdbc", "single-crud-operation": "single-crud-operation"} {
		c, err := scalar.ParseConfig(storage.Properties{managerKey: value})
		if must(t, err); c.TransactionManager() != want || c.DatabaseTransactions != (want == "jdbc") {
			t.Errorf("%q: transaction manager %s, %+v", value, c.TransactionManager(), c)
		}
	}
}

// What only ScalarDB's own transactions have is refused at any other value than
// its default: what it promises would not be kept.
func TestConfigOfDatabaseTransactionsRefuses(t *testing.T) {
	t.Parallel()
	const cc = "scalar.db.consensus_commit."
	refused := storage.Properties{
		cc + "isolation_level": "SERIALIZABLE", cc + "async_commit.enabled": "true", cc + "one_phase_commit.enabled": "true",
		cc + "coordinator.group_commit.enabled": "true", cc + "coordinator.namespace": "c", cc + "parallel_commit.enabled": "false",
		"scalar.db.isolation_level": "READ_COMMITTED", "scalargen.uncommitted_wait_millis": "7", managerKey: "jdbc",
	}
	_, err := scalar.ParseConfig(refused)
	var all *scalar.ConfigError
	if !errors.As(err, &all) || len(all.Problems) != len(refused)-1 {
		t.Fatalf("%v, want a problem for each key but one", err)
	}
	for _, p := range all.Problems {
		if want := "has no meaning with the transaction manager jdbc: remove the line"; !strings.HasPrefix(p.Message, want) {
			t.Errorf("%s, want %s", p, want)
		}
		if level := strings.Contains(p.Message, "set scalar.db.jdbc.isolation_level"); level != strings.HasSuffix(p.Key, "isolation_level") {
			t.Errorf("%s", p)
		}
	}
	_, err = scalar.ParseConfig(storage.Properties{
		managerKey: "jdbc", cc + "isolation_level": "snapshot", cc + "async_commit.enabled": "FALSE", cc + "coordinator.namespace": "coordinator",
		"scalar.db.isolation_level": "SNAPSHOT", "scalargen.uncommitted_wait_millis": "200", "scalar.db.jdbc.isolation_level": "SERIALIZABLE",
	})
	must(t, err)
}

func TestOpenWithDatabaseTransactions(t *testing.T) {
	t.Parallel()
	properties := storage.Properties{
		managerKey: "jdbc", "scalar.db.storage": "jdbc", "scalar.db.jdbc.isolation_level": "SERIALIZABLE",
		"scalar.db.contact_points": "jdbc:sqlite:" + filepath.Join(t.TempDir(), "test.db"),
	}
	db, err := scalar.Open(t.Context(), properties)
	must(t, err)
	defer db.Close(context.Background())
	deploy(t, db.Storage(), orders.Def)
	must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error { return orders.Insert(ctx, tx, first) }))
	must(t, second(orders.Get(t.Context(), db, keyOfOrder(first))))
}

// opened is the last storage that was opened as without-transactions.
var opened *closeCounter

func init() {
	storage.Register("without-transactions", func(context.Context, storage.Properties) (storage.Storage, error) {
		opened = &closeCounter{Storage: withoutTransactions{memory.New()}}
		return opened, nil
	})
}

func TestOpenRefusesDatabaseTransactionsThatAreNotThere(t *testing.T) {
	t.Parallel()
	properties := storage.Properties{managerKey: "jdbc", "scalar.db.storage": "without-transactions"}
	_, err := scalar.Open(t.Context(), properties)
	wantError(t, err, scalar.ErrInvalid, "the storage has no transactions of its own", "use the transaction manager consensus-commit")
	if opened.closed != 1 {
		t.Errorf("the storage was closed %d times, want once", opened.closed)
	}
	properties["scalar.db.storage"] = "memory"
	_, err = scalar.Open(t.Context(), properties, scalar.OnePhaseCommit(true))
	wantError(t, err, scalar.ErrInvalid, "there is no OnePhaseCommit")
}
