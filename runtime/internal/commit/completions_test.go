package commit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// finishing reports the requests that complete records, as the keys in each.
func finishing(requests *[]string, around aroundFunc) aroundFunc {
	var mu sync.Mutex
	return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if phase(c) != "finish" {
			return send(ctx)
		}
		var keys []string
		for _, m := range c.Mutations {
			keys = append(keys, fmt.Sprint(m.Key[0].Int64()))
		}
		mu.Lock()
		*requests = append(*requests, strings.Join(keys, " "))
		mu.Unlock()
		if around != nil {
			return around(ctx, c, send)
		}
		return send(ctx)
	}
}

// Records of asynchronous commits that arrive while all requests are under way
// become one request, unless the database cannot take them as one.
func TestRecordsOfSeveralCommitsAreCompletedTogether(t *testing.T) {
	t.Parallel()
	failing := func(class error) aroundFunc {
		return func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if len(c.Mutations) > 2 {
				return &storage.Error{Op: "mutate", Class: class}
			}
			return send(ctx)
		}
	}
	// Somebody who met the record of transaction 1 has completed it already.
	overtaken := func(w *world) { w.item(1, 1, "later", "v", 9) }
	for _, tt := range []struct {
		name      string
		options   []memory.Option
		configure func(*Options)
		around    aroundFunc
		before    func(w *world)
		requests  string
		left      int // records that are still prepared
	}{
		{name: "as one request", requests: "0 1 2 3 4 10 11 12 13 14"},
		{name: "by themselves if that is wanted", configure: func(o *Options) { o.SeparateRecords = true }, requests: "0 10, 1 11, 2 12, 3 13, 4 14"},
		{name: "by themselves in a synchronous commit", configure: func(o *Options) { o.AsyncCommit = false }, requests: "0 10, 1 11, 2 12, 3 13, 4 14"},
		{name: "by themselves where groups cost by their size", options: []memory.Option{memory.WithAtomicity(storage.AtomicStorage, 100)}, requests: "0 10, 1 11, 2 12, 3 13, 4 14"},
		{name: "by themselves where units are small", options: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 0)}, requests: "0, 1, 10, 11, 12, 13, 14, 2, 3, 4"},
		{name: "one is completed already", before: overtaken, requests: "0 1 2 3 4 10 11 12 13 14, 0 10, 1, 1 11, 11, 2 12, 3 13, 4 14"},
		{name: "the database gives way", around: failing(storage.ErrConflict), requests: "0 1 2 3 4 10 11 12 13 14, 0 10, 1 11, 2 12, 3 13, 4 14"},
		{name: "the request is lost", around: failing(storage.ErrUnknown), requests: "0 1 2 3 4 10 11 12 13 14", left: 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tt.options...)
				var requests []string
				e := w.engine(finishing(&requests, tt.around), func(o *Options) { o.AsyncCommit = true }, func(o *Options) {
					if tt.configure != nil {
						tt.configure(o)
					}
				})
				g := e.completions.at(e.storage.Info(itemName.Namespace))
				if g != nil {
					g.requests = e.options.MaxRequests
				}
				var txs []*Tx
				for i := range 5 {
					tx := begin(t, e, Snapshot)
					ok(t, insert(t.Context(), tx, item(t, e, i, 1), i))
					ok(t, insert(t.Context(), tx, item(t, e, 10+i, 1), i))
					txs = append(txs, tx)
				}
				for _, tx := range txs {
					ok(t, tx.Commit(t.Context()))
					synctest.Wait() // records stand in line in this order
				}
				if tt.before != nil {
					tt.before(w)
				}
				if g != nil {
					g.passOn()
				}
				synctest.Wait()
				slices.SortFunc(requests, func(a, b string) int { return cmp.Or(cmp.Compare(len(b)/10, len(a)/10), cmp.Compare(a, b)) }) // some were sent at once
				want(t, "requests", strings.Join(requests, ", "), tt.requests)
				left := 0
				for i := range 5 {
					for _, p := range []int{i, 10 + i} {
						if strings.Contains(w.storedItem(p, 1), "tx_state=1") {
							left++
						}
					}
				}
				want(t, "records left prepared", fmt.Sprint(left), fmt.Sprint(tt.left))
				if g != nil {
					g.requests--
				}
				ok(t, e.Close(t.Context()))
			})
		})
	}
}

// A request that gathers records of several transactions is no caller's: it goes
// on when the commit that sends it is cut off.
func TestGatheredRecordsSurviveTheirSender(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if phase(c) == "finish" {
				time.Sleep(time.Second)
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
			return send(ctx)
		})
		g := e.completions.at(e.storage.Info(itemName.Namespace))
		g.requests = e.options.MaxRequests
		group := func(p int) []storage.Mutation {
			table, err := e.Table(t.Context(), itemName)
			ok(t, err)
			key := []storage.Value{intValue(p), intValue(1)}
			w.write(itemName, key, "v", 1, "tx_id", "tx", "tx_state", Prepared, "tx_version", 1, "tx_prepared_at", 1)
			return []storage.Mutation{table.commitMutation(key, "tx", Prepared, 5, false)}
		}
		first, second := make(chan error, 1), make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		one, two := group(1), group(2)
		go func() { first <- e.complete(ctx, one, true) }()
		synctest.Wait()
		go func() { second <- e.complete(t.Context(), two, true) }()
		synctest.Wait()
		g.passOn()
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
	})
}
