package lab

import (
	"slices"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// Catalogue returns the scenarios, each for SNAPSHOT and SERIALIZABLE, and some
// for READ_COMMITTED.
func Catalogue() []*Scenario {
	var all []*Scenario
	for _, level := range []commit.Isolation{commit.Snapshot, commit.Serializable} {
		all = append(all, at(level, slices.Concat(isolations(level), recoveries(), variants(level), groups(), together(), branches(), javas()))...)
	}
	return append(all, at(commit.ReadCommitted, committedReads())...)
}

func at(level commit.Isolation, scenarios []*Scenario) []*Scenario {
	for _, s := range scenarios {
		s.Isolation = level
	}
	return scenarios
}

// What goes wrong: usually everything, three times at most in one execution.
var (
	usual = Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Errors: 1, Jumps: 1, Together: 3}
	// exhaustible is for what a full run must come to the end of.
	exhaustible = Faults{Crashes: 1, LostReplies: 1, Jumps: 1}
	few         = Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Errors: 1, Jumps: 1, Together: 2}
)

// What executions must be found.
func allCommit(n int) map[string]func(*Outcome) bool {
	return map[string]func(*Outcome) bool{"all commit": func(o *Outcome) bool { return o.Committed() == n }}
}

func oneFails() map[string]func(*Outcome) bool {
	return map[string]func(*Outcome) bool{"one fails": func(o *Outcome) bool { return o.Committed() == len(o.Txs)-1 }}
}

// permitted is the anomaly of two transactions that both commit, which SNAPSHOT
// permits: there it must be found. Under SERIALIZABLE the oracle would object to
// it, so one of them must be found failing.
func permitted(level commit.Isolation, anomaly string) map[string]func(*Outcome) bool {
	if level == commit.Serializable {
		return oneFails()
	}
	return map[string]func(*Outcome) bool{anomaly: func(o *Outcome) bool { return o.Committed() == 2 }}
}

// readSkew is permitted for a reader of x and y beside one who adds 10 to both.
func readSkew(level commit.Isolation) map[string]func(*Outcome) bool {
	if level == commit.Serializable {
		return allCommit(2)
	}
	return map[string]func(*Outcome) bool{"read skew": func(o *Outcome) bool {
		reader := o.Txs[1]
		return reader.end == Committed && reader.ops[0].got.v == 1 && reader.ops[1].got.v == 12
	}}
}

var present = []Record{{Key: x, V: 1}, {Key: y, V: 2}}

// two are clients A and B.
func two(a, b func(c *Client)) []Actor { return []Actor{{Name: "A", Run: a}, {Name: "B", Run: b}} }

// three are clients A, B and C.
func three(a, b, c func(c *Client)) []Actor { return append(two(a, b), Actor{Name: "C", Run: c}) }

var (
	partition  = ScanOf{Partition: pointer(1)}
	everything = ScanOf{}
	byCategory = ScanOf{Category: pointer(category)}
)

