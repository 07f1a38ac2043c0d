package commit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// A participant whose storage panicked while it decided does not know the outcome:
// a rollback that it then reports as done must be one.
func TestBranchAfterAPanic(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *Tx) error{
		"commit":   func(ctx context.Context, tx *Tx) error { return tx.Commit(ctx) },
		"rollback": func(ctx context.Context, tx *Tx) error { return tx.RollbackPrepared(ctx) },
	}
	for name, call := range calls {
		for _, f := range panics {
			t.Run(fmt.Sprintf("%s, %s", name, f.name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.now.Store(0)
					panicking := true
					second := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
						if phase(c) == "decide" && panicking {
							panicking = false
							return f.happen(ctx, c, send)
						}
						return send(ctx)
					})
					a, b := branches(t, w, w.engine(nil), second)
					if err := recovered(func() error { return call(t.Context(), b) }); !errors.Is(err, ErrUnknownStatus) {
						t.Fatalf("no panic: %v", err)
					}
					rollback := b.RollbackPrepared(t.Context())
					commit := a.Commit(t.Context())
					if rollback == nil && commit == nil {
						t.Errorf("the second participant has rolled the transaction back, and the first has committed it; decision: %s",
							w.stored(stateName, storage.TextValue("mine")))
					}
				})
			})
		}
	}
}
