package scalarotel

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// The attributes that the semantic conventions do not have.
const (
	transactionID       = attribute.Key("scalardb.transaction.id")
	transactionOutcome  = attribute.Key("scalardb.transaction.outcome")
	transactionReadOnly = attribute.Key("scalardb.transaction.read_only")
	transactionAttempt  = attribute.Key("scalardb.transaction.attempt")
	isolation           = attribute.Key("scalardb.transaction.isolation")
	phaseOutcome        = attribute.Key("scalardb.phase.outcome")
)

var system = semconv.DBSystemNameKey.String("scalardb")

// operation is what the name of a span and its first attributes depend on. As
// programs have a fixed set of tables, there are few of them.
type operation struct {
	phase observe.Phase
	table storage.TableName
}

// attributes are those that a sampler sees and metrics have too.
func (o operation) attributes() []attribute.KeyValue {
	return append([]attribute.KeyValue{system, semconv.DBOperationName(o.phase.String())}, tableAttributes(o.table)...)
}

func tableAttributes(t storage.TableName) []attribute.KeyValue {
	if t == (storage.TableName{}) {
		return nil
	}
	return []attribute.KeyValue{semconv.DBNamespace(t.Namespace), semconv.DBCollectionName(t.Name)}
}

// start is how the spans of an operation begin.
type start struct {
	name    string
	options []trace.SpanStartOption
}

func newStart(o operation) start {
	name := o.phase.String()
	if o.table.Name != "" {
		name += " " + o.table.Name
	}
	return start{name, []trace.SpanStartOption{trace.WithSpanKind(kindOf(o.phase)), trace.WithAttributes(o.attributes()...)}}
}

// kindOf returns client for the phases that are requests to the storage, and
// internal for those that consist of others or of waiting.
func kindOf(p observe.Phase) trace.SpanKind {
	switch p {
	case observe.Transact, observe.Transaction, observe.Retry, observe.Wait:
		return trace.SpanKindInternal
	default:
		return trace.SpanKindClient
	}
}

// isTransaction reports whether the phase is all of a transaction, and so knows
// its isolation level and its outcome.
func isTransaction(p observe.Phase) bool { return p == observe.Transact || p == observe.Transaction }

// eventAttributes are those of one span that are known when it starts.
func eventAttributes(e observe.Event) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 4)
	if e.TxID != "" {
		attributes = append(attributes, transactionID.String(e.TxID))
	}
	if isTransaction(e.Phase) {
		attributes = append(attributes, isolation.String(e.Isolation), transactionReadOnly.Bool(e.ReadOnly))
	}
	if e.Attempt > 0 {
		attributes = append(attributes, transactionAttempt.Int(e.Attempt))
	}
	if e.Size > 1 { // the convention wants it for real batches only
		attributes = append(attributes, semconv.DBOperationBatchSize(e.Size))
	}
	return attributes
}

// endAttributes are those of one span that are known when it ends, with the
// code and the table of its error.
func endAttributes(e observe.Event, end ending, code string, table storage.TableName) []attribute.KeyValue {
	attributes := outcomeAttributes(e.Phase, end)
	if code != "" {
		attributes = append(attributes, semconv.DBResponseStatusCode(code))
	}
	if e.Table == (storage.TableName{}) {
		attributes = append(attributes, tableAttributes(table)...)
	}
	return attributes
}

// outcomeAttributes say how a piece of work ended; that a part of a transaction
// went well goes without saying.
func outcomeAttributes(p observe.Phase, end ending) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 5)
	switch {
	case isTransaction(p):
		attributes = append(attributes, transactionOutcome.String(end.outcome))
	case end.outcome != committed:
		attributes = append(attributes, phaseOutcome.String(end.outcome))
	}
	if end.errorType != "" {
		attributes = append(attributes, semconv.ErrorTypeKey.String(end.errorType))
	}
	return attributes
}
