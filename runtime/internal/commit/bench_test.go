package commit

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// The benchmarks come in pairs: a transaction, and the same storage calls made
// by hand with everything prepared in advance. The difference is the engine.

const benchRecords = 1000

func benchWorld(b *testing.B) (*world, *Engine) {
	b.Helper()
	w := newWorld(b)
	for p := range benchRecords {
		w.item(p, 1, "t0", "v", p, "w", "some text", "cat", p%10)
	}
	next := 0
	e := w.engine(nil, func(o *Options) {
		o.NewID = func() string {
			next++
			return "bench-" + strconv.Itoa(next)
		}
	})
	return w, e
}

func BenchmarkGet(b *testing.B) {
	w, e := benchWorld(b)
	ctx := context.Background()
	refs := make([]Ref, benchRecords)
	for p := range refs {
		refs[p] = item(b, e, p, 1)
	}
	b.Run("transaction", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			tx, err := e.Begin(BeginOptions{ReadOnly: true})
			ok(b, err)
			_, err = tx.Get(ctx, refs[i%benchRecords])
			ok(b, err)
			ok(b, tx.Commit(ctx))
			i++
		}
	})
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			ref := refs[i%benchRecords]
			_, err := w.store.Get(ctx, []storage.Get{{Table: ref.Table.meta, Key: ref.Key}})
			ok(b, err)
			i++
		}
	})
}

func BenchmarkUpdate(b *testing.B) { benchmarkWrites(b, 1) }

func BenchmarkTwoRecords(b *testing.B) { benchmarkWrites(b, 2) }

// benchmarkWrites reads and updates n records in one transaction.
func benchmarkWrites(b *testing.B, n int) {
	w, e := benchWorld(b)
	ctx := context.Background()
	refs := make([]Ref, benchRecords+n)
	for p := range refs {
		refs[p] = item(b, e, p%benchRecords, 1)
	}
	changes := set(refs[0].Table, "v", 7)
	b.Run("transaction", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			tx, err := e.Begin(BeginOptions{})
			ok(b, err)
			at := i % benchRecords
			_, err = tx.Get(ctx, refs[at:at+n]...)
			ok(b, err)
			for _, ref := range refs[at : at+n] {
				ok(b, tx.Update(ctx, ref, changes, nil))
			}
			ok(b, tx.Commit(ctx))
			i++
		}
	})
	b.Run("by hand", func(b *testing.B) {
		state, err := w.store.Table(ctx, stateName)
		ok(b, err)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			at := i % benchRecords
			gets := make([]storage.Get, n)
			for j, ref := range refs[at : at+n] {
				gets[j] = storage.Get{Table: ref.Table.meta, Key: ref.Key}
			}
			rows, err := w.store.Get(ctx, gets)
			ok(b, err)
			id := "hand-" + strconv.Itoa(b.N) + "-" + strconv.Itoa(i)
			prepare, finish := make([]storage.Mutation, n), make([]storage.Mutation, n)
			for j, ref := range refs[at : at+n] {
				r := &record{table: ref.Table, key: ref.Key, read: true, prev: rows[j], op: putWrite, columns: changes.Columns, values: changes.Values}
				prepare[j] = r.prepareMutation(&arena{}, id, 1)
				finish[j] = ref.Table.commitMutation(ref.Key, id, Prepared, 2, true)
			}
			ok(b, w.store.Mutate(ctx, prepare))
			ok(b, w.store.Mutate(ctx, []storage.Mutation{{
				Table: state, Op: storage.Put, Key: []storage.Value{storage.TextValue(id)}, Condition: storage.IfNotExists,
				Columns: []int{1, 2}, Values: []storage.Value{intValue(3), storage.BigIntValue(2)},
			}}))
			ok(b, w.store.Mutate(ctx, finish))
			i++
		}
	})
}

func BenchmarkScan(b *testing.B) {
	w := newWorld(b, memory.WithPageSize(100))
	for c := range 100 {
		w.item(1, c, "t0", "v", c)
	}
	e := w.engine(nil)
	ctx := context.Background()
	scan := partition(e.must(b, itemName), 1)
	for _, isolation := range isolations {
		b.Run(isolation.String()+" of 100 records", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tx, err := e.Begin(BeginOptions{Isolation: isolation, ReadOnly: true})
				ok(b, err)
				ok(b, drain(ctx, tx, scan))
				ok(b, tx.Commit(ctx))
			}
		})
	}
}

// shards is one storage in memory per goroutine of a benchmark, so that what does
// not grow with the cores is the engine and not the lock of a storage.
type shards struct{ *memory.Storage }

type shardKey struct{}

func (s shards) of(ctx context.Context) *memory.Storage {
	return ctx.Value(shardKey{}).(*memory.Storage)
}

func (s shards) Info(namespace string) storage.Info {
	info := s.Storage.Info(namespace)
	info.Batch = false // a batch has rows of many shards
	return info
}

func (s shards) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	return s.of(ctx).Get(ctx, gets)
}

func (s shards) Mutate(ctx context.Context, group []storage.Mutation) error {
	return s.of(ctx).Mutate(ctx, group)
}

// BenchmarkConcurrent updates records, each goroutine its own. What the engine
// costs should be shared by the cores.
func BenchmarkConcurrent(b *testing.B) {
	for _, goroutines := range []int{1, 2, 8, 64} {
		b.Run(fmt.Sprintf("%d goroutines", goroutines), func(b *testing.B) {
			base := newWorld(b)
			e := New(shards{base.store}, Options{MetadataTTL: -1})
			changes := set(e.must(b, itemName), "v", 7)
			var left atomic.Int64
			left.Store(int64(b.N))
			var wait sync.WaitGroup
			contexts := make([]context.Context, goroutines)
			for i := range contexts {
				w := newWorld(b)
				w.item(1, 1, "t0", "v", 1)
				contexts[i] = context.WithValue(context.Background(), shardKey{}, w.store)
			}
			ref := item(b, e, 1, 1)
			b.ResetTimer()
			for _, ctx := range contexts {
				wait.Go(func() {
					for left.Add(-1) >= 0 {
						tx, err := e.Begin(BeginOptions{})
						ok(b, err)
						ok(b, tx.Update(ctx, ref, changes, nil))
						ok(b, tx.Commit(ctx))
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}

// BenchmarkScanMemory prints what a scan keeps of each row until the end of its
// transaction, beside the page that it reads.
func BenchmarkScanMemory(b *testing.B) {
	const rows = 20_000
	w := newWorld(b, memory.WithPageSize(100))
	for c := range rows {
		w.item(1, c, "t0", "v", c, "w", "some text")
	}
	e := w.engine(nil)
	ctx := context.Background()
	scan := partition(e.must(b, itemName), 1)
	for _, isolation := range isolations {
		for _, readOnly := range []bool{true, false} {
			b.Run(fmt.Sprintf("%v readOnly=%v", isolation, readOnly), func(b *testing.B) {
				var kept uint64
				for b.Loop() {
					tx, err := e.Begin(BeginOptions{Isolation: isolation, ReadOnly: readOnly})
					ok(b, err)
					before := heap()
					ok(b, drain(ctx, tx, scan))
					kept += heap() - min(before, heap())
					tx.Rollback()
				}
				b.ReportMetric(float64(kept)/float64(b.N)/rows, "B/row")
			})
		}
	}
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
