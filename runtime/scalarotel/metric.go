package scalarotel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// instruments are what is measured. The duration counts everything that ended;
// the counters are there for what a dashboard wants without its buckets.
type instruments struct {
	duration   metric.Float64Histogram
	retries    metric.Int64Counter
	conflicts  metric.Int64Counter
	waits      metric.Int64Counter
	recoveries metric.Int64Counter
	groupSize  metric.Int64Histogram
	durations  cache[series, []metric.RecordOption]
}

// series is what the attributes of a duration depend on.
type series struct {
	operation
	isolation string // for transactions
	ending
}

func newInstruments(m metric.Meter) (*instruments, error) {
	// The buckets are those of the convention.
	duration, err := dbconv.NewClientOperationDuration(m,
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10))
	errs := []error{err}
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	i := &instruments{
		duration: duration.Inst(),
		retries: counter("scalardb.transaction.retries", "{retry}",
			"Attempts that followed a conflict, made by Transact."),
		conflicts: counter("scalardb.transaction.conflicts", "{conflict}",
			"Transactions that ended because another one got in the way, each attempt by itself."),
		waits: counter("scalardb.record.waits", "{wait}",
			"Waits for a record that another transaction had prepared."),
		recoveries: counter("scalardb.record.recoveries", "{recovery}",
			"Recoveries of records that another transaction had left prepared."),
	}
	i.groupSize, err = m.Int64Histogram("scalardb.group.size", metric.WithUnit("{transaction}"),
		metric.WithDescription("Transactions decided by one write of coordinator rows."),
		metric.WithExplicitBucketBoundaries(1, 2, 4, 8, 16, 32, 64, 128))
	return i, errors.Join(append(errs, err)...)
}

// measure records what has ended; table is that of its error.
func (i *instruments) measure(ctx context.Context, e observe.Event, end ending, table storage.TableName, took time.Duration) {
	if i.duration.Enabled(ctx) {
		s := series{operation: operation{e.Phase, e.Table}, ending: end}
		if isTransaction(e.Phase) {
			s.isolation = e.Isolation
		}
		i.duration.Record(ctx, took.Seconds(), i.durations.get(s, newSeries)...)
	}
	switch e.Phase {
	case observe.Transaction:
		if end.outcome == conflict {
			add(ctx, i.conflicts, append(tableAttributes(table), isolation.String(e.Isolation)))
		}
	case observe.Retry:
		if end.outcome == committed { // an interrupted pause is followed by nothing
			add(ctx, i.retries, nil)
		}
	case observe.Wait:
		add(ctx, i.waits, append(tableAttributes(e.Table), outcomeAttributes(e.Phase, end)...))
	case observe.Recover:
		add(ctx, i.recoveries, append(tableAttributes(e.Table), outcomeAttributes(e.Phase, end)...))
	case observe.Group:
		if i.groupSize.Enabled(ctx) {
			i.groupSize.Record(ctx, int64(e.Size), metric.WithAttributes(system))
		}
	}
}

// newSeries returns the attributes of a duration.
func newSeries(s series) []metric.RecordOption {
	attributes := append(s.operation.attributes(), outcomeAttributes(s.phase, s.ending)...)
	if isTransaction(s.phase) {
		attributes = append(attributes, isolation.String(s.isolation))
	}
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}

// add counts something that is rare beside transactions.
func add(ctx context.Context, c metric.Int64Counter, attributes []attribute.KeyValue) {
	if c.Enabled(ctx) {
		c.Add(ctx, 1, metric.WithAttributes(append(attributes, system)...))
	}
}
