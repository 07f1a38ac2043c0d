package lab

import (
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// The items of the scenarios: two of one partition, and one of another.
var (
	x = Key{1, 1}
	y = Key{1, 2}
	z = Key{2, 1}
)

// category is that of the items that scenarios with an index scan for.
const category = 7

// script is one transaction after the other.
func script(txs ...func(c *Client)) func(c *Client) {
	return func(c *Client) {
		for _, run := range txs {
			run(c)
		}
	}
}

// change adds n to an item that it reads.
func change(k Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(k)
			tx.Put(k, v+n)
			return true
		})
	}
}

// changeBoth adds n to two items that it reads.
func changeBoth(a, b Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(a)
			w, _ := tx.Get(b)
			tx.Put(a, v+n)
			tx.Put(b, w+n)
			return true
		})
	}
}

// readOneWriteOther reads an item and writes another one.
func readOneWriteOther(read, write Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(read)
			tx.Put(write, v+n)
			return true
		})
	}
}

// look reads items one after the other.
func look(keys ...Key) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			for _, k := range keys {
				tx.Get(k)
			}
			return true
		})
	}
}

// lookOnly is look in a read-only transaction.
func lookOnly(keys ...Key) func(c *Client) {
	return func(c *Client) {
		c.ReadOnly(func(tx *Tx) bool {
			for _, k := range keys {
				tx.Get(k)
			}
			return true
		})
	}
}

// scanThenPut scans and then writes an item in a category.
func scanThenPut(of ScanOf, k Key, v, cat int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			tx.Scan(of)
			tx.PutIn(k, v, cat)
			return true
		})
	}
}

func insert1(k Key, v int) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Insert(k, v); return true }) }
}

func putBlindly(k Key, v int) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Put(k, v); return true }) }
}

func remove1(k Key) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Delete(k); return true }) }
}

// finishFirst finishes the first transaction of the client, as an operator or a
// background job would.
func finishFirst(c *Client) {
	_, _ = c.site.engine.Finish(c.txs[0].ctx, c.txs[0].id)
}

func pointer[T any](v T) *T { return &v }

// What executions must be found.
var (
	allCommit = func(n int) map[string]func(*Outcome) bool {
		return map[string]func(*Outcome) bool{"all commit": func(o *Outcome) bool { return o.Committed() == n }}
	}
	oneFails = map[string]func(*Outcome) bool{"one fails": func(o *Outcome) bool { return o.Committed() == len(o.Txs)-1 }}
)

var present = []Record{{Key: x, V: 1}, {Key: y, V: 2}}

var onePhase = commit.Options{OnePhase: true}

// Catalogue returns the scenarios, each for SNAPSHOT and SERIALIZABLE.
func Catalogue() []*Scenario {
	var all []*Scenario
	for _, level := range []commit.Isolation{commit.Snapshot, commit.Serializable} {
		for _, s := range scenarios(level) {
			s.Isolation = level
			all = append(all, s)
		}
	}
	return all
}

