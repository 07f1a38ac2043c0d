//go:build linux

package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// closer opens and closes epochs. It goes to the database by itself, past all
// faults but those of the server, and its clock is ahead of all others by more
// than the lifetime of a prepared record.
type closer struct {
	target  *Target
	dir     string
	tables  *tables
	storage storage.Storage
	db      *scalar.DB
	value   int64
}

// aheadBy is more than the 15 seconds after which an undecided transaction may be
// aborted, and the seconds by which clocks of clients are wrong.
const aheadBy = 60 * time.Second

// patience is how long the closer tries what must succeed some time.
const patience = 60 * time.Second

func newCloser(ctx context.Context, t *Target, dir string, c clock) (*closer, error) {
	s, err := openStorage(ctx, t.Properties)
	if err != nil {
		return nil, err
	}
	if err := t.create(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	db := scalar.New(s, scalar.CoordinatorNamespace(t.Coordinator), scalar.DefaultIsolation(scalar.Serializable),
		scalar.WithEnvironment(scalar.Environment{Now: c.ahead(aheadBy).now}))
	return &closer{target: t, dir: dir, tables: newTables(t.Namespace), storage: s, db: db}, nil
}

// until runs work until it succeeds or must be given up.
func until(ctx context.Context, work func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var first error
	for {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := work(attempt)
		cancel()
		if err == nil || errors.Is(err, errWrong) || errors.Is(err, scalar.ErrInvalid) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w, after others, the first of which was: %w", err, cmp.Or(first, err))
		}
		first = cmp.Or(first, err)
		time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
	}
}

// errWrong is wrapped by what no trying again makes right.
var errWrong = errors.New("wrong")

// transact runs a transaction until it is committed, and writes down its attempts.
// ops returns what the invocation lists; do returns the operations with results.
func (c *closer) transact(ctx context.Context, p *history.Process, ops func() []history.Op, do func(context.Context, *scalar.Tx) ([]history.Op, error)) error {
	return until(ctx, func(ctx context.Context) error {
		planned := ops()
		tx, err := c.db.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		p.Invoke(tx.ID(), planned...)
		done, err := do(ctx, tx)
		if err != nil {
			p.Fail()
			return err
		}
		switch err = tx.Commit(ctx); {
		case err == nil:
			p.Commit(done...)
		case errors.Is(err, scalar.ErrUnknownStatus):
			p.Unknown()
		default:
			p.Fail()
		}
		return err
	})
}

// write opens the closer's own part of an epoch's history.
func (c *closer) write(epoch int, role string, work func(*history.Process) error) error {
	file, err := os.OpenFile(filepath.Join(c.dir, fileName(epoch, role, 0)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := history.NewWriter(file, nil)
	return errors.Join(work(w.Process()), w.Err(), file.Close())
}

// open makes the accounts of an epoch.
func (c *closer) open(ctx context.Context, epoch int) error {
	t, partition := &c.tables.registers, accounts(epoch)
	return c.write(epoch, "open", func(p *history.Process) error {
		var first int64
		ops := func() []history.Op {
			first = c.value + 1
			c.value += columns
			planned := make([]history.Op, columns)
			for i := range planned {
				planned[i] = history.Write(t.name(key{partition, int32(i)}), first+int64(i))
			}
			return planned
		}
		err := c.transact(ctx, p, ops, func(ctx context.Context, tx *scalar.Tx) ([]history.Op, error) {
			var done []history.Op
			for i := range int32(columns) {
				r := register{key: key{partition, i}, n: first + int64(i), amount: opening}
				if err := t.Insert(ctx, tx, t.encode(&r)); err != nil {
					return nil, err
				}
				done = append(done, history.Write(t.name(r.key), r.n))
			}
			return done, nil
		})
		if errors.Is(err, scalar.ErrAlreadyExists) {
			return nil // an attempt of unknown outcome was committed
		}
		return err
	})
}

// readAll reads every record of the epoch, by its key and by a scan.
func (c *closer) readAll(ctx context.Context, epoch int, r *recorded) error {
	return c.write(epoch, "close", func(p *history.Process) error {
		for _, name := range slices.Sorted(maps.Keys(r.keys)) {
			letter, partition, _ := strings.Cut(name, "/")
			var err error
			if letter == c.tables.lists.letter {
				err = readPartition(ctx, c, p, &c.tables.lists, partition, func(l *list) (key, history.Result) { return l.key, l.numbers() })
			} else {
				err = readPartition(ctx, c, p, &c.tables.registers, partition, func(r *register) (key, history.Result) { return r.key, history.Number(r.n) })
			}
			if err != nil {
				return fmt.Errorf("read partition %s at the end: %w", name, err)
			}
		}
		return nil
	})
}

func readPartition[R any](ctx context.Context, c *closer, p *history.Process, t *table[R], partition string, result func(*R) (key, history.Result)) error {
	selects := history.Range{Prefix: t.prefix(partition)}
	keys := make([]key, columns)
	for i := range keys {
		keys[i] = key{partition, int32(i)}
	}
	ops := func() []history.Op { return []history.Op{history.Scan(selects, nil)} }
	return c.transact(ctx, p, ops, func(ctx context.Context, tx *scalar.Tx) ([]history.Op, error) {
		rows, err := rowsOf(t, t.scan(ctx, tx, scalar.RangeOf[R](scalar.TextValue(partition))), result)
		if err != nil {
			return nil, err
		}
		found, err := t.getAll(ctx, tx, keys)
		if err != nil {
			return nil, err
		}
		done := []history.Op{history.Scan(selects, rows)}
		for i, record := range found {
			seen := history.None
			if record != nil {
				_, seen = result(record)
			}
			done = append(done, history.Get(t.name(keys[i]), seen))
		}
		return done, nil
	})
}

// verdict is what came of an epoch.
type verdict struct {
	epoch  int
	report *history.Report
	took   time.Duration // of the checker
}

// close reads the records of an epoch for the last time, looks into the storage,
// and checks the history.
func (c *closer) close(ctx context.Context, epoch int, level history.Level) (*verdict, error) {
	r, err := c.records(epoch)
	if err != nil {
		return nil, err
	}
	if err := c.readAll(ctx, epoch, r); err != nil {
		return nil, err
	}
	if err := c.settle(ctx, epoch, r); err != nil {
		return nil, err
	}
	if r, err = c.records(epoch); err != nil { // with the last reads
		return nil, err
	}
	start := time.Now()
	report, err := c.judge(r.files, level)
	if err != nil {
		return nil, err
	}
	v := &verdict{epoch: epoch, report: report, took: time.Since(start)}
	if report.Verdict != history.OK {
		return v, fmt.Errorf("%w: the history of epoch %d is no history of %s\n%s", errWrong, epoch, level, report)
	}
	if err := c.remove(ctx, r); err != nil {
		return nil, err
	}
	for _, name := range r.files {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// judge checks a history. All databases here are linearizable, so that from
// snapshot on it must keep real time too.
func (c *closer) judge(files []string, level history.Level) (*history.Report, error) {
	var sources []history.Source
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		sources = append(sources, history.Source{Name: filepath.Base(name), Reader: file})
	}
	h, err := history.Load(sources...)
	if err != nil {
		return nil, err
	}
	return history.Check(h, history.Options{Level: level, RealTime: level >= history.Snapshot}), nil
}

// end closes the database.
func (c *closer) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = c.db.Close(ctx) // nothing is under way
}
