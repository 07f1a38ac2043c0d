package interop

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/storage"
)

var (
	transfers  = flag.Int("interop.transfers", 300, "how many transactions each run of transfers attempts")
	keepOutput = flag.String("interop.history", "", "write the histories of transfers into this directory, and keep them")
)

// bank is a run of transfers among accounts that both libraries serve at once.
// What an account holds is told twice: its balance, so that all balances of a
// branch are 0 together, and in its note the number of each transfer that it has
// seen, as the history wants it.
type bank struct {
	t         *testing.T
	db        *database
	table     *storage.Table
	name      string
	isolation string
	level     history.Level
	faults    bool
	history   *history.Writer

	begun   atomic.Int64 // transactions
	numbers atomic.Int64 // values are unique over the history
	mu      sync.Mutex
	kinds   map[string]int // of outcomes, by worker
}

const (
	accountsOfBranch = 6
	// A branch is given up for a new one before its lists get long.
	transactionsOfBranch = 40
)

func (b *bank) branch(number int64) string {
	return fmt.Sprintf("%s%05d", b.name, number/transactionsOfBranch)
}

func (b *bank) key(branch string, number int32) string {
	return fmt.Sprintf("%s/%s/%d", b.table.Name, branch, number)
}

// historyOf returns what a record holds, as a history tells it.
func historyOf(row storage.Row) (history.Result, error) {
	if row == nil {
		return history.None, nil
	}
	var list []int64
	for each := range strings.SplitSeq(row[noteColumn].Text(), ",") {
		n, err := strconv.ParseInt(each, 10, 64)
		if err != nil {
			return history.None, fmt.Errorf("a note says %v", row[noteColumn])
		}
		list = append(list, n)
	}
	return history.Numbers(list...), nil
}

// worker is one client that makes transfers and audits.
type worker struct {
	*bank
	name    string
	library library
	options options
	client  client
	process *history.Process
	random  *rand.Rand
}

// step is one transaction.
func (w *worker) step(ctx context.Context) error {
	number := w.begun.Add(1)
	branch := w.branch(number)
	from, to := int32(w.random.IntN(accountsOfBranch)), int32(w.random.IntN(accountsOfBranch-1))
	if to >= from {
		to++
	}
	var do func(tx transaction) ([]history.Op, error)
	var writes []history.Op
	sum := int64(0) // of an audit
	of := history.Range{Prefix: fmt.Sprintf("%s/%s/", w.table.Name, branch)}
	switch w.random.IntN(6) {
	case 0:
		do = func(tx transaction) (ops []history.Op, err error) {
			ops, sum, err = w.audit(ctx, tx, branch, of)
			return ops, err
		}
	case 1, 2:
		// Reads one account and writes another: two of these make a write skew.
		from, to = from%2, 1-from%2
		n := w.numbers.Add(1)
		writes = []history.Op{history.Append(w.key(branch, from), n)}
		do = func(tx transaction) ([]history.Op, error) {
			other, err := w.read(ctx, tx, branch, to)
			if err != nil {
				return nil, err
			}
			time.Sleep(time.Duration(w.random.IntN(10)) * time.Millisecond) // so that they meet
			own, err := w.change(ctx, tx, branch, from, 0, n)
			return append(other, own...), err
		}
	default:
		amount, n, m := int64(w.random.IntN(100)), w.numbers.Add(1), w.numbers.Add(1)
		writes = []history.Op{history.Append(w.key(branch, from), n), history.Append(w.key(branch, to), m)}
		do = func(tx transaction) ([]history.Op, error) {
			debit, err := w.change(ctx, tx, branch, from, -amount, n)
			if err != nil {
				return nil, err
			}
			credit, err := w.change(ctx, tx, branch, to, amount, m)
			return append(debit, credit...), err
		}
	}

	w.process.Invoke(fmt.Sprint(w.bank.name, " ", number), writes...)
	tx, err := w.client.begin(ctx, begin{})
	if err != nil {
		w.process.Fail(writes...)
		if outcome(err) == "dead" { // of what it did in the background
			w.client = w.library.open(w.t, w.db, w.options)
			return nil
		}
		return err
	}
	ops, err := do(tx)
	dies := false
	if err == nil {
		if w.faults && w.random.IntN(12) == 0 {
			dies = true
			err = w.client.arm(ctx, java.Point{At: 1 + w.random.IntN(6), Before: w.random.IntN(2) == 0})
		}
		if err == nil {
			err = tx.commit(ctx)
		}
	}
	kind := outcome(err)
	w.count(kind)
	switch kind {
	case "ok":
		w.process.Commit(ops...)
		if sum != 0 && w.level >= history.Serializable {
			return fmt.Errorf("the balances of %s make %d", branch, sum)
		}
	case "conflict":
		w.process.Fail(writes...)
		tx.rollback(ctx) // what it says does not matter: it has failed
	case "unknown", "dead":
		w.process.Unknown(writes...)
	default:
		w.process.Unknown(writes...)
		return err
	}
	if kind == "dead" {
		return w.revive(ctx, tx.ID())
	}
	if dies {
		return w.client.arm(ctx, java.Point{})
	}
	return nil
}

