package commit

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// A rollback beside a commit wins or comes too late. Whatever the commit says is
// true: in no case is a decision written on records that nobody has prepared.
func TestRollbackBesideCommit(t *testing.T) {
	ctx := t.Context()
	for name, rollback := range map[string]func(*Tx){
		"Rollback": (*Tx).Rollback,
		"Expire":   func(tx *Tx) { tx.Expire("tested") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.engine(nil)
			won := 0
			for i := range 20_000 {
				tx := begin(t, e, Snapshot)
				ok(t, insert(ctx, tx, item(t, e, 1, i), 1))
				// The calls meet at another moment in each attempt.
				var arrived atomic.Int32
				meet := func(then int) {
					for arrived.Add(1); arrived.Load() < 2; {
						runtime.Gosched()
					}
					for range then {
						arrived.Load()
					}
				}
				var wait sync.WaitGroup
				wait.Go(func() {
					meet(i % 256)
					rollback(tx)
				})
				meet(0)
				told := tx.Commit(ctx)
				wait.Wait()
				if told != nil {
					won++
				}
				if there := w.storedItem(1, i) != "absent"; there != (told == nil) {
					t.Fatalf("attempt %d: commit says %v, the record is there: %v", i, told, there)
				}
			}
			t.Logf("%d of 20000 rolled back", won)
		})
	}
}
