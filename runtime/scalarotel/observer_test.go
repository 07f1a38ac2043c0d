package scalarotel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// recorder is an observer whose spans and metrics stay in memory.
type recorder struct {
	observe.Observer
	t      *testing.T
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
}

func newRecorder(t *testing.T, options ...sdktrace.TracerProviderOption) *recorder {
	t.Helper()
	r := &recorder{t: t, spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	var err error
	r.Observer, err = New(
		WithTracerProvider(sdktrace.NewTracerProvider(append(options, sdktrace.WithSyncer(r.spans))...)),
		WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run is a piece of work without parts.
func (r *recorder) run(ctx context.Context, e observe.Event, err error) {
	_, end := r.Begin(ctx, e)
	end(err)
}

var (
	orders   = storage.TableName{Namespace: "shop", Name: "orders"}
	clashing = &scalar.Error{Kind: scalar.ErrUncommittedRecord, TxID: "tx-1", Code: "DB-CORE-20002", Table: orders,
		Key: "(customer_id=4711)", Message: "the record of 4711 is prepared", Err: errors.New("customer_id 4711")}
	broken = &scalar.Error{Kind: scalar.ErrStorage, TxID: "tx-2", Table: orders, Key: "(customer_id=4711)", Err: errors.New("4711 broke it")}
)

// transactWithRetry is a Transact of two attempts: the first waits for a record
// in vain, the second recovers one, prepares two, and leaves them prepared.
func transactWithRetry(r *recorder) {
	const level = "SERIALIZABLE"
	ctx, endAll := r.Begin(r.t.Context(), observe.Event{Phase: observe.Transact, Isolation: level})

	first, endFirst := r.Begin(ctx, observe.Event{Phase: observe.Transaction, TxID: "tx-1", Isolation: level, Attempt: 1})
	r.run(first, observe.Event{Phase: observe.Wait, TxID: "tx-1", Table: orders, Size: 1}, clashing)
	endFirst(clashing)
	r.run(ctx, observe.Event{Phase: observe.Retry, Attempt: 1}, nil)

	second, endSecond := r.Begin(ctx, observe.Event{Phase: observe.Transaction, TxID: "tx-2", Isolation: level, Attempt: 2})
	r.run(second, observe.Event{Phase: observe.Recover, TxID: "tx-2", Table: orders, Size: 1}, nil)
	r.run(second, observe.Event{Phase: observe.Prepare, TxID: "tx-2", Size: 2}, nil)
	decide, endDecide := r.Begin(second, observe.Event{Phase: observe.Decide, TxID: "tx-2"})
	r.run(decide, observe.Event{Phase: observe.Group, Size: 3}, nil)
	endDecide(nil)
	r.run(second, observe.Event{Phase: observe.Complete, TxID: "tx-2", Size: 2}, broken)
	endSecond(nil)
	endAll(nil)
}

func TestSpansOfATransactionWithARetry(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	transactWithRetry(r)
	want := `transact internal Unset db.operation.name=transact db.system.name=scalardb scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=committed scalardb.transaction.read_only=false
  transaction internal Unset db.collection.name=orders db.namespace=shop db.operation.name=transaction db.response.status_code=DB-CORE-20002 db.system.name=scalardb scalardb.transaction.attempt=1 scalardb.transaction.id=tx-1 scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=conflict scalardb.transaction.read_only=false
    wait orders internal Unset db.collection.name=orders db.namespace=shop db.operation.name=wait db.response.status_code=DB-CORE-20002 db.system.name=scalardb scalardb.phase.outcome=conflict scalardb.transaction.id=tx-1
  retry internal Unset db.operation.name=retry db.system.name=scalardb scalardb.transaction.attempt=1
  transaction internal Unset db.operation.name=transaction db.system.name=scalardb scalardb.transaction.attempt=2 scalardb.transaction.id=tx-2 scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=committed scalardb.transaction.read_only=false
    recover orders client Unset db.collection.name=orders db.namespace=shop db.operation.name=recover db.system.name=scalardb scalardb.transaction.id=tx-2
    prepare client Unset db.operation.batch.size=2 db.operation.name=prepare db.system.name=scalardb scalardb.transaction.id=tx-2
    decide client Unset db.operation.name=decide db.system.name=scalardb scalardb.transaction.id=tx-2
      group client Unset db.operation.batch.size=3 db.operation.name=group db.system.name=scalardb
    complete client Error: storage failure db.collection.name=orders db.namespace=shop db.operation.batch.size=2 db.operation.name=complete db.system.name=scalardb error.type=storage scalardb.phase.outcome=failed scalardb.transaction.id=tx-2
`
	if diff := cmp.Diff(want, r.tree()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, s := range r.spans.GetSpans() {
		if s.InstrumentationScope.SchemaURL != semconv.SchemaURL {
			t.Errorf("span %s has the schema %q, want that of the attributes", s.Name, s.InstrumentationScope.SchemaURL)
		}
	}
}

// tree prints the spans, each below its parent, in the order of their start.
func (r *recorder) tree() string {
	children := map[trace.SpanID][]tracetest.SpanStub{}
	for _, s := range r.spans.GetSpans() {
		children[s.Parent.SpanID()] = append(children[s.Parent.SpanID()], s)
	}
	var b strings.Builder
	var walk func(parent trace.SpanID, indent string)
	walk = func(parent trace.SpanID, indent string) {
		slices.SortStableFunc(children[parent], func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
		for _, s := range children[parent] {
			status := s.Status.Code.String()
			if s.Status.Description != "" {
				status += ": " + s.Status.Description
			}
			b.WriteString(indent + s.Name + " " + s.SpanKind.String() + " " + status + printed(s.Attributes) + "\n")
			walk(s.SpanContext.SpanID(), indent+"  ")
		}
	}
	walk(trace.SpanID{}, "")
	return b.String()
}

// printed prints attributes in the order of their names.
func printed(attributes []attribute.KeyValue) string {
	all := make([]string, len(attributes))
	for i, a := range attributes {
		all[i] = " " + string(a.Key) + "=" + a.Value.String()
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

func TestMetricsOfATransactionWithARetry(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	transactWithRetry(r)
	want := []string{
		"db.client.operation.duration {s} 1: db.collection.name=orders db.namespace=shop db.operation.name=recover db.system.name=scalardb",
		"db.client.operation.duration {s} 1: db.collection.name=orders db.namespace=shop db.operation.name=wait db.system.name=scalardb scalardb.phase.outcome=conflict",
		"db.client.operation.duration {s} 1: db.operation.name=complete db.system.name=scalardb error.type=storage scalardb.phase.outcome=failed",
		"db.client.operation.duration {s} 1: db.operation.name=decide db.system.name=scalardb",
		"db.client.operation.duration {s} 1: db.operation.name=group db.system.name=scalardb",
		"db.client.operation.duration {s} 1: db.operation.name=prepare db.system.name=scalardb",
		"db.client.operation.duration {s} 1: db.operation.name=retry db.system.name=scalardb",
		"db.client.operation.duration {s} 1: db.operation.name=transact db.system.name=scalardb scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=committed",
		"db.client.operation.duration {s} 1: db.operation.name=transaction db.system.name=scalardb scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=committed",
		"db.client.operation.duration {s} 1: db.operation.name=transaction db.system.name=scalardb scalardb.transaction.isolation=SERIALIZABLE scalardb.transaction.outcome=conflict",
		"scalardb.group.size {{transaction}} 3: db.system.name=scalardb",
		"scalardb.record.recoveries {{recovery}} 1: db.collection.name=orders db.namespace=shop db.system.name=scalardb",
		"scalardb.record.waits {{wait}} 1: db.collection.name=orders db.namespace=shop db.system.name=scalardb scalardb.phase.outcome=conflict",
		"scalardb.transaction.conflicts {{conflict}} 1: db.collection.name=orders db.namespace=shop db.system.name=scalardb scalardb.transaction.isolation=SERIALIZABLE",
		"scalardb.transaction.retries {{retry}} 1: db.system.name=scalardb",
	}
	if diff := cmp.Diff(want, r.metrics()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// metrics prints all points with their attributes, sorted: the value of a
// counter, how often a duration was measured, the sum of a size.
func (r *recorder) metrics() []string {
	r.t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(r.t.Context(), &all); err != nil {
		r.t.Fatal(err)
	}
	var lines []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			line := func(value int64, set attribute.Set) {
				lines = append(lines, m.Name+" {"+m.Unit+"} "+attribute.Int64Value(value).String()+":"+printed(set.ToSlice()))
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					line(p.Value, p.Attributes)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					line(p.Sum, p.Attributes)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					if want := []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}; !slices.Equal(p.Bounds, want) {
						r.t.Errorf("%s has the buckets %v, the convention wants %v", m.Name, p.Bounds, want)
					}
					line(int64(p.Count), p.Attributes)
				}
			default:
				r.t.Fatalf("%s is a %T", m.Name, data)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// The errors of transactWithRetry are full of 4711, a value of a key.
func TestNothingOfTheDataIsExported(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	transactWithRetry(r)
	for p := range phases {
		r.run(t.Context(), observe.Event{Phase: p}, clashing)
		r.run(t.Context(), observe.Event{Phase: p}, broken)
		r.run(t.Context(), observe.Event{Phase: p}, errors.New("4711"))
	}
	for _, s := range r.spans.GetSpans() {
		if len(s.Events) != 0 {
			t.Errorf("span %s has events: %v", s.Name, s.Events)
		}
	}
	if all := r.tree(); strings.Contains(all, "4711") {
		t.Errorf("a key is in the spans:\n%s", all)
	}
	all := strings.Join(r.metrics(), "\n")
	if strings.Contains(all, "4711") {
		t.Errorf("a key is in the metrics:\n%s", all)
	}
	if strings.Contains(all, "tx-") {
		t.Errorf("a transaction id is in the metrics:\n%s", all)
	}
}

func TestAnInterruptedPauseIsNoRetry(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.run(t.Context(), observe.Event{Phase: observe.Retry, Attempt: 1}, context.DeadlineExceeded)
	want := []string{"db.client.operation.duration {s} 1: db.operation.name=retry db.system.name=scalardb error.type=timeout scalardb.phase.outcome=failed"}
	if diff := cmp.Diff(want, r.metrics()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestASpanThatIsNotSampledIsMeasured(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	transactWithRetry(r)
	if spans := r.spans.GetSpans(); len(spans) != 0 {
		t.Errorf("%d spans were exported", len(spans))
	}
	if got := len(r.metrics()); got != 15 {
		t.Errorf("%d series were measured, want all 15", got)
	}
}

func TestTheTableOfTheWorkGoesBeforeThatOfTheError(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	coordinator := storage.TableName{Namespace: "coordinator", Name: "state"}
	r.run(t.Context(), observe.Event{Phase: observe.Recover, Table: orders}, &scalar.Error{Kind: scalar.ErrStorage, Table: coordinator})
	want := " db.collection.name=orders db.namespace=shop db.operation.name=recover db.system.name=scalardb error.type=storage scalardb.phase.outcome=failed"
	if got := printed(r.spans.GetSpans()[0].Attributes); got != want {
		t.Errorf("attributes%s\nwant%s", got, want)
	}
}

// A sampler decides by what a span starts with.
func TestASamplerSeesOperationAndTable(t *testing.T) {
	t.Parallel()
	sampler := &listening{}
	o, err := New(WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))))
	if err != nil {
		t.Fatal(err)
	}
	_, end := o.Begin(t.Context(), observe.Event{Phase: observe.Recover, Table: orders})
	end(nil)
	want := "recover orders client db.collection.name=orders db.namespace=shop db.operation.name=recover db.system.name=scalardb"
	if sampler.heard != want {
		t.Errorf("the sampler was asked about\n%s\nwant\n%s", sampler.heard, want)
	}
}

type listening struct{ heard string }

func (l *listening) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	l.heard = p.Name + " " + p.Kind.String() + printed(p.Attributes)
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}

func (l *listening) Description() string { return "listening" }

func TestStatusNamesTheClassOnly(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.run(t.Context(), observe.Event{Phase: observe.Decide, TxID: "tx-1"}, &scalar.Error{Kind: scalar.ErrUnknownStatus, Err: errors.New("password")})
	want := sdktrace.Status{Code: codes.Error, Description: "transaction status unknown"}
	if got := r.spans.GetSpans()[0].Status; got != want {
		t.Errorf("status %+v, want %+v", got, want)
	}
}