// revive opens a new client in place of one that has died, and decides what that
// has left open, so that nobody waits until it has expired.
func (w *worker) revive(ctx context.Context, id string) error {
	w.client = w.library.open(w.t, w.db, w.options)
	_, err := w.client.abort(ctx, id)
	return err
}

func (b *bank) count(kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kinds[kind]++
}

func (b *bank) read(ctx context.Context, tx transaction, branch string, number int32) ([]history.Op, error) {
	row, err := tx.get(ctx, b.table, accountKey(branch, number))
	if err != nil {
		return nil, err
	}
	result, err := historyOf(row)
	return []history.Op{history.Get(b.key(branch, number), result)}, err
}

// change adds to the balance of an account and appends n to its note.
func (b *bank) change(ctx context.Context, tx transaction, branch string, number int32, amount, n int64) ([]history.Op, error) {
	row, err := tx.get(ctx, b.table, accountKey(branch, number))
	if err != nil {
		return nil, err
	}
	before, err := historyOf(row)
	if err != nil {
		return nil, err
	}
	ops := []history.Op{history.Get(b.key(branch, number), before), history.Append(b.key(branch, number), n)}
	note := strconv.FormatInt(n, 10)
	if row == nil {
		record := account(branch, number, amount, "owner")
		record[noteColumn] = storage.TextValue(note)
		return ops, tx.insert(ctx, b.table, record)
	}
	return ops, tx.update(ctx, b.table, accountKey(branch, number), []int{2, noteColumn},
		[]storage.Value{storage.BigIntValue(row[2].Int64() + amount), storage.TextValue(row[noteColumn].Text() + "," + note)})
}

// audit reads a branch, whose balances are 0 together in every consistent state.
func (b *bank) audit(ctx context.Context, tx transaction, branch string, of history.Range) (ops []history.Op, sum int64, err error) {
	rows, err := tx.scan(ctx, &storage.Scan{Table: b.table, Partition: accountKey(branch, 0)[:1]})
	if err != nil {
		return nil, 0, err
	}
	found := []history.Row{}
	for _, row := range rows {
		result, err := historyOf(row)
		if err != nil {
			return nil, 0, err
		}
		sum += row[2].Int64()
		found = append(found, history.Row{Key: b.key(branch, int32(row[1].Int64())), Result: result})
	}
	return []history.Op{history.Scan(of, found)}, sum, nil
}

// balanced checks the sum of a branch.
func (b *bank) balanced(ctx context.Context, c client, branch string, p *history.Process) error {
	tx, err := c.begin(ctx, begin{})
	if err != nil {
		return err
	}
	of := history.Range{Prefix: fmt.Sprintf("%s/%s/", b.table.Name, branch)}
	p.Invoke(fmt.Sprint("end of ", branch, " ", b.numbers.Add(1)))
	ops, sum, err := b.audit(ctx, tx, branch, of)
	if err == nil {
		err = tx.commit(ctx)
	}
	if err != nil {
		p.Fail()
		return err
	}
	p.Commit(ops...)
	if sum != 0 {
		return fmt.Errorf("in the end the balances of %s make %d", branch, sum)
	}
	return nil
}

