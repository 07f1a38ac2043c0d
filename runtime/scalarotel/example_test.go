package scalarotel_test

import (
	"context"
	"fmt"
	"log"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
	"github.com/scalargen/scalargen/runtime/scalarotel"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// account and accounts stand for generated code.
type account struct {
	ID      string
	Balance int64
}

type accountKey struct{ ID string }

var accounts = handtable.Table[account, accountKey]{
	Table: scalar.Table{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "bank", Name: "accounts"},
		Columns:   []scalar.ColumnDef{{Name: "id", Type: scalar.TypeText}, {Name: "balance", Type: scalar.TypeBigInt}},
		Partition: []int{0},
	}},
	Codec: handtable.Codec[account, accountKey]{
		Key: func(k *accountKey, to []scalar.Value) { to[0] = scalar.TextValue(k.ID) },
		Encode: func(r *account, to []scalar.Value) {
			to[0], to[1] = scalar.TextValue(r.ID), scalar.BigIntValue(r.Balance)
		},
		Decode: func(from *scalar.Row, r *account) { r.ID, r.Balance = from.Text(0), from.BigInt(1) },
	},
}

// bank returns a storage with the table of accounts.
func bank(ctx context.Context) storage.Storage {
	s := memory.New()
	for _, table := range []*storage.Table{scalar.CoordinatorTable(""), scalar.TransactionTable(accounts.Def, false)} {
		if err := s.CreateNamespace(ctx, table.Namespace, nil); err != nil {
			log.Fatal(err)
		}
		if err := s.CreateTable(ctx, table, nil); err != nil {
			log.Fatal(err)
		}
	}
	return s
}

func Example() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter() // or any other exporter
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	defer tracers.Shutdown(ctx)

	observer, err := scalarotel.New(scalarotel.WithTracerProvider(tracers))
	if err != nil {
		log.Fatal(err)
	}
	db := scalar.New(bank(ctx), scalar.WithObserver(observer))
	defer db.Close(ctx)

	err = db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		if err := accounts.Insert(ctx, tx, account{"ann", 100}); err != nil {
			return err
		}
		return accounts.Insert(ctx, tx, account{"bob", 0})
	}, scalar.WithIsolation(scalar.Serializable))
	if err != nil {
		log.Fatal(err)
	}

	for _, span := range spans.GetSpans() { // in the order in which they ended
		fmt.Println(span.Name)
		for _, a := range span.Attributes {
			if a.Key != "scalardb.transaction.id" { // another one in each run
				fmt.Printf("  %s = %s\n", a.Key, a.Value)
			}
		}
	}
	// Output:
	// prepare
	//   db.system.name = scalardb
	//   db.operation.name = prepare
	//   db.operation.batch.size = 2
	// decide
	//   db.system.name = scalardb
	//   db.operation.name = decide
	// complete
	//   db.system.name = scalardb
	//   db.operation.name = complete
	//   db.operation.batch.size = 2
	// transaction
	//   db.system.name = scalardb
	//   db.operation.name = transaction
	//   scalardb.transaction.isolation = SERIALIZABLE
	//   scalardb.transaction.read_only = false
	//   scalardb.transaction.attempt = 1
	//   scalardb.transaction.outcome = committed
	// transact
	//   db.system.name = scalardb
	//   db.operation.name = transact
	//   scalardb.transaction.isolation = SERIALIZABLE
	//   scalardb.transaction.read_only = false
	//   scalardb.transaction.outcome = committed
}
