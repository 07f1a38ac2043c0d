package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// written is one call of Emit.
type written struct {
	Row      string
	Delayed  bool
	Children string // with their values: "a=1 b=2"
	At       time.Duration
}

// rig is a committer on a virtual clock, with a writer that notes what it is
// given. Groups are called P1, P2, … with enough zeros.
type rig struct {
	*testing.T
	*Committer[int]
	start time.Time
	cost  time.Duration // of one call of Emit
	fail  func(row string) error

	mu   sync.Mutex
	rows []written
}

func virtual(t *testing.T, name string, o Options, test func(r *rig)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &rig{T: t, start: time.Now(), cost: time.Millisecond}
			o.NewParentID = counter()
			r.Committer = New(o, r.write)
			test(r)
		})
	})
}

func counter() func() string {
	n := 0
	return func() string {
		n++
		return parent(n)
	}
}

func parent(n int) string { return fmt.Sprintf("P%0*d", parentIDLength-1, n) }

func (r *rig) write(_ context.Context, row string, delayed bool, members []Member[int]) (int64, error) {
	var children []string
	for _, m := range members {
		children = append(children, fmt.Sprintf("%s=%d", m.Child, m.Value))
	}
	at := time.Since(r.start)
	r.mu.Lock()
	r.rows = append(r.rows, written{row, delayed, strings.Join(children, " "), at})
	r.mu.Unlock()
	time.Sleep(r.cost)
	if r.fail != nil {
		if err := r.fail(row); err != nil {
			return 0, err
		}
	}
	return at.Milliseconds(), nil
}

func (r *rig) begin(child string) string {
	r.Helper()
	id, err := r.Reserve(child)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// answer is what Commit returned, and when.
type answer struct {
	at    int64
	err   error
	after time.Duration
}

// commit calls Commit aside and returns when it waits or is done.
func (r *rig) commit(ctx context.Context, id string, v int) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		at, err := r.Commit(ctx, id, v)
		done <- answer{at, err, time.Since(r.start)}
	}()
	synctest.Wait()
	return done
}

// mustCommit fails unless the transaction was committed at the given time.
func (r *rig) mustCommit(done <-chan answer, at time.Duration) {
	r.Helper()
	if a := <-done; a.err != nil || a.at != at.Milliseconds() {
		r.Errorf("Commit = %d, %v, want %d", a.at, a.err, at.Milliseconds())
	}
}

// mustFail fails unless the error matches all of want.
func (r *rig) mustFail(done <-chan answer, want ...error) {
	r.Helper()
	a := <-done
	for _, err := range want {
		if !errors.Is(a.err, err) {
			r.Errorf("Commit = %d, %v, want %v", a.at, a.err, err)
		}
	}
}

// holds reports whether a slot is still reserved.
func (r *rig) holds(id string) bool {
	r.Committer.mu.Lock()
	defer r.Committer.mu.Unlock()
	s := r.slots[id]
	return s != nil && s.state == slotReserved
}

// mustBeEmpty fails if the committer still knows a slot or a group.
func (r *rig) mustBeEmpty() {
	r.Helper()
	r.Committer.mu.Lock()
	defer r.Committer.mu.Unlock()
	if len(r.slots) != 0 || r.groups != 0 || r.open != nil {
		r.Errorf("%d slots and %d groups are left, open group %v", len(r.slots), r.groups, r.open)
	}
}
