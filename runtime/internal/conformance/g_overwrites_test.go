package conformance

import (
	"testing"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

// overwrites are the ways to write a record that a transaction has read.
var overwrites = []struct {
	name   string
	write  func(x *tx, ref commit.Ref) string
	result func(version string) string // of writing it over the version given by its w
}{
	{"update", func(x *tx, ref commit.Ref) string { return x.update(ref, "v", 3) }, func(w string) string { return "v=3 w=" + w + " cat=7" }},
	{"upsert", func(x *tx, ref commit.Ref) string { return x.upsert(ref, "v", 3, "cat", 8) }, func(w string) string { return "v=3 w=" + w + " cat=8" }},
	{"delete", func(x *tx, ref commit.Ref) string { return x.delete(ref) }, func(string) string { return absent }},
}

// rewrite is what comes of a transaction that gets a leftover and writes it.
// T1 has written w = new over w = old.
type rewrite struct {
	base     string // the w below the result, "" if the commit fails
	get      string // what SNAPSHOT and SERIALIZABLE get
	decision string // on T1
}

func (l leftover) overwrite(t *testing.T, s *suite, e rewrite) {
	for _, way := range overwrites {
		run(t, way.name, func(t *testing.T) {
			s.each(t, byIsolation|byKind, func(t *testing.T, a axes) {
				w := s.world(t)
				l.leave(w, a.Kind, "w", "new", "before_w", "old")
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				get, end, result := e.get, "ok", way.result(e.base)
				if a.is(commit.ReadCommitted) {
					if get = "v=1 w=old cat=7"; e.base == "new" { // it writes over the version before
						end, result = "conflict", e.get
					}
				}
				want(t, "get", x.get(ref), get)
				want(t, "write", way.write(x, ref), "ok")
				want(t, "commit", x.commit(), end)
				c.drain()
				want(t, "decision", w.decision(a.Kind, "T1"), e.decision)
				later := w.client()
				want(t, "result", later.begin().get(later.item(1, 1)), result)
			})
		})
	}
}

// overwriteInFlight is overwrite of one whose writer may still be running. The
// writer must be able to go on.
func (l leftover) overwriteInFlight(t *testing.T, s *suite) {
	for _, way := range overwrites {
		for _, getFirst := range []bool{false, true} {
			name := way.name
			if getFirst {
				name += " after get"
			}
			run(t, name, func(t *testing.T) {
				s.each(t, byIsolation|byKind, func(t *testing.T, a axes) {
					w := s.world(t)
					l.leave(w, a.Kind, "w", "new", "before_w", "old")
					left := w.item(1, 1)
					c := w.client()
					x, ref := c.begin(a.begin()...), c.item(1, 1)
					get, write := "uncommitted", "uncommitted"
					if way.name != "update" {
						write = "ok" // reads the record at commit
					}
					if a.is(commit.ReadCommitted) {
						get, write = "v=1 w=old cat=7", "ok"
					}
					if getFirst {
						want(t, "get", x.get(ref), get)
					}
					want(t, "write", way.write(x, ref), write)
					if write == "ok" {
						want(t, "commit", x.commit(), "uncommitted")
					} else {
						x.Rollback()
					}
					c.drain()
					want(t, "stored", w.item(1, 1), left)
					want(t, "decision", w.decision(a.Kind, "T1"), "none")
					w.decide(a.Kind, "T1", commit.Committed, 77)
					result := "v=2 w=new cat=7"
					if l.state == commit.Deleted {
						result = absent
					}
					later := w.client()
					want(t, "the writer's result", later.begin().get(later.item(1, 1)), result)
				})
			})
		}
	}
}

const (
	oldWithW = "v=1 w=old cat=7"
	newWithW = "v=2 w=new cat=7"
)

var _ = items(
	item{ID: "G01", Title: "Writing over an update whose writer has committed: on top of it; READ_COMMITTED, which read the version before, conflicts", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			leftover{state: commit.Prepared, decision: commit.Committed}.overwrite(t, s, rewrite{"new", newWithW, "COMMITTED 77"})
		}},
	item{ID: "G02", Title: "Writing over an update whose writer was aborted: on top of the version before", Verdict: pass, Test: func(t *testing.T, s *suite) {
		leftover{state: commit.Prepared, decision: commit.Aborted}.overwrite(t, s, rewrite{"old", oldWithW, "ABORTED 77"})
	}},
	item{ID: "G03", Title: "Writing over an update in flight: an uncommitted record when it is read, READ_COMMITTED at commit; the writer goes on", Verdict: pass,
		Test: func(t *testing.T, s *suite) { leftover{state: commit.Prepared}.overwriteInFlight(t, s) }},
	item{ID: "G04", Title: "Writing over an expired update: on top of the version before; its writer is aborted", Verdict: pass, Test: func(t *testing.T, s *suite) {
		leftover{state: commit.Prepared, expired: true}.overwrite(t, s, rewrite{"old", oldWithW, "ABORTED 1000000"})
	}},
	item{ID: "G05", Title: "Inserting in place of a deleted record whose deleter has committed, also if READ_COMMITTED still got the version before", Verdict: pass,
		Test: func(t *testing.T, s *suite) {
			s.each(t, byIsolation|byKind, func(t *testing.T, a axes) {
				w := s.world(t)
				leftover{state: commit.Deleted, decision: commit.Committed}.leave(w, a.Kind)
				c := w.client()
				x, ref := c.begin(a.begin()...), c.item(1, 1)
				want(t, "get", x.get(ref), a.reads(absent))
				want(t, "insert", x.insert(ref, "v", 3), "ok")
				want(t, "commit", x.commit(), "ok")
				c.drain()
				want(t, "decision", w.decision(a.Kind, "T1"), "COMMITTED 77")
				later := w.client()
				want(t, "result", later.begin().get(later.item(1, 1)), "v=3")
			})
		}},
	item{ID: "G06", Title: "Writing over a delete whose writer was aborted: on top of the version before", Verdict: pass, Test: func(t *testing.T, s *suite) {
		leftover{state: commit.Deleted, decision: commit.Aborted}.overwrite(t, s, rewrite{"old", oldWithW, "ABORTED 77"})
	}},
	item{ID: "G07", Title: "Writing over a delete in flight: an uncommitted record when it is read, READ_COMMITTED at commit; the deleter goes on", Verdict: pass,
		Test: func(t *testing.T, s *suite) { leftover{state: commit.Deleted}.overwriteInFlight(t, s) }},
	item{ID: "G08", Title: "Writing over an expired delete: on top of the version before; its writer is aborted", Verdict: pass, Test: func(t *testing.T, s *suite) {
		leftover{state: commit.Deleted, expired: true}.overwrite(t, s, rewrite{"old", oldWithW, "ABORTED 1000000"})
	}},
)
