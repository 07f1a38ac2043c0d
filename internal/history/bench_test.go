package history

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// largeHistory is one of a strictly serializable store: each transaction takes
// effect at a moment while it runs.
type largeHistory struct {
	lists   bool
	deletes bool
	scans   bool
}

// generate yields the events of a history of n transactions on 20 processes.
// Keys retire after 30 writes, as the format advises.
func (l largeHistory) generate(n int, yield func(Event)) {
	const processes, active, perKey = 20, 10, 30
	rng := rand.New(rand.NewPCG(1, 2))
	type running struct {
		tx  string
		ops []Op
		at  int // when it takes effect, and when it ends
		end int
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
	clients := make([]running, processes)
	value, begun, ended, now := int64(0), 0, 0, int64(0)
	emit := func(t Type, process int, c *running) {
		now += 1 + rng.Int64N(1000)
		yield(Event{Index: now, Type: t, Process: process, Time: now, Tx: c.tx, Value: c.ops})
	}
	for step := 0; ended < n; step++ {
		p := rng.IntN(processes)
		c := &clients[p]
		switch {
		case c.tx == "" && begun == n:
		case c.tx == "":
			begun++
			*c = running{tx: fmt.Sprintf("tx-%d", step), ops: []Op{}, at: step + rng.IntN(3*processes), end: step + 3*processes}
			emit(Invoke, p, c)
		case step >= c.at && len(c.ops) == 0:
			for range 2 + rng.IntN(3) {
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
			for _, k := range keys {
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
		case step >= c.end && len(c.ops) > 0:
			emit(Committed, p, c)
			*c = running{}
			ended++
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
		{"lists with scans", largeHistory{lists: true, scans: true}},
		{"registers", largeHistory{}},
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
			c.l.generate(transactions, func(e Event) {
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
