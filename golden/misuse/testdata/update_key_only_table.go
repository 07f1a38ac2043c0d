package misuse

import (
	"context"

	"github.com/scalargen/scalargen/golden/key_only/out/graph"
	scalar "github.com/scalargen/scalargen/runtime"
)

// A table of key columns has nothing to update.
func updateKeyOnlyTable(ctx context.Context, db *scalar.DB) {
	_ = graph.Tags.Update(ctx, db, graph.TagKey{Tag: "a"}) // ERROR "graph.Tags.Update undefined (type *graph.TagRepository has no field or method Update)"
}
