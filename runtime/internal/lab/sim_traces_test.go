package lab

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

var simUpdate = flag.Bool("update", false, "rewrite the golden traces")

// simTrace is a run in which nothing is left to chance: it shows how the protocol
// goes.
type simTrace struct {
	file, heading string
	processes     []simProcessPlan
	clients       []simClientPlan
	fates         map[string]simChoice
	reaches       string // what must have come about
}

func (c *simTrace) plan() *simPlan {
	return &simPlan{
		storage: []memory.Option{memory.WithAtomicity(storage.AtomicRecord, 0)},
		records: map[Key]int{{0, 0}: 30, {1, 0}: 60}, processes: c.processes, clients: c.clients, fates: c.fates, chance: map[string]bool{},
	}
}

// one is a client of process number p that runs one transaction.
func one(name string, p int, think time.Duration, level commit.Isolation, ops ...simOp) simClientPlan {
	return simClientPlan{name: name, process: p, steps: []simStep{{id: name + "1", think: think, isolation: level, ops: ops}}}
}

func simGet(k Key) simOp        { return simOp{kind: get, key: k, when: -1} }
func simPut(k Key, v int) simOp { return simOp{kind: put, key: k, v: v, when: -1} }

func simTraces() []simTrace {
	a, b, c := Key{0, 0}, Key{1, 0}, Key{2, 0}
	plain := simProcessPlan{name: "P"}
	also := func(name string) simProcessPlan { return simProcessPlan{name: name} }
	after := func(fate simFate) simChoice { return simChoice{delay: simDelay, fate: fate, late: 20 * time.Second} }
	const ms = time.Millisecond
	transfer := []simOp{simGet(a), simGet(b), simPut(a, 90), simPut(b, 120)}
	return []simTrace{
		{
			file:      "two_phase_commit",
			heading:   "A transaction reads three records and writes two: it prepares both, repeats the read of the third, decides in one coordinator row, and lets the records follow.",
			processes: []simProcessPlan{plain},
			clients:   []simClientPlan{one("A", 0, 0, commit.Serializable, simGet(a), simGet(b), simGet(c), simPut(a, 90), simPut(b, 120))},
			reaches:   "committed",
		},
		{
			file:      "conflict",
			heading:   "Two transactions read a record and write it: the second one to prepare finds another version than it has read, decides that it is aborted, and takes back what it has prepared.",
			processes: []simProcessPlan{plain, also("Q")},
			clients:   []simClientPlan{one("A", 0, 0, commit.Snapshot, transfer...), one("B", 1, ms/2, commit.Snapshot, simGet(a), simGet(c), simPut(c, 150), simPut(a, 151))},
			reaches:   "failed",
		},
		{
			file:      "crash_after_the_decision",
			heading:   "A process crashes when its transaction is decided and no record follows yet: whoever meets a record looks the decision up and rolls it forward.",
			processes: []simProcessPlan{plain, also("Q")},
			clients:   []simClientPlan{one("A", 0, 0, commit.Snapshot, transfer...), one("B", 1, 100*ms, commit.Snapshot, simGet(a), simGet(b))},
			fates:     map[string]simChoice{"A1 decide COMMITTED of A1": after(simCrashAfter)},
			reaches:   "roll forward by others",
		},
		{
			file:      "crash_before_the_decision",
			heading:   "A process crashes while its decision is on its way: after 15 seconds a reader decides instead that the transaction is aborted, and rolls it back; the late decision finds the row taken.",
			processes: []simProcessPlan{plain, also("Q")},
			clients:   []simClientPlan{one("A", 0, 0, commit.Snapshot, transfer...), one("B", 1, 16*time.Second, commit.Snapshot, simGet(a), simGet(b))},
			fates:     map[string]simChoice{"A1 decide COMMITTED of A1": after(simCrash)},
			reaches:   "abort by others",
		},
		{
			file:      "two_recoverers",
			heading:   "Two readers meet a record that a crashed process has left: both may decide and both may roll back, since each write says what it expects, and the second one finds the work done.",
			processes: []simProcessPlan{plain, also("Q"), also("R")},
			clients: []simClientPlan{
				one("A", 0, 0, commit.Snapshot, transfer...),
				one("B", 1, 16*time.Second, commit.Snapshot, simGet(a)), one("C", 2, 16*time.Second+ms/2, commit.Snapshot, simGet(a), simPut(a, 151)),
			},
			fates:   map[string]simChoice{"A1 decide COMMITTED of A1": after(simCrash)},
			reaches: "roll back by others",
		},
		{
			file:      "blind_writes",
			heading:   "A transaction writes two records without a look: of the one that is there the storage keeps the version before by itself; the other one is not there, so it is looked at and prepared once more.",
			processes: []simProcessPlan{plain},
			clients:   []simClientPlan{one("A", 0, 0, commit.Snapshot, simPut(a, 90), simPut(c, 150))},
			reaches:   "committed",
		},
		{
			file:      "one_phase",
			heading:   "A transaction whose records the storage writes at one moment needs no decision: one request writes them as committed, if they are what has been read.",
			processes: []simProcessPlan{{name: "P", engine: commit.Options{OnePhase: true}}},
			clients:   []simClientPlan{one("A", 0, 0, commit.Snapshot, simGet(a), simPut(a, 90))},
			reaches:   "one phase",
		},
		{
			file:      "group_commit",
			heading:   "Transactions of one process share a decision; a member that is slow to prepare does not hold the others up: the group goes without it, and it decides in a row of its own.",
			processes: []simProcessPlan{{name: "P", engine: commit.Options{GroupCommit: &commit.GroupCommit{Capacity: 3}}}, also("Q")},
			clients: []simClientPlan{
				one("A", 0, 0, commit.Snapshot, simGet(a), simPut(a, 90)), one("B", 0, ms/4, commit.Snapshot, simGet(b), simPut(b, 120)),
				one("C", 0, ms/2, commit.Snapshot, simGet(c), simPut(c, 150)), one("D", 1, 70*ms, commit.Snapshot, simGet(a), simGet(c)),
			},
			fates:   map[string]simChoice{"C1 prepare 2/0": {delay: 60 * ms}},
			reaches: "delayed member",
		},
		{
			file:      "finish",
			heading:   "With its write set in the coordinator row, a decided transaction can be finished by somebody who has met none of its records: he completes them, and removes the row.",
			processes: []simProcessPlan{{name: "P", engine: commit.Options{WriteSets: true}}, also("Q")},
			clients: []simClientPlan{
				one("A", 0, 0, commit.Snapshot, transfer...),
				{name: "O", process: 1, steps: []simStep{{id: "O1", think: 100 * ms, deed: finishOther, other: "A1"}}},
			},
			fates:   map[string]simChoice{"A1 decide COMMITTED of A1": after(simCrashAfter)},
			reaches: "finished",
		},
		{
			file:      "finish_beside_a_slow_reader",
			heading:   "A reader is so slow to look a decision up that the transaction has been committed, completed and finished meanwhile, and an ABORTED row come in its place: it believes that row only if the record is still prepared.",
			processes: []simProcessPlan{{name: "P", engine: commit.Options{WriteSets: true}}, also("Q"), also("R")},
			clients: []simClientPlan{
				one("A", 0, 0, commit.Snapshot, simGet(a), simPut(a, 90)), one("B", 1, 4*ms, commit.Snapshot, simGet(a)),
				{name: "O", process: 2, steps: []simStep{{id: "O1", think: 10 * ms, deed: finishOther, other: "A1"}, {id: "O2", think: 10 * ms, deed: abortOther, other: "A1"}}},
			},
			fates:   map[string]simChoice{"A1 roll forward 0/0": {delay: 20 * ms}, "B1 look up decision of A1": {delay: time.Second}},
			reaches: "aborted after it was finished",
		},
	}
}

// The traces are documentation that cannot be wrong. -update rewrites them.
func TestTraces(t *testing.T) {
	t.Parallel()
	for _, c := range simTraces() {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			s := c.plan().run(t, nil)
			if s.problem != "" {
				t.Fatal(s.report())
			}
			if s.net.ledger.reached[c.reaches] == 0 {
				t.Errorf("it does not come to: %s, but to %v", c.reaches, s.net.ledger.reached)
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%s\n\n%s\n", c.heading, s.plan)
			for _, tx := range s.txs {
				fmt.Fprintf(&b, "%s\n", tx)
			}
			fmt.Fprintf(&b, "\n%s", s.traceText())
			file := filepath.Join("testdata", "traces", c.file+".txt")
			if *simUpdate {
				must(os.MkdirAll(filepath.Dir(file), 0o755))
				must(os.WriteFile(file, []byte(b.String()), 0o644))
			}
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; write it with -update", err)
			}
			if diff := cmp.Diff(string(golden), b.String()); diff != "" {
				t.Errorf("%s differs (-golden +now); refresh it with -update if that is meant:\n%s", file, diff)
			}
		})
	}
}
