package storage

import "context"

type dryRunKey struct{}

// WithDryRun returns a context under which the methods of [Admin] change
// nothing: they read what they need and hand each statement that they would
// execute to show, one at a time. What a statement would have changed is not
// there for those that follow it, as the table for its index: they are shown as
// if it were. A storage without statements of its own shows nothing.
func WithDryRun(ctx context.Context, show func(statement string)) context.Context {
	return context.WithValue(ctx, dryRunKey{}, show)
}

// DryRun returns what takes the statements of a dry run, nil if ctx is of no
// such run.
func DryRun(ctx context.Context) func(statement string) {
	show, _ := ctx.Value(dryRunKey{}).(func(string))
	return show
}