// Clients of both libraries, each committing in its own way, transfer among the
// same accounts; what they have seen is what their isolation level promises. With
// faults they die at any point of a commit on the way.
func TestTransfers(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		table := accountTable(db)
		ok(t, openJava(t, db, options{properties: with("coordinator.group_commit.enabled", "true")}).administration().create(t.Context(), table))
		for _, run := range []struct {
			isolation string
			level     history.Level
			faults    bool
		}{
			{"SERIALIZABLE", history.StrictSerializable, false},
			{"SNAPSHOT", history.Snapshot, false},
			{"SERIALIZABLE", history.StrictSerializable, true},
		} {
			name := run.isolation
			if run.faults {
				name += " with faults"
			}
			t.Run(name, func(t *testing.T) {
				b := &bank{t: t, db: db, table: table, name: name, isolation: run.isolation, level: run.level, faults: run.faults, kinds: map[string]int{}}
				b.run(t)
			})
		}
	})
}

func (b *bank) run(t *testing.T) {
	directory := *keepOutput
	if directory == "" {
		directory = t.TempDir()
	}
	path := filepath.Join(directory, strings.ReplaceAll(b.db.name+" "+b.name, " ", "_")+".jsonl")
	file, err := os.Create(path)
	ok(t, err)
	defer file.Close()
	b.history = history.NewWriter(file, nil)

	ways := map[string]storage.Properties{
		"plain": {}, "group": {ccPrefix + "coordinator.group_commit.enabled": "true", ccPrefix + "coordinator.write_set_logging.enabled": "true"},
		"one phase": {ccPrefix + "one_phase_commit.enabled": "true", ccPrefix + "async_commit.enabled": "true"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var workers sync.WaitGroup
	seed := uint64(0)
	for _, l := range libraries {
		for way, properties := range ways {
			seed++
			w := &worker{bank: b, name: l.name + " " + way, library: l, process: b.history.Process(), random: rand.New(rand.NewPCG(seed, uint64(b.begun.Load())))}
			w.options.properties = storage.Properties{ccPrefix + "isolation_level": b.isolation}
			for k, v := range properties {
				w.options.properties[k] = v
			}
			w.client = l.open(t, b.db, w.options)
			workers.Go(func() {
				for b.begun.Load() < int64(*transfers) && ctx.Err() == nil {
					if err := w.step(ctx); err != nil {
						t.Errorf("%s: %v", w.name, err)
						return
					}
				}
			})
		}
	}
	workers.Wait()
	t.Logf("%d transactions: %v", b.begun.Load(), b.kinds)
	if b.kinds["ok"] < int(b.begun.Load())/4 || b.faults && b.kinds["dead"] == 0 {
		t.Errorf("of %d transactions: %v", b.begun.Load(), b.kinds)
	}
	for i, l := range libraries {
		c, p := l.open(t, b.db, options{}), b.history.Process()
		for number := int64(i); number <= b.begun.Load(); number += transactionsOfBranch {
			if err := b.settled(ctx, c, b.branch(number), p); err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
		}
	}
	ok(t, b.history.Err())
	ok(t, file.Close())
	judge(t, path, b.level)
}

// settled is balanced, once what clients have left is decided: asynchronous
// commits may still be under way.
func (b *bank) settled(ctx context.Context, c client, branch string, p *history.Process) error {
	var err error
	for range 20 {
		if err = b.balanced(ctx, c, branch, p); outcome(err) != "conflict" {
			return err
		}
		time.Sleep(time.Second)
	}
	return err
}

func judge(t *testing.T, path string, level history.Level) {
	t.Helper()
	file, err := os.Open(path)
	ok(t, err)
	defer file.Close()
	h, err := history.Load(history.Source{Name: filepath.Base(path), Reader: file})
	ok(t, err)
	report := history.Check(h, history.Options{Level: level})
	if report.Verdict != history.OK {
		t.Error(errors.New(report.String()))
	}
	t.Log(report)
}
