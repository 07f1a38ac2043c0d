package lab

import (
	"slices"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

var (
	onePhase  = commit.Options{OnePhase: true}
	writeSets = commit.Options{WriteSets: true}
)

// variants are the other ways to commit.
func variants(level commit.Isolation) []*Scenario {
	return []*Scenario{
		{Name: "one phase beside two", Exhaust: true, Records: present, Clients: []Actor{{Name: "A", Run: changeBoth(x, y, 10), Engine: &onePhase}, {Name: "B", Run: changeBoth(y, x, 100)}}, Faults: exhaustible, Reach: allCommit(2)},
		{Name: "one phase beside two, and every fault", Records: present, Clients: []Actor{{Name: "A", Run: changeBoth(x, y, 10), Engine: &onePhase}, {Name: "B", Run: changeBoth(y, x, 100)}}, Faults: usual, Reach: allCommit(2)},
		{Name: "one phase beside one phase, skew", Records: present, Clients: two(readOneWriteOther(x, y, 10), readOneWriteOther(y, x, 100)), Engine: onePhase, Faults: usual, Reach: permitted(level, "write skew")},
		{Name: "one phase, delete and insert", Records: present, Clients: two(remove1(x), insert1(x, 20)), Engine: onePhase, Faults: usual, Reach: allCommit(2)},
		{Name: "one phase over what is prepared", Records: present, Clients: []Actor{{Name: "A", Run: change(x, 10), Engine: &onePhase}, {Name: "B", Run: remove1(x)}}, Faults: usual, Reach: allCommit(2)},
		{Name: "asynchronous beside a reader", Exhaust: true, Records: present, Clients: two(changeBoth(x, y, 10), look(x, y)), Engine: commit.Options{AsyncCommit: true}, Faults: usual, Reach: allCommit(2)},
		{Name: "asynchronous, two writers", Records: present, Clients: two(script(change(x, 10), change(x, 20)), change(x, 100)), Engine: commit.Options{AsyncCommit: true, AsyncRollback: true}, Faults: few, Reach: allCommit(3)},
		{Name: "waiting readers", Records: present, Engine: commit.Options{Wait: 100 * time.Millisecond}, Faults: few, Clients: three(change(x, 10), look(x), look(x)), Reach: allCommit(3)},
		{Name: "waiting writers", Records: present, Engine: commit.Options{Wait: 100 * time.Millisecond}, Faults: few, Clients: two(changeBoth(x, y, 10), changeBoth(y, x, 100)), Reach: allCommit(2)},
		{Name: "decisions of readers, too", Records: present, Engine: commit.Options{AlwaysDecide: true}, Faults: usual, Clients: two(changeBoth(x, y, 10), look(x, y)), Reach: allCommit(2)},
	}
}

// groups are group commits. The members share a process.
func groups() []*Scenario {
	delayed := usual
	delayed.Delays = 1
	timely := exhaustible
	timely.Delays, timely.Together = 1, 3
	slow := Faults{Crashes: 1, LostReplies: 1, Jumps: 1, Delays: 1, Together: 2}
	group := func(members ...func(c *Client)) []Actor {
		var all []Actor
		for i, run := range members {
			all = append(all, Actor{Name: string(rune('A' + i)), Process: "P", Run: run})
		}
		return all
	}
	of := func(capacity int) commit.Options {
		return commit.Options{GroupCommit: &commit.GroupCommit{Capacity: capacity, MaxWindow: time.Second}}
	}
	finishing := of(2)
	finishing.WriteSets = true
	other := Actor{Name: "F", Run: finish("Pgroup000000000000000001$A1")}
	reader := Actor{Name: "R", Run: look(x)}
	withReader := func(members []Actor) []Actor { return append(slices.Clip(members), reader) }
	return []*Scenario{
		{Name: "two members of a group", Exhaust: true, Records: present, Engine: of(2), Faults: timely, Clients: group(change(x, 10), change(y, 20)), Reach: allCommit(2)},
		{Name: "two members of a group, and every fault", Records: present, Engine: of(2), Faults: delayed, Clients: group(change(x, 10), change(y, 20)), Reach: allCommit(2)},
		{Name: "two members of a group, and a reader", Records: present, Engine: of(2), Faults: delayed, Clients: withReader(group(change(x, 10), change(y, 20))), Reach: allCommit(3)},
		{Name: "three members of a group", Records: append(present, Record{Key: z, V: 3}), Engine: of(3), Faults: slow, Clients: withReader(group(change(x, 10), change(y, 20), change(z, 30))), Reach: allCommit(4)},
		{Name: "members of a group in conflict", Records: present, Engine: of(2), Faults: delayed, Clients: group(change(x, 10), changeBoth(x, y, 20)), Reach: oneFails()},
		{Name: "groups of two processes", Records: present, Engine: of(2), Faults: slow, Reach: allCommit(3),
			Clients: append(group(change(x, 10), change(y, 20)), Actor{Name: "C", Process: "Q", Run: changeBoth(x, y, 100)})},
		{Name: "finish of a group by another process", Records: present, Engine: finishing, Faults: slow, Clients: append(group(change(x, 10), change(y, 20)), other), Reach: allCommit(2)},
		{Name: "finish of a group", Records: present, Engine: finishing, Faults: slow, Clients: withReader(group(script(change(x, 10), finishFirst), change(y, 20))), Reach: allCommit(3)},
	}
}

// together are requests that are made for several transactions of one process.
func together() []*Scenario {
	const p = "P"
	members := []Actor{{Name: "A", Process: p, Run: change(x, 10)}, {Name: "B", Process: p, Run: change(y, 20)}, {Name: "C", Process: p, Run: putBlindly(z, 30)}}
	three := append(slices.Clip(present), Record{Key: z, V: 3})
	again := []Actor{{Name: "A", Process: p, Run: change(x, 10)}, {Name: "B", Process: p, Run: script(change(y, 20), change(y, 21))}, {Name: "C", Run: look(x, y)}}
	slow := Faults{Crashes: 1, LostReplies: 1, LostRequests: 1, Jumps: 1, Together: 2}
	rows, records := commit.Options{MaxRequests: 1}, commit.Options{MaxRequests: 1, AsyncCommit: true, SingleDecisions: true}
	shared := func(n int) map[string]func(*Outcome) bool {
		reach := allCommit(n)
		reach["a request for two"] = func(o *Outcome) bool { return o.Shared }
		return reach
	}
	return []*Scenario{
		{Name: "decisions in one request", Records: three, Engine: rows, Faults: slow, Clients: members, Reach: shared(3), Within: 20_000},
		{Name: "decisions in one request, and a reader", Records: present, Engine: rows, Faults: slow, Clients: again, Reach: allCommit(4)},
		{Name: "records completed in one request", Records: three, Engine: records, Faults: slow, Clients: members, Reach: shared(3), Within: 20_000},
		{Name: "records completed in one request, and a reader", Records: present, Engine: records, Faults: slow, Clients: again, Reach: allCommit(4)},
	}
}

// branches are transactions of several processes under one id.
func branches() []*Scenario {
	apart := func(name string, run func(first, second string, n int) func(c *Client), n int) []Actor {
		other := name + "2"
		return []Actor{{Name: name, Run: run(name, other, n)}, {Name: other, Run: participant}}
	}
	beside := func(run func(first, second string, n int) func(c *Client), b func(c *Client)) []Actor {
		return append(apart("A", run, 10), Actor{Name: "B", Run: b})
	}
	return []*Scenario{
		{Name: "branches alone", Records: present, Faults: Faults{Crashes: 2, LostReplies: 1, LostRequests: 1, Errors: 1}, Clients: apart("A", changeApart, 10), Reach: allCommit(1)},
		{Name: "branches beside a reader", Records: present, Faults: usual, Clients: beside(changeApart, look(x, y)), Reach: allCommit(2)},
		{Name: "branches beside a writer", Records: present, Faults: usual, Clients: beside(changeApart, changeBoth(y, x, 100)), Reach: allCommit(2)},
		{Name: "branches in a skew", Records: append(present, Record{Key: z, V: 3}), Faults: few, Clients: beside(crossApart, readOneWriteOther(x, y, 100)), Reach: oneFails()},
		{Name: "branches beside branches", Records: present, Faults: few, Clients: append(apart("A", changeApart, 10), apart("B", changeApart, 100)...), Reach: oneFails()},
	}
}

// javas are those in which a client of ScalarDB reads and recovers what ours
// write.
func javas() []*Scenario {
	beside := func(run func(c *Client)) []Actor {
		return []Actor{{Name: "A", Run: run}, {Name: "J", Run: javaReads(x)}}
	}
	grouped := commit.Options{GroupCommit: &commit.GroupCommit{Capacity: 2, MaxWindow: time.Second}}
	return []*Scenario{
		{Name: "Java beside a commit", Records: present, Faults: usual, Clients: beside(changeBoth(x, y, 10)), Reach: allCommit(2)},
		{Name: "Java beside a delete", Records: present, Faults: usual, Clients: beside(remove1(x)), Reach: allCommit(2)},
		{Name: "Java beside an insert", Faults: usual, Clients: beside(insert1(x, 10)), Reach: allCommit(2)},
		{Name: "Java beside one phase", Records: present, Engine: onePhase, Faults: usual, Clients: beside(changeBoth(x, y, 10)), Reach: allCommit(2)},
		{Name: "Java beside an asynchronous commit", Records: present, Engine: commit.Options{AsyncCommit: true}, Faults: usual, Clients: beside(changeBoth(x, y, 10)), Reach: allCommit(2)},
		{Name: "Java beside a group", Records: present, Engine: grouped, Faults: usual, Reach: allCommit(3),
			Clients: []Actor{{Name: "A", Process: "P", Run: change(x, 10)}, {Name: "B", Process: "P", Run: change(y, 20)}, {Name: "J", Run: javaReads(x)}}},
		{Name: "Java beside a finish", Records: present, Engine: writeSets, Faults: usual, Clients: beside(script(change(x, 10), finishFirst)), Reach: allCommit(2)},
		{Name: "Java beside branches", Records: present, Faults: few, Reach: allCommit(2),
			Clients: []Actor{{Name: "A", Run: changeApart("A", "A2", 10)}, {Name: "A2", Run: participant}, {Name: "J", Run: javaReads(x)}}},
		{Name: "Java beside a record that was imported", Records: []Record{{Key: x, V: 1, Imported: true}}, Faults: usual, Clients: beside(change(x, 10)), Reach: allCommit(2)},
		{Name: "Java beside a blind write", Records: present, Faults: usual, Clients: beside(putBoth(x, y, 10)), Reach: allCommit(2)},
		{Name: "Java and another recoverer", Records: []Record{{Key: x, V: 5, Prepared: commit.Prepared, Expired: true, Before: pointer(1)}}, Faults: usual, Clients: beside(change(x, 10)), Reach: allCommit(2)},
	}
}
