package commit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
	"github.com/scalargen/scalargen/storage/memory"
)

// twoStorages makes the namespaces of one storage pass for two databases.
type twoStorages struct{ storage.Storage }

func (s twoStorages) Info(namespace string) storage.Info {
	info := s.Storage.Info(namespace)
	info.Name = "with " + namespace
	info.Batch = false
	return info
}

// stores are the shapes of the databases that the engine distinguishes.
var stores = []struct {
	name    string
	options []memory.Option
	two     bool
}{
	{name: "one unit"}, // SQL
	{name: "per partition", options: []memory.Option{memory.WithAtomicity(storage.AtomicPartition, 0)}}, // Cassandra, Cosmos DB
	{name: "100 items", options: []memory.Option{memory.WithAtomicity(storage.AtomicStorage, 100)}},     // DynamoDB
	{name: "two databases", two: true},
}

// criticalPath returns how many requests follow each other while a transaction
// runs: every request takes a second of a clock that only waits.
func criticalPath(t *testing.T, options []memory.Option, two bool, configure func(*Options), run func(ctx context.Context, t *testing.T, e *Engine)) int {
	t.Helper()
	var trips int
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options...)
		w.now.Store(0)
		for p := range 300 {
			w.item(p, 1, "t0", "v", 1, "cat", 1)
		}
		for _, id := range []string{"a", "b"} {
			w.committed(acctName, []storage.Value{storage.TextValue(id)}, "t0", "bal", 100)
		}
		var s storage.Storage = faulty.Wrap(w.store, aroundFunc(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
			if c.Op != faulty.Table {
				time.Sleep(time.Second)
			}
			return send(ctx)
		}).script)
		if two {
			s = twoStorages{s}
		}
		o := Options{MetadataTTL: -1}
		configure(&o)
		e := New(s, o)
		begun := time.Now()
		run(t.Context(), t, e)
		trips = int(time.Since(begun) / time.Second)
		ok(t, e.Close(t.Context()))
	})
	return trips
}

// dependentReads are those that each case below makes one after the other.
const dependentReads = 2

// readThen reads two items one after the other, and then does more.
func readThen(isolation Isolation, more func(ctx context.Context, t *testing.T, e *Engine, tx *Tx)) func(ctx context.Context, t *testing.T, e *Engine) {
	return func(ctx context.Context, t *testing.T, e *Engine) {
		tx := begin(t, e, isolation)
		get(t, tx, item(t, e, 1, 1))
		get(t, tx, item(t, e, 2, 1))
		if more != nil {
			more(ctx, t, e, tx)
		}
		ok(t, tx.Commit(ctx))
	}
}

func writeBoth(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
	ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
	ok(t, update(ctx, tx, item(t, e, 2, 1), 2))
}

func writeOne(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
	ok(t, update(ctx, tx, item(t, e, 1, 1), 2))
}

// writeTwoTables writes one of the items read and an account, in another
// database where there are two.
func writeTwoTables(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
	writeOne(ctx, t, e, tx)
	ref := acct(t, e, "new")
	ok(t, tx.Insert(ctx, ref, set(ref.Table, "bal", 1)))
}

func writeMany(ctx context.Context, t *testing.T, e *Engine, tx *Tx) {
	refs := make([]Ref, 250)
	for p := range refs {
		refs[p] = item(t, e, p+10, 1)
		ok(t, tx.Insert(ctx, item(t, e, p+1000, 1), set(refs[p].Table, "v", 1)))
	}
}

