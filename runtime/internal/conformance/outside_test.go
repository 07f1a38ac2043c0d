package conformance

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// outside is a storage whose calls run in goroutines of their own. Those of a
// client may belong to a bubble of testing/synctest, where a driver cannot work:
// its connections outlive the bubble. While a client waits for one of these
// goroutines, the time of its bubble stands still, as if a request took none.
type outside struct {
	storage.Storage
	idle chan *worker
}

type worker struct {
	calls chan func()
	done  chan struct{}
}

func newOutside(s storage.Storage) *outside {
	const workers = 32
	o := &outside{s, make(chan *worker, workers)}
	for range workers {
		w := &worker{make(chan func()), make(chan struct{})}
		go func() {
			for call := range w.calls {
				call()
				w.done <- struct{}{}
			}
		}()
		o.idle <- w
	}
	return o
}

// do runs a call. The end of the client's context cannot cut it off, since that
// would tell the time of the bubble.
func (o *outside) do(ctx context.Context, call func(ctx context.Context)) {
	free := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		over, cancel := context.WithCancelCause(context.Background())
		cancel(ctx.Err())
		free = over
	}
	w := <-o.idle
	w.calls <- func() { call(free) }
	<-w.done
	o.idle <- w
}

func (o *outside) Table(ctx context.Context, name storage.TableName) (table *storage.Table, err error) {
	o.do(ctx, func(ctx context.Context) { table, err = o.Storage.Table(ctx, name) })
	return table, err
}

func (o *outside) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	o.do(ctx, func(ctx context.Context) { rows, err = o.Storage.Get(ctx, gets) })
	return rows, err
}

func (o *outside) Scan(ctx context.Context, scan *storage.Scan) (page *storage.Page, err error) {
	o.do(ctx, func(ctx context.Context) { page, err = o.Storage.Scan(ctx, scan) })
	return page, err
}

func (o *outside) Mutate(ctx context.Context, group []storage.Mutation) (err error) {
	o.do(ctx, func(ctx context.Context) { err = o.Storage.Mutate(ctx, group) })
	return err
}

func (o *outside) MutateBatch(ctx context.Context, groups [][]storage.Mutation) (errs []error) {
	o.do(ctx, func(ctx context.Context) { errs = o.Storage.(storage.Batcher).MutateBatch(ctx, groups) })
	return errs
}

// Close ends the goroutines too.
func (o *outside) Close() error {
	for range cap(o.idle) {
		close((<-o.idle).calls)
	}
	return o.Storage.Close()
}
