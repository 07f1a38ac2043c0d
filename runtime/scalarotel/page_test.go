package scalarotel

import (
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/scalargen/scalargen/runtime/observe"
)

// docs/observability.md promises to list all spans, attributes and metrics.
func TestThePageListsEverything(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	wantName := func(kind, name string) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/observability.md does not have the %s %s", kind, name)
		}
	}
	r := newRecorder(t)
	for p := range phases {
		wantName("span", p.String())
		r.run(t.Context(), observe.Event{Phase: p, TxID: "tx-1", Table: orders, Size: 2, Attempt: 1}, nil)
	}
	for _, e := range endings {
		wantName("outcome", e.outcome)
		if e.errorType != "" {
			wantName("error type", e.errorType)
		}
		r.run(t.Context(), observe.Event{Phase: observe.Prepare}, e.class)
	}
	r.run(t.Context(), observe.Event{Phase: observe.Transaction}, clashing)
	for _, s := range r.spans.GetSpans() {
		for _, a := range s.Attributes {
			wantName("attribute", string(a.Key))
		}
	}
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		wantName("metric", m.Name)
	}
	if got := len(all.ScopeMetrics[0].Metrics); got != 6 {
		t.Errorf("%d metrics were recorded, want all 6", got)
	}
}
