package scalarotel

import (
	"context"
	"sync"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/scalargen/scalargen/runtime/observe"
)

var prepare = observe.Event{Phase: observe.Prepare, TxID: "tx-1", Size: 2}

func noopObserver(t testing.TB) observe.Observer {
	t.Helper()
	o, err := New(WithTracerProvider(tracenoop.NewTracerProvider()), WithMeterProvider(metricnoop.NewMeterProvider()))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// With providers that do nothing, what is left is the context of the tracer and
// the function that Begin returns.
func TestAllocationsWithProvidersThatDoNothing(t *testing.T) {
	o, ctx := noopObserver(t), t.Context()
	got := testing.AllocsPerRun(100, func() {
		_, end := o.Begin(ctx, prepare)
		end(nil)
	})
	if got > 2 {
		t.Errorf("%v allocations for each piece of work, want 2 at most", got)
	}
}

func BenchmarkPhase(b *testing.B) {
	for _, bench := range []struct {
		name string
		new  func() (observe.Observer, error)
	}{
		{"nothing listens", func() (observe.Observer, error) { return noopObserver(b), nil }},
		{"metrics", func() (observe.Observer, error) {
			return New(WithTracerProvider(tracenoop.NewTracerProvider()),
				WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))
		}},
		{"metrics and unsampled spans", func() (observe.Observer, error) {
			return New(WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))),
				WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))
		}},
		{"metrics and spans", func() (observe.Observer, error) {
			return New(WithTracerProvider(sdktrace.NewTracerProvider()),
				WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))))
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			o, err := bench.new()
			if err != nil {
				b.Fatal(err)
			}
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				_, end := o.Begin(ctx, prepare)
				end(nil)
			}
		})
	}
}

func TestCacheBuildsOnceForEachKey(t *testing.T) {
	t.Parallel()
	var c cache[int, int]
	var mu sync.Mutex
	built := map[int]int{}
	square := func(k int) int {
		mu.Lock()
		defer mu.Unlock()
		built[k]++
		return k * k
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for k := range 100 {
				if got := c.get(k, square); got != k*k {
					t.Errorf("get(%d) = %d", k, got)
				}
			}
		})
	}
	all.Wait()
	for k, n := range built {
		if n != 1 {
			t.Errorf("%d was built %d times", k, n)
		}
	}
}

// An observer serves all goroutines of a program; the race detector looks on.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for p := range phases {
				r.run(context.Background(), observe.Event{Phase: p, TxID: "tx-1", Table: orders, Size: 2}, clashing)
			}
		})
	}
	all.Wait()
	if got := len(r.spans.GetSpans()); got != 8*int(observe.Group+1) {
		t.Errorf("%d spans", got)
	}
}
