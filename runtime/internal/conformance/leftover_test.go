package conformance

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage/faulty"
)

// leftover is item (1, 1) as transaction T1 has left it when others meet it. It
// writes v = 2 over v = 1, or deletes the record.
type leftover struct {
	state    commit.State // Prepared or Deleted
	decision commit.State // on T1; 0 for none
	expired  bool         // T1 may be aborted by others
	insert   bool         // there is no version before
	imported bool         // the version before has no metadata
}

// importedBefore are the columns of a record that was prepared over one without
// metadata (spec 1.4).
var importedBefore = []any{
	"tx_version", 1, "tx_committed_at", nil, "before_tx_version", 0,
	"before_tx_id", nil, "before_tx_state", nil, "before_tx_prepared_at", nil, "before_tx_committed_at", nil,
}

// leave stores the record and the decision, as a transaction of that kind does
// it, and returns when it was prepared. The group of a delayed member has been
// decided without it.
func (l leftover) leave(w *world, k kind, pairs ...any) (preparedAt int64) {
	w.t.Helper()
	preparedAt = w.justNow()
	if l.expired {
		preparedAt = w.longAgo()
	}
	if l.imported {
		pairs = append(pairs, importedBefore...)
	}
	if l.insert {
		w.preparedInsert(1, 1, preparedAt, k.id("T1"), pairs...)
	} else {
		w.prepared(1, 1, l.state, preparedAt, k.id("T1"), pairs...)
	}
	switch {
	case l.decision != 0:
		w.decide(k, "T1", l.decision, 77)
	case k == delayedMember:
		w.coordinatorRow(parentID, "tx_child_ids", sibling, "tx_state", commit.Committed, "tx_created_at", 76)
	}
	return preparedAt
}

// forward is the stored record once T1 is completed, back once it is undone.
func (l leftover) forward(k kind, preparedAt int64) string {
	switch {
	case l.state == commit.Deleted:
		return absent
	case l.insert:
		return storedRow("v=2 cat=7", k.id("T1"), 1, preparedAt, 77)
	case l.imported:
		return storedRow("v=2 cat=7", k.id("T1"), 1, preparedAt, 77)
	default:
		return rolledForward(k.id("T1"), preparedAt, 77)
	}
}

func (l leftover) back() string {
	switch {
	case l.insert:
		return absent
	case l.imported:
		return "v=1 cat=7"
	default:
		return rolledBack
	}
}

// The versions of the record as transactions read them.
const (
	newVersion = "v=2 cat=7"
	oldVersion = "v=1 cat=7"
)

// fate is what becomes of a leftover.
type fate uint8

const (
	asLeft fate = iota
	forward
	back
)

// encounter is what comes of reading a leftover.
type encounter struct {
	latest   string // what SNAPSHOT and SERIALIZABLE read
	rc       string // what READ_COMMITTED reads
	fate     fate
	decision string // on T1 afterwards
}

// read reads the leftover in every isolation level and mode and along every
// access path, and compares what comes of it. Nothing comes of it if a
// transaction that is READ_COMMITTED and read-only reads it, except along the
// index: what the index of the before images shows is recovered by all
// (spec 3.9), so that one in flight is an error there.
func (l leftover) read(t *testing.T, s *suite, e encounter) {
	s.eachReader(t, func(t *testing.T, a axes) {
		w := s.world(t)
		at := l.leave(w, a.Kind)
		left, undecided := w.item(1, 1), w.decision(a.Kind, "T1")
		wanted, stored, decision := e.latest, left, e.decision
		switch e.fate {
		case forward:
			stored = l.forward(a.Kind, at)
		case back:
			stored = l.back()
		}
		if a.is(commit.ReadCommitted) {
			wanted = e.rc
			throughBefore := a.Access == byIndex && !l.insert
			if a.ReadOnly && !throughBefore {
				stored, decision = left, undecided
			}
			if e.latest == "uncommitted" && throughBefore {
				wanted = "uncommitted"
			}
		}
		c := w.client()
		x := c.begin(a.begin()...)
		want(t, "read", x.read(c.item(1, 1), a.Access), wanted)
		if !a.is(commit.ReadCommitted) {
			want(t, "decision when it has been read", w.decision(a.Kind, "T1"), decision)
		}
		if wanted != "uncommitted" {
			want(t, "commit", x.commit(), "ok")
		}
		c.drain()
		want(t, "stored", w.item(1, 1), stored)
		want(t, "decision", w.decision(a.Kind, "T1"), decision)
	})
}

// anyVariant is the variant of items whose transactions only read, and recover
// what they meet: how they would commit their own writes makes no difference.
var anyVariant = []string{"plain"}

// withWaits are the variants of those that also meet records in flight.
var withWaits = []string{"plain", "waiting"}

// moment is one between two steps of a recovery that aborts T1.
type moment string

const (
	beforeLookingAgain moment = "get"    // after the look for a decision, before the record is read again
	beforeTheAbort     moment = "decide" // after that
)

// interrupted returns a client in whose first recovery something happens.
func (w *world) interrupted(at moment, happen func()) *client {
	w.t.Helper()
	var looked, happened atomic.Bool
	return w.clientWith(func(ctx context.Context, phase string, _ faulty.Call, send func(context.Context) error) error {
		switch {
		case phase == "read decision":
			looked.Store(true)
		case phase == string(at) && looked.Load() && happened.CompareAndSwap(false, true):
			happen()
		}
		return send(ctx)
	})
}

// eachReader runs the test in every isolation level and mode, for every kind of
// writer with a get and along every access path with a plain id: how a decision
// is found has nothing to do with how its record was.
func (s *suite) eachReader(t *testing.T, test func(t *testing.T, a axes)) {
	s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
		for _, at := range a.readers() {
			run(t, at.Kind.String()+", "+at.Access.String(), func(t *testing.T) { test(t, at) })
		}
	})
}

func (a axes) readers() []axes {
	var all []axes
	for _, k := range kinds {
		for _, by := range accesses {
			if at := (axes{a.Isolation, a.ReadOnly, k, by}); k == plainID || by == byGet {
				all = append(all, at)
			}
		}
	}
	return all
}

// eachOvertaken is eachReader without reads along the index in READ_COMMITTED:
// two recoveries of one record may race there, one for the row and one for the
// index. The items H02 to H10 are about it.
func (s *suite) eachOvertaken(t *testing.T, test func(t *testing.T, a axes)) {
	s.each(t, byIsolation|byMode, func(t *testing.T, a axes) {
		for _, at := range a.readers() {
			if at.Access == byIndex && a.is(commit.ReadCommitted) {
				continue
			}
			run(t, at.Kind.String()+", "+at.Access.String(), func(t *testing.T) { test(t, at) })
		}
	})
}

// interrupt reads an expired leftover while something happens to it. It returns
// what was read and the world after the recovery.
func (l leftover) interrupt(t *testing.T, s *suite, a axes, at moment, happen func(w *world)) (read string, w *world) {
	w = s.world(t)
	l.leave(w, a.Kind)
	c := w.interrupted(at, func() { happen(w) })
	x := c.begin(a.begin()...)
	read = x.read(c.item(1, 1), a.Access)
	if read != "uncommitted" && read != "conflict" {
		want(t, "commit", x.commit(), "ok")
	}
	c.drain()
	return read, w
}

// passive reports whether a transaction recovers nothing.
func (a axes) passive() bool { return a.is(commit.ReadCommitted) && a.ReadOnly }
