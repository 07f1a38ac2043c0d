package groupcommit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkClosedLoop has clients that begin, work, commit, and start over.
// Writing a group takes 1 ms. The work, 1 to 3 ms, stands for the reads and
// prepares between begin and commit; without any, transactions do not overlap.
func BenchmarkClosedLoop(b *testing.B) {
	for _, work := range []time.Duration{0, 2 * time.Millisecond} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("work=%v/clients=%d", work, clients), func(b *testing.B) {
				closedLoop(b, clients, work)
			})
		}
	}
}

func closedLoop(b *testing.B, clients int, work time.Duration) {
	var groups, members, waited, begun atomic.Int64
	c := New(Options{}, func(_ context.Context, _ string, _ bool, m []Member[int]) (int64, error) {
		groups.Add(1)
		members.Add(int64(len(m)))
		time.Sleep(time.Millisecond)
		return 1, nil
	})
	b.ReportAllocs()
	done := make(chan struct{})
	b.ResetTimer()
	for range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				n := begun.Add(1)
				if n > int64(b.N) {
					return
				}
				id, err := c.Reserve(strconv.FormatInt(n, 10))
				if err != nil {
					b.Error(err)
					return
				}
				if work > 0 {
					time.Sleep(work/2 + rand.N(work))
				}
				start := time.Now()
				if _, err := c.Commit(b.Context(), id, 0); err != nil {
					b.Error(err)
					return
				}
				waited.Add(int64(time.Since(start)))
			}
		}()
	}
	for range clients {
		<-done
	}
	b.ReportMetric(float64(members.Load())/float64(groups.Load()), "members/group")
	b.ReportMetric(float64(waited.Load())/float64(b.N)/1e6, "ms/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkSlot is what the committer itself costs a transaction.
func BenchmarkSlot(b *testing.B) {
	emit := func(context.Context, string, bool, []Member[int]) (int64, error) { return 1, nil }
	b.Run("reserve and remove", func(b *testing.B) {
		c := New(Options{}, emit)
		b.ReportAllocs()
		for b.Loop() {
			id, _ := c.Reserve("a")
			c.Remove(id)
		}
	})
	b.Run("reserve and commit alone", func(b *testing.B) {
		c := New(Options{}, emit)
		b.ReportAllocs()
		for b.Loop() {
			id, _ := c.Reserve("a")
			c.Commit(b.Context(), id, 0)
		}
	})
}
