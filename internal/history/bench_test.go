package history

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"testing"
	"time"
)

// largeHistory is one of a strictly serializable store: each transaction takes
// effect at a moment while it runs.
type largeHistory struct {
	processes int // 20 if 0
	lists     bool
	deletes   bool
	scans     bool
	// One in 30 transactions fails, and one in 30 gets no answer; half of these
	// have happened.
	unanswered bool
}

// generate yields the events of a history of n transactions.
// Keys retire after 30 writes, as the format advises.
func (l largeHistory) generate(n int, seed uint64, yield func(Event)) {
	const active, perKey = 10, 30
	processes := cmp.Or(l.processes, 20)
	rng := rand.New(rand.NewPCG(seed, 2))
	type running struct {
		tx  string
		ops []Op
		at  int // when it takes effect, and when it ends
		end int
		// what became of it
		outcome Type
	}
	type held struct {
		key    string
		result Result
		writes int
	}
	keys := make([]*held, active)
	partition := 0
	fresh := func(i int) { keys[i] = &held{key: fmt.Sprintf("t/%06d/%02d", partition, i)} }
	for i := range keys {
		fresh(i)
	}
	clients, numbers := make([]running, processes), make([]int, processes)
	for i := range numbers {
		numbers[i] = i
	}
	value, begun, ended, now, unused := int64(0), 0, 0, int64(0), processes
	emit := func(t Type, process int, c *running) {
		now += 1 + rng.Int64N(1000)
		yield(Event{Index: now, Type: t, Process: process, Time: now, Tx: c.tx, Value: c.ops})
	}
	for step := 0; ended < n; step++ {
		i := rng.IntN(processes)
		c, p := &clients[i], numbers[i]
		switch {
		case c.tx == "" && begun == n:
		case c.tx == "":
			begun++
			*c = running{tx: fmt.Sprintf("tx-%d", step), ops: []Op{}, at: step + rng.IntN(3*processes), end: step + 3*processes}
			emit(Invoke, p, c)
		case step >= c.at && c.outcome == 0:
			lost := false
			c.outcome = Committed
			if pick := rng.IntN(60); pick < 4 && l.unanswered {
				c.outcome, lost = [...]Type{Failed, Failed, Unknown, Unknown}[pick], pick < 3
			}
			before := make([]Result, active)
			for i, k := range keys {
				before[i] = k.result
			}
			for range 2 + rng.IntN(4) {
				k := keys[min(rng.IntN(active), rng.IntN(active))]
				switch pick := rng.IntN(20); {
				case pick < 8:
					c.ops = append(c.ops, Get(k.key, k.result))
				case pick < 10 && l.scans:
					rows := []Row{}
					for _, k := range keys {
						if k.result.Kind != Absent {
							rows = append(rows, Row{k.key, k.result})
						}
					}
					c.ops = append(c.ops, Scan(Range{Prefix: fmt.Sprintf("t/%06d/", partition)}, rows))
				case pick < 11 && l.deletes:
					c.ops = append(c.ops, Delete(k.key))
					k.result = None
				default:
					value++
					if k.writes++; l.lists {
						c.ops = append(c.ops, Append(k.key, value))
						k.result = Numbers(append(k.result.List[:len(k.result.List):len(k.result.List)], value)...)
					} else {
						c.ops = append(c.ops, Get(k.key, k.result), Write(k.key, value))
						k.result = Number(value)
					}
				}
			}
			full := 0
			for i, k := range keys {
				if lost {
					k.result = before[i]
				}
				if k.writes >= perKey {
					full++
				}
			}
			if full > active/2 {
				partition++
				for i := range keys {
					fresh(i)
				}
			}
		case step >= c.end && c.outcome > 0:
			if c.outcome != Committed {
				c.ops = slices.DeleteFunc(c.ops, func(o Op) bool { return !o.Kind.IsWrite() })
			}
			emit(c.outcome, p, c)
			if c.outcome == Unknown {
				numbers[i] = unused
				unused++
			}
			*c = running{}
			ended++
		}
	}
}

// TestAdvisedHistoriesAreDecided checks histories as large as the format advises
// for registers that are deleted and inserted again.
func TestAdvisedHistoriesAreDecided(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		var events []Event
		largeHistory{processes: 10, deletes: true, scans: true, unanswered: true}.generate(5000, seed, func(e Event) {
			events = append(events, e)
		})
		h := build(t, events)
		for _, level := range []Level{Snapshot, Serializable, StrictSerializable} {
			if r := Check(h, Options{Level: level}); r.Verdict != OK {
				t.Errorf("seed %d: %s", seed, r)
			}
		}
	}
}

// BenchmarkCheck loads and checks a history of a million transactions, and
// reports the memory that the program has got from the system.
func BenchmarkCheck(b *testing.B) {
	const transactions = 1_000_000
	for _, c := range []struct {
		name string
		l    largeHistory
	}{
		{"lists", largeHistory{lists: true}},
		{"lists with scans and unknown outcomes", largeHistory{lists: true, scans: true, unanswered: true}},
		{"registers", largeHistory{}},
		{"registers with scans and unknown outcomes", largeHistory{scans: true, unanswered: true}},
		{"registers with deletes", largeHistory{deletes: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			debug.SetMemoryLimit(6 << 30)
			file, err := os.Create(filepath.Join(b.TempDir(), "run.jsonl"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			var line []byte
			buffered := bufio.NewWriter(file)
			c.l.generate(transactions, 1, func(e Event) {
				line = append(appendEvent(line[:0], &e), '\n')
				buffered.Write(line)
			})
			if err := buffered.Flush(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := file.Seek(0, io.SeekStart); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				h, err := Load(Source{"run.jsonl", file})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(start).Seconds(), "s-load")
				for _, level := range []Level{Snapshot, Serializable, StrictSerializable} {
					runtime.GC()
					start = time.Now()
					r := Check(h, Options{Level: level})
					b.ReportMetric(time.Since(start).Seconds(), "s-"+level.String())
					if r.Verdict != OK {
						b.Fatal(r)
					}
				}
			}
			b.ReportMetric(memory()/1e6, "MB-memory")
		})
	}
}

func memory() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}

// BenchmarkCheckSmall checks histories of the size that an explorer makes.
func BenchmarkCheckSmall(b *testing.B) {
	events := simulate(1, workload{clients: 3, transactions: 4, ops: 3, keys: 2, lists: true, scans: true})
	b.ReportAllocs()
	for b.Loop() {
		var builder Builder
		for _, e := range events {
			if err := builder.Add(e); err != nil {
				b.Fatal(err)
			}
		}
		h, err := builder.History()
		if err != nil {
			b.Fatal(err)
		}
		if r := Check(h, Options{Level: StrictSerializable}); r.Verdict != OK {
			b.Fatal(r)
		}
	}
}