func scenarios(level commit.Isolation) []*Scenario {
	// What SNAPSHOT permits and SERIALIZABLE does not must be found under the one;
	// under the other the oracle would object.
	skew := oneFails
	if level == commit.Snapshot {
		skew = allCommit(2)
	}
	faults := Faults{Crashes: 1, LostReplies: 1, Jumps: 1}
	partition, everything, byCategory := ScanOf{Partition: pointer(1)}, ScanOf{}, ScanOf{Category: pointer(category)}
	two := func(a, b func(c *Client)) []Actor { return []Actor{{Name: "A", Run: a}, {Name: "B", Run: b}} }
	return []*Scenario{
		{Name: "lost update", Records: present, Clients: two(change(x, 10), change(x, 100)), Faults: faults, Reach: allCommit(2)},
		{Name: "two records each", Records: present, Clients: two(changeBoth(x, y, 10), changeBoth(y, x, 100)), Faults: faults, Reach: allCommit(2)},
		{Name: "write skew", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: faults, Reach: skew},
		{Name: "write skew on nothing", Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: Faults{Crashes: 1, Jumps: 1}, Reach: skew},
		{Name: "read skew", Records: present, Clients: two(changeBoth(x, y, 10), look(x, y)), Faults: faults, Reach: allCommit(2)},
		{Name: "read skew, read-only", Records: present, Clients: two(changeBoth(x, y, 10), lookOnly(x, y)), Faults: faults, Reach: allCommit(2)},
		{Name: "phantoms by range", Records: present, Clients: two(scanThenPut(partition, Key{1, 3}, 30, 0), scanThenPut(partition, Key{1, 4}, 40, 0)), Faults: Faults{Crashes: 1}, Reach: skew},
		{Name: "phantoms by index", Records: []Record{{Key: x, V: 1, Cat: category}}, Clients: two(scanThenPut(byCategory, y, 20, category), scanThenPut(byCategory, z, 30, category)), Faults: Faults{Jumps: 1}, Reach: skew},
		{Name: "phantoms in a table", Records: present, Clients: two(scanThenPut(everything, Key{1, 3}, 30, 0), scanThenPut(everything, z, 40, 0)), Faults: Faults{Crashes: 1}, Reach: skew},
		{Name: "moved off an index", Records: []Record{{Key: x, V: 1, Cat: category}}, Clients: two(scanThenPut(byCategory, y, 20, 0), scanThenPut(byCategory, x, 30, 0)), Faults: Faults{Crashes: 1, Jumps: 1}, Reach: allCommit(2)},
		{Name: "insert, insert", Clients: two(insert1(x, 10), insert1(x, 20)), Faults: Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Jumps: 1}, Reach: oneFails},
		{Name: "delete, insert", Records: present, Clients: two(remove1(x), insert1(x, 20)), Faults: faults, Reach: allCommit(2)},
		{Name: "delete, recover", Records: present, Clients: two(remove1(x), look(x)), Faults: Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Jumps: 1}, Reach: allCommit(2)},
		{Name: "delete of nothing", Clients: two(remove1(x), insert1(x, 20)), Faults: faults, Reach: allCommit(2)},
		{Name: "blind writes", Records: present, Clients: two(putBlindly(x, 10), putBlindly(x, 20)), Faults: faults, Reach: allCommit(2)},
		{Name: "recover beside commit", Records: present, Clients: two(change(x, 10), look(x)), Faults: Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Errors: 1, Jumps: 1}, Reach: allCommit(2)},
		{Name: "rollback while recovering", Records: present, Clients: []Actor{{Name: "A", Run: changeBoth(x, y, 10)}, {Name: "B", Run: change(y, 100)}, {Name: "C", Run: look(x)}}, Faults: Faults{Jumps: 1}, Reach: allCommit(3),
			Storage: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 1)}},
		{Name: "two recoverers", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true, Before: pointer(1)}}, Clients: two(look(x), change(x, 10)), Faults: Faults{Crashes: 1, LostReplies: 1, LostRequests: 1}, Reach: allCommit(2)},
		{Name: "two recoverers, committed", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Before: pointer(1), Decision: commit.Committed}}, Clients: two(change(x, 100), change(x, 10)), Faults: Faults{Crashes: 1, LostReplies: 1}, Reach: allCommit(2)},
		{Name: "two recoverers, deleted", Records: []Record{{Key: x, V: 5, Prepared: commit.Deleted, Before: pointer(5), Decision: commit.Committed}}, Clients: two(look(x), insert1(x, 10)), Faults: Faults{Crashes: 1, LostReplies: 1}, Reach: allCommit(2)},
		{Name: "recovery of a recovery", Records: present, Clients: []Actor{{Name: "A", Run: change(x, 10)}, {Name: "B", Run: look(x)}, {Name: "C", Run: look(x)}}, Faults: Faults{Crashes: 2, Jumps: 2}, Reach: allCommit(3)},
		{Name: "one phase beside two", Records: present, Clients: []Actor{{Name: "A", Run: changeBoth(x, y, 10), Engine: &onePhase}, {Name: "B", Run: changeBoth(y, x, 100)}}, Faults: faults, Reach: allCommit(2)},
		{Name: "one phase beside one phase, skew", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Engine: onePhase, Faults: Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Errors: 1}, Reach: skew},
		{Name: "asynchronous beside a reader", Records: present, Clients: two(changeBoth(x, y, 10), look(x, y)), Engine: commit.Options{AsyncCommit: true}, Faults: faults, Reach: allCommit(2)},
		{Name: "asynchronous, two writers", Records: present, Clients: two(script(change(x, 10), change(x, 20)), change(x, 100)), Engine: commit.Options{AsyncCommit: true, AsyncRollback: true}, Faults: Faults{Crashes: 1, Jumps: 1}, Reach: allCommit(3)},
		{Name: "two members of a group", Records: present, Engine: commit.Options{GroupCommit: &commit.GroupCommit{MaxWindow: time.Second}}, Faults: Faults{Crashes: 1, LostReplies: 1, Jumps: 1},
			Clients: []Actor{{Name: "A", Process: "P", Run: change(x, 10)}, {Name: "B", Process: "P", Run: change(y, 20)}, {Name: "C", Run: look(x)}}, Reach: allCommit(3)},
		{Name: "members of a group in conflict", Records: present, Engine: commit.Options{GroupCommit: &commit.GroupCommit{MaxWindow: time.Second}}, Faults: Faults{Crashes: 1, LostReplies: 1},
			Clients: []Actor{{Name: "A", Process: "P", Run: change(x, 10)}, {Name: "B", Process: "P", Run: changeBoth(x, y, 20)}}, Reach: oneFails},
		{Name: "finish beside a slow reader", Records: present, Engine: commit.Options{WriteSets: true}, Faults: Faults{LostReplies: 1, Jumps: 1},
			Clients: []Actor{{Name: "A", Run: script(change(x, 10), finishFirst)}, {Name: "B", Run: look(x)}}, Reach: allCommit(2)},
		{Name: "finish, and prepared again", Records: present, Engine: commit.Options{WriteSets: true}, Faults: Faults{Jumps: 1},
			Clients: []Actor{{Name: "A", Run: script(change(x, 10), finishFirst)}, {Name: "B", Run: look(x)}, {Name: "C", Run: change(x, 100)}}, Reach: allCommit(3)},
		{Name: "imported", Records: []Record{{Key: x, V: 1, Imported: true}}, Clients: two(change(x, 10), change(x, 100)), Faults: faults, Reach: allCommit(2)},
		{Name: "scan over own writes", Records: present, Faults: Faults{Crashes: 1}, Clients: two(func(c *Client) {
			c.Transact(func(tx *Tx) bool {
				tx.Put(Key{1, 3}, 30)
				tx.Delete(x)
				tx.Scan(ScanOf{Partition: pointer(1), Limit: 2})
				return true
			})
		}, putBlindly(y, 20)), Reach: allCommit(2)},
		{Name: "waiting readers", Records: present, Engine: commit.Options{Wait: 100 * time.Millisecond}, Faults: Faults{Crashes: 1}, Clients: []Actor{{Name: "A", Run: change(x, 10)}, {Name: "B", Run: look(x)}, {Name: "C", Run: look(x)}}, Reach: allCommit(3)},
	}
}
