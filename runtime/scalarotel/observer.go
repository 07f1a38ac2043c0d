// Package scalarotel shows the transactions of a scalar.DB to OpenTelemetry,
// as spans and metrics:
//
//	observer, err := scalarotel.New()
//	if err != nil {
//		return err
//	}
//	db := scalar.New(storage, scalar.WithObserver(observer))
//
// Names follow the semantic conventions for database clients. db.system.name is
// scalardb, whatever the storage is, so that the spans and durations of an
// instrumented driver, which appear below these, are not mixed with them. What
// the conventions do not name begins with scalardb. Transaction ids are on
// spans, never on metrics. Keys and values of records are on neither, nor is
// the text of errors, which may contain them.
//
// A conflict is no error: only where DB.Transact has given up is the
// span of the whole marked as failed. docs/observability.md lists all spans,
// attributes and metrics.
package scalarotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/scalargen/scalargen/runtime/observe"
)

// scope is the name of the tracer and of the meter.
const scope = "github.com/scalargen/scalargen/runtime/scalarotel"

// Option configures an observer.
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets where spans go; to the global provider if it is not
// given.
func WithTracerProvider(p trace.TracerProvider) Option { return func(o *options) { o.tracers = p } }

// WithMeterProvider sets where metrics go; to the global provider if it is not
// given.
func WithMeterProvider(p metric.MeterProvider) Option { return func(o *options) { o.meters = p } }

// New returns an observer for scalar.WithObserver. It fails if the meter
// provider refuses one of the instruments.
func New(opts ...Option) (observe.Observer, error) {
	o := options{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, set := range opts {
		set(&o)
	}
	instruments, err := newInstruments(o.meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)))
	if err != nil {
		return nil, err
	}
	return &observer{
		tracer:      o.tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		instruments: instruments,
	}, nil
}

type observer struct {
	tracer trace.Tracer
	starts cache[operation, start]
	*instruments
}

// Begin starts a span, and returns what ends it and measures it.
func (o *observer) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	s := o.starts.get(operation{e.Phase, e.Table}, newStart)
	spanned, span := o.tracer.Start(ctx, s.name, s.options...)
	if span.IsRecording() {
		span.SetAttributes(eventAttributes(e)...)
	}
	began := time.Now()
	return spanned, func(err error) {
		took := time.Since(began)
		end := endingOf(e.Phase, err)
		code, table := detailsOf(err)
		o.measure(spanned, e, end, table, took)
		if span.IsRecording() {
			span.SetAttributes(endAttributes(e, end, code, table)...)
			if end.errorType != "" {
				span.SetStatus(codes.Error, end.text)
			}
		}
		span.End()
	}
}