// Requests on the critical path, against the number of dependent reads R. Run it
// with -v to see the table.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	plain := func(*Options) {}
	async := func(o *Options) { o.AsyncCommit = true }
	apart := func(o *Options) { o.AsyncCommit, o.SeparateValidation = true, true }
	cases := []struct {
		name      string
		configure func(*Options)
		run       func(ctx context.Context, t *testing.T, e *Engine)
		want      [4]int // beyond the reads, by store
	}{
		{"read-only, SNAPSHOT", plain, readThen(Snapshot, nil), [4]int{0, 0, 0, 0}},
		{"read-only, SERIALIZABLE", plain, readThen(Serializable, nil), [4]int{1, 1, 1, 1}},
		{"write one, one phase, SNAPSHOT", onePhase, readThen(Snapshot, writeOne), [4]int{1, 1, 1, 1}},
		{"write both, one phase, SNAPSHOT", onePhase, readThen(Snapshot, writeBoth), [4]int{1, 3, 1, 1}},
		{"write one of both, one phase, SERIALIZABLE", onePhase, readThen(Serializable, writeOne), [4]int{1, 4, 1, 1}},
		{"write both, two phases, SNAPSHOT", plain, readThen(Snapshot, writeBoth), [4]int{3, 3, 3, 3}},
		{"write both, asynchronous, SNAPSHOT", async, readThen(Snapshot, writeBoth), [4]int{2, 2, 2, 2}},
		{"write both, asynchronous, SERIALIZABLE", async, readThen(Serializable, writeBoth), [4]int{2, 2, 2, 2}},
		{"write one of both, asynchronous, SERIALIZABLE", async, readThen(Serializable, writeOne), [4]int{2, 3, 2, 2}},
		{"the same, validated apart", apart, readThen(Serializable, writeOne), [4]int{3, 3, 3, 3}},
		{"write two tables, asynchronous, SNAPSHOT", async, readThen(Snapshot, writeTwoTables), [4]int{2, 2, 2, 2}},
		{"write two tables, asynchronous, SERIALIZABLE", async, readThen(Serializable, writeTwoTables), [4]int{2, 3, 2, 3}},
		{"write two tables, one phase, SNAPSHOT", onePhase, readThen(Snapshot, writeTwoTables), [4]int{1, 3, 1, 3}},
		{"insert 250 records, asynchronous, SNAPSHOT", async, readThen(Snapshot, writeMany), [4]int{2, 3, 2, 2}}, // 250 partitions, 128 at a time
	}
	var page strings.Builder
	table := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nrequests on the critical path")
	for _, s := range stores {
		fmt.Fprint(table, "\t", s.name)
	}
	for _, tt := range cases {
		var got [4]int
		for i, s := range stores {
			got[i] = criticalPath(t, s.options, s.two, tt.configure, tt.run) - dependentReads
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		fmt.Fprint(table, "\n", tt.name)
		for _, n := range got {
			fmt.Fprint(table, "\tR+", n)
		}
	}
	table.Flush()
	t.Log(strings.ReplaceAll(page.String(), "R+0", "R"))
}

// Reads that do not depend on each other are one request, and so are reads of a
// transaction that run concurrently, in time.
func TestIndependentReadsTakeOneRoundTrip(t *testing.T) {
	t.Parallel()
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			together := criticalPath(t, s.options, s.two, func(*Options) {}, func(ctx context.Context, t *testing.T, e *Engine) {
				tx := begin(t, e, Snapshot)
				_, err := tx.Get(ctx, item(t, e, 1, 1), item(t, e, 2, 1), acct(t, e, "a"))
				ok(t, err)
				ok(t, tx.Commit(ctx))
			})
			concurrently := criticalPath(t, s.options, s.two, func(*Options) {}, func(ctx context.Context, t *testing.T, e *Engine) {
				tx := begin(t, e, Snapshot)
				var wait sync.WaitGroup
				for p := range 5 {
					ref := item(t, e, p, 1)
					wait.Go(func() { get(t, tx, ref) })
				}
				wait.Wait()
				ok(t, tx.Commit(ctx))
			})
			if together != 1 || concurrently != 1 {
				t.Errorf("%d and %d requests follow each other, want 1 and 1", together, concurrently)
			}
		})
	}
}

// Coordinator rows of transactions that are decided at the same time share a
// request where the storage can, and none waits for more to come.
func TestDecisionsShareRequests(t *testing.T) {
	t.Parallel()
	const clients = 40
	for _, batches := range []bool{true, false} {
		t.Run(fmt.Sprintf("batches=%v", batches), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now.Store(0)
				var n counter
				e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
					if c.Op != faulty.Table {
						time.Sleep(time.Second)
					}
					return n.around(ctx, c, send)
				}, func(o *Options) { o.SingleDecisions = !batches })
				begun := time.Now()
				var wait sync.WaitGroup
				for p := range clients {
					ref := item(t, e, p, 1)
					wait.Go(func() {
						tx := begin(t, e, Snapshot)
						ok(t, insert(t.Context(), tx, ref, 1))
						ok(t, tx.Commit(t.Context()))
					})
				}
				wait.Wait()
				got := n.take()["decide"]
				if want := clients; !batches && got != want {
					t.Errorf("%d requests for %d decisions, want one each", got, clients)
				}
				// The first ones end at the same moment, and each may let another one lead.
				if batches && (got <= e.options.MaxRequests || got > 2*e.options.MaxRequests) {
					t.Errorf("%d requests for %d decisions at the same time, want %d alone and at most as many for the rest", got, clients, e.options.MaxRequests)
				}
				if took, most := time.Since(begun), 5*time.Second; took > most {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
