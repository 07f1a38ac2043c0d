package scalarotel_test

import (
	"context"
	"fmt"
	"log"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/runtime/scalarotel"
)

func Example() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter() // or any other exporter
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	defer tracers.Shutdown(ctx)

	observer, err := scalarotel.New(scalarotel.WithTracerProvider(tracers))
	if err != nil {
		log.Fatal(err)
	}

	// A DB tells the observer of a transaction that cannot prepare its two
	// records, because somebody else has written one of them.
	conflict := &scalar.Error{Kind: scalar.ErrConflict, TxID: "tx-1"}
	ctx, endTransaction := observer.Begin(ctx, observe.Event{Phase: observe.Transaction, TxID: "tx-1", Isolation: scalar.Snapshot.String()})
	_, endPrepare := observer.Begin(ctx, observe.Event{Phase: observe.Prepare, TxID: "tx-1", Size: 2})
	endPrepare(conflict)
	endTransaction(conflict)

	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name, span.Status.Code)
		for _, a := range span.Attributes {
			fmt.Printf("  %s = %s\n", a.Key, a.Value)
		}
	}
	// Output:
	// prepare Unset
	//   db.system.name = scalardb
	//   db.operation.name = prepare
	//   scalardb.transaction.id = tx-1
	//   db.operation.batch.size = 2
	//   scalardb.phase.outcome = conflict
	// transaction Unset
	//   db.system.name = scalardb
	//   db.operation.name = transaction
	//   scalardb.transaction.id = tx-1
	//   scalardb.transaction.isolation = SNAPSHOT
	//   scalardb.transaction.read_only = false
	//   scalardb.transaction.outcome = conflict
}
