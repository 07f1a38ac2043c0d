//go:build linux

package soak

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// clientVariable holds the assignment of a client.
const clientVariable = "SCALARGEN_SOAK_CLIENT"

// Client runs the process as a client if it was started as one, and does not
// return then. A test binary calls it first in TestMain.
func Client() {
	text := os.Getenv(clientVariable)
	if text == "" {
		return
	}
	var a assignment
	err := json.Unmarshal([]byte(text), &a)
	if err == nil {
		err = runClient(a, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// client is the state of a client process.
type client struct {
	assignment
	tables *tables
	db     *scalar.DB
	tap    *tap
	value  atomic.Int64 // the last number written

	mu    sync.RWMutex
	epoch *epoch // nil before the first and after the last

	out   sync.Mutex
	lines *json.Encoder
}

// join has a worker take part in the current epoch, nil if there is none.
func (c *client) join() *epoch {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.epoch != nil {
		c.epoch.working.Add(1)
	}
	return c.epoch
}

// change ends the current epoch. Nobody joins it any more.
func (c *client) change(next *epoch) (before *epoch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before = c.epoch; before != nil {
		close(before.over)
	}
	c.epoch = next
	return before
}

// epoch is what a client keeps of an epoch.
type epoch struct {
	epochOrder
	client  *client
	file    *os.File
	writer  *history.Writer
	working sync.WaitGroup
	over    chan struct{} // closed when another one has begun
	left    chan struct{} // closed when the controller was told that nobody works in it

	committed, failed, unknown atomic.Int64

	mu      sync.Mutex
	reasons map[string]int
	samples map[string]int // causes of storage errors
}

func runClient(a assignment, in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGXFSZ) // a full disk is an error, not the end
	ctx := context.Background()
	c := &client{assignment: a, tables: newTables(a.Namespace), lines: json.NewEncoder(out)}
	inner, err := openStorage(ctx, a.Properties)
	if err != nil {
		return err
	}
	c.tap = &tap{
		Storage: inner, coordinator: a.Coordinator, losses: a.Losses, sabotage: sabotage(a.Sabotage),
		random: rand.New(rand.NewPCG(a.Seed, uint64(a.Number))),
	}
	options, err := modeOptions(a.Mode)
	if err != nil {
		return err
	}
	options = append(options, scalar.CoordinatorNamespace(a.Coordinator), scalar.WithObserver(phases{}), scalar.WithEnvironment(scalar.Environment{Now: a.Clock.now}))
	c.db = scalar.New(c.tap, options...)
	var workers sync.WaitGroup
	working := false
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("an order: %w", err)
		}
		switch {
		case o.Epoch != nil:
			if err := c.enter(*o.Epoch); err != nil {
				return err
			}
			for i := range a.Workers {
				if !working {
					workers.Go(func() { c.work(i) })
				}
			}
			working = true
		case o.Die != nil:
			c.tap.order.Store(o.Die)
		case o.FileSize != nil:
			if err := limitFiles(*o.FileSize); err != nil {
				return err
			}
		case o.Stop:
			go func() { // what hangs must not outlive the controller
				_, _ = io.Copy(io.Discard, in)
				os.Exit(1)
			}()
			return c.stop(&workers)
		}
	}
	return errors.New("the controller is gone")
}

// openStorage opens a storage, trying for as long as a server may need to recover.
func openStorage(ctx context.Context, properties storage.Properties) (storage.Storage, error) {
	for start := time.Now(); ; {
		s, err := storage.Open(ctx, properties)
		if err == nil || time.Since(start) > time.Minute {
			return s, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// limitFiles sets the largest size to which the process may let files grow, 0 for
// any.
func limitFiles(size uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if limit.Cur = limit.Max; size > 0 {
		limit.Cur = size
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// tell writes a line to the controller.
func (c *client) tell(n notice) {
	c.out.Lock()
	defer c.out.Unlock()
	_ = c.lines.Encode(n) // a controller that is gone closes stdin too
}

// enter goes on to another epoch. Workers leave the one before when their
// transactions have ended.
func (c *client) enter(o epochOrder) error {
	file, err := os.OpenFile(filepath.Join(c.Dir, journal(o.Number, c.Number)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	e := &epoch{epochOrder: o, client: c, file: file, writer: history.NewWriter(file, nil), over: make(chan struct{}), left: make(chan struct{}), reasons: map[string]int{}, samples: map[string]int{}}
	c.change(e)
	go e.watch()
	return nil
}

// stop ends the work.
func (c *client) stop(workers *sync.WaitGroup) error {
	last := c.change(nil)
	workers.Wait()
	if last != nil {
		<-last.left
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return c.db.Close(ctx)
}

// watch tells how far the epoch is until nobody works in it.
func (e *epoch) watch() {
	defer close(e.left)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			e.client.tell(e.notice())
			continue
		case <-e.over:
		}
		e.working.Wait()
		n := e.notice()
		n.Left = true
		if err := errors.Join(e.writer.Err(), e.file.Close()); err != nil {
			n.Problem = err.Error()
		}
		e.client.tell(n)
		return
	}
}

func (e *epoch) notice() notice {
	n := notice{Epoch: e.Number, Committed: int(e.committed.Load()), Failed: int(e.failed.Load()), Unknown: int(e.unknown.Load())}
	e.mu.Lock()
	defer e.mu.Unlock()
	n.Reasons, n.Samples = maps.Clone(e.reasons), maps.Clone(e.samples)
	return n
}

// sample remembers what a database reported, for people to see which faults there
// were.
func (e *epoch) sample(err error) {
	const most = 20
	cause := err
	for below := errors.Unwrap(cause); below != nil; below = errors.Unwrap(cause) {
		cause = below
	}
	if failure := new(storage.Error); errors.As(err, &failure) && failure.Err != nil {
		cause = failure.Err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if text := numbersIn.ReplaceAllString(cause.Error(), "…"); len(e.samples) < most || e.samples[text] > 0 {
		e.samples[text]++
	}
}

// numbersIn are ports, process numbers and ids, which make texts differ that mean
// the same.
var numbersIn = regexp.MustCompile(`[0-9a-f-]*[0-9][0-9a-f-]*`)

func (e *epoch) count(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reasons[reason]++
}

// work runs transactions until the client stops.
func (c *client) work(number int) {
	for e := c.join(); e != nil; e = c.join() {
		for w := newWorker(c, e, number); !e.isOver(); {
			w.transact()
		}
		e.working.Done()
	}
}

func (e *epoch) isOver() bool {
	select {
	case <-e.over:
		return true
	default:
		return false
	}
}

// next returns a number that nobody else writes, in this run. Process numbers and
// counters leave room for the 53 bits of a BIGINT.
func (c *client) next() int64 {
	const counters = 1 << 28
	return int64(c.Number)*counters + c.value.Add(1)
}