// isolations are the anomalies that isolation levels are about.
func isolations(level commit.Isolation) []*Scenario {
	indexed := []Record{{Key: x, V: 1, Cat: category}}
	return []*Scenario{
		{Name: "lost update", Exhaust: true, Records: present, Clients: two(change(x, 10), change(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "two records each", Exhaust: true, Records: present, Clients: two(changeBoth(x, y, 10), changeBoth(y, x, 100)), Faults: exhaustible, Reach: allCommit(2)},
		{Name: "two records each, and every fault", Records: present, Clients: two(changeBoth(x, y, 10), changeBoth(y, x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "write skew", Exhaust: true, Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: exhaustible, Reach: permitted(level, "write skew")},
		{Name: "write skew, validated apart", Exhaust: true, Records: present, Engine: commit.Options{SeparateValidation: true}, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: exhaustible, Reach: permitted(level, "write skew")},
		{Name: "write skew, validated apart and not", Records: present, Clients: []Actor{{Name: "A", Run: readOneWriteOther(x, y, 10), Engine: &commit.Options{SeparateValidation: true}}, {Name: "B", Run: readOneWriteOther(y, x, 100)}}, Faults: few, Reach: permitted(level, "write skew")},
		{Name: "write skew, in small units", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: few, Reach: permitted(level, "write skew"),
			Storage: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 1)}},
		{Name: "write skew, and every fault", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: usual, Reach: permitted(level, "write skew")},
		{Name: "write skew on nothing", Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Faults: few, Reach: permitted(level, "write skew")},
		{Name: "write skew seen by a reader", Records: present, Clients: three(readBothWriteOne(x, 10), change(y, 100), lookOnly(x, y)), Faults: few, Reach: allCommit(3)},
		{Name: "write skew in a ring", Records: append(present, Record{Key: z, V: 3}), Clients: three(readOneWriteOther(x, y, 10), readOneWriteOther(y, z, 100), readOneWriteOther(z, x, 1000)), Faults: few, Reach: oneFails()},
		{Name: "read skew", Records: present, Clients: two(changeBoth(x, y, 10), look(x, y)), Faults: usual, Reach: readSkew(level)},
		{Name: "read skew, read-only", Records: present, Clients: two(changeBoth(x, y, 10), lookOnly(x, y)), Faults: usual, Reach: readSkew(level)},
		{Name: "phantoms by range", Records: present, Clients: two(scanThenPut(partition, Key{1, 3}, 30, 0), scanThenPut(partition, Key{1, 4}, 40, 0)), Faults: few, Reach: permitted(level, "phantoms")},
		{Name: "phantoms by index", Records: indexed, Clients: two(scanThenPut(byCategory, y, 20, category), scanThenPut(byCategory, z, 30, category)), Faults: few, Reach: permitted(level, "phantoms")},
		{Name: "phantoms in a table", Records: present, Clients: two(scanThenPut(everything, Key{1, 3}, 30, 0), scanThenPut(everything, z, 40, 0)), Faults: few, Reach: permitted(level, "phantoms")},
		{Name: "phantoms, read-only", Records: present, Clients: two(script(insert1(Key{1, 3}, 30), insert1(Key{1, 4}, 40)), scanOnly(partition, everything)), Faults: few, Reach: allCommit(3)},
		{Name: "moved off an index", Records: indexed, Clients: two(scanThenPut(byCategory, y, 20, 0), scanThenPut(byCategory, x, 30, 0)), Faults: few, Reach: allCommit(2)},
		{Name: "lost update of what is scanned", Records: present, Clients: two(scanThenChange(partition, 10), change(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "insert, insert", Exhaust: true, Clients: two(insert1(x, 10), insert1(x, 20)), Faults: usual, Reach: oneFails()},
		{Name: "delete, insert", Records: present, Clients: two(remove1(x), insert1(x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "delete of nothing", Clients: two(remove1(x), insert1(x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "blind writes", Records: present, Clients: two(putBlindly(x, 10), putBlindly(x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "blind writes of two records", Clients: two(putBoth(x, y, 10), putBoth(y, x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "blind writes, one phase", Records: present, Engine: onePhase, Clients: two(putBoth(x, y, 10), putBoth(y, x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "blind writes, apart", Records: present, Clients: two(putBoth(x, y, 10), putBoth(y, x, 20)), Faults: few, Reach: allCommit(2),
			Storage: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 1)}},
		{Name: "blind writes of what is read first", Records: present, Engine: commit.Options{PreReads: true}, Clients: two(putBoth(x, y, 10), putBoth(y, x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "blind write beside a delete", Records: present, Clients: two(putBlindly(x, 10), remove1(x)), Faults: usual, Reach: allCommit(2)},
		{Name: "imported, written blindly", Records: []Record{{Key: x, V: 1, Imported: true}}, Clients: two(putBlindly(x, 10), putBlindly(x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "imported", Records: []Record{{Key: x, V: 1, Imported: true}}, Clients: two(change(x, 10), change(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "imported, deleted", Records: []Record{{Key: x, V: 1, Imported: true}}, Clients: two(remove1(x), look(x)), Faults: usual, Reach: allCommit(2)},
		{Name: "scan over own writes", Records: present, Faults: few, Clients: two(func(c *Client) {
			c.Transact(func(tx *Tx) bool {
				tx.Put(Key{1, 3}, 30)
				tx.Delete(x)
				tx.Scan(ScanOf{Partition: pointer(1), Limit: 2})
				return true
			})
		}, putBlindly(y, 20)), Reach: allCommit(2)},
	}
}

// committedReads are those of READ_COMMITTED, which loses no update either.
func committedReads() []*Scenario {
	unrepeatable := map[string]func(*Outcome) bool{"a read that does not repeat": func(o *Outcome) bool {
		reader := o.Txs[1]
		return reader.end == Committed && !same(reader.ops[0].got, reader.ops[1].got)
	}}
	return []*Scenario{
		{Name: "lost update", Records: present, Clients: two(change(x, 10), change(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "lost update after two reads", Records: present, Clients: two(change(x, 10), lookTwiceAndChange(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "lost update of what is scanned", Records: present, Clients: two(scanThenChange(partition, 10), change(x, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "lost update, one phase", Records: present, Engine: onePhase, Clients: two(changeBoth(x, y, 10), changeBoth(x, y, 100)), Faults: usual, Reach: allCommit(2)},
		{Name: "insert, insert", Clients: two(insert1(x, 10), insert1(x, 20)), Faults: usual, Reach: oneFails()},
		{Name: "delete, insert", Records: present, Clients: two(remove1(x), insert1(x, 20)), Faults: usual, Reach: allCommit(2)},
		{Name: "reads that do not repeat", Records: present, Clients: two(change(x, 10), look(x, x)), Faults: usual, Reach: unrepeatable},
		{Name: "reads that do not repeat, read-only", Records: present, Clients: two(change(x, 10), lookOnly(x, x)), Faults: usual, Reach: unrepeatable},
		{Name: "recoverers", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true, Before: pointer(1)}}, Clients: two(look(x), change(x, 10)), Faults: few, Reach: map[string]func(*Outcome) bool{
			"the reader commits": func(o *Outcome) bool { return o.Txs[0].end == Committed }}},
	}
}

// recoveries are those in which clients complete what others have left.
func recoveries() []*Scenario {
	return []*Scenario{
		{Name: "delete, recover", Exhaust: true, Records: present, Clients: two(remove1(x), look(x)), Faults: usual, Reach: allCommit(2)},
		{Name: "recover beside commit", Exhaust: true, Records: present, Clients: two(change(x, 10), look(x)), Faults: usual, Reach: allCommit(2)},
		{Name: "rollback while recovering", Records: present, Clients: three(changeBoth(x, y, 10), change(y, 100), look(x)), Faults: few, Reach: allCommit(3),
			Storage: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 1)}},
		{Name: "two recoverers", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true, Before: pointer(1)}}, Clients: two(look(x), change(x, 10)), Faults: usual, Reach: allCommit(2)},
		{Name: "two recoverers, committed", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Before: pointer(1), Decision: commit.Committed}}, Clients: two(change(x, 100), change(x, 10)), Faults: usual, Reach: allCommit(2)},
		{Name: "two recoverers, deleted", Records: []Record{{Key: x, V: 5, Prepared: commit.Deleted, Before: pointer(5), Decision: commit.Committed}}, Clients: two(look(x), insert1(x, 10)), Faults: usual, Reach: allCommit(2)},
		{Name: "two recoverers of an insert", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true}}, Clients: two(look(x), insert1(x, 10)), Faults: usual, Reach: allCommit(2)},
		{Name: "recovery of a recovery", Records: present, Clients: three(change(x, 10), look(x), look(x)), Faults: Faults{Crashes: 2, LostReplies: 1, LostRequests: 1, Jumps: 2, Together: 4}, Reach: allCommit(3)},
		{Name: "finish beside a slow reader", Records: present, Engine: writeSets, Faults: usual, Clients: two(script(change(x, 10), finishFirst), look(x)), Reach: allCommit(2)},
		{Name: "finish, and prepared again", Records: present, Engine: writeSets, Faults: few, Clients: three(script(change(x, 10), finishFirst), look(x), change(x, 100)), Reach: allCommit(3)},
		{Name: "finish by another process", Records: present, Engine: writeSets, Faults: usual, Clients: two(changeBoth(x, y, 10), finish("A1")), Reach: allCommit(1)},
		{Name: "finish by another process, and a writer", Records: present, Engine: writeSets, Faults: few, Clients: three(change(x, 10), finish("A1"), change(x, 100)), Reach: allCommit(2)},
		{Name: "finish of a delete", Records: present, Engine: writeSets, Faults: usual, Clients: two(script(remove1(x), finishFirst), look(x)), Reach: allCommit(2)},
		// What is lost may arrive after the cleanup: an operator has to wait that out.
		{Name: "cleanup beside a slow reader", Records: present, Faults: Faults{Crashes: 1, LostReplies: 1, Errors: 1, Jumps: 1, Together: 2},
			Clients: three(script(changeBoth(x, y, 10), cleanUp), look(x), change(y, 100)), Reach: allCommit(3)},
		{Name: "cleanup, and prepared again", Records: present, Faults: Faults{Crashes: 1, LostReplies: 1, Errors: 1, Jumps: 1, Together: 3},
			Clients: two(script(change(x, 10), cleanUp, change(x, 20)), change(x, 100)), Reach: allCommit(3)},
	}
}
