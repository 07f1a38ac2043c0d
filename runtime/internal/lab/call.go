package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// footprint is what a call reads and writes: records by table and key, or whole
// tables, which end in "*".
type footprint struct {
	reads, writes []string
}

// call is one storage call of a client that has not been answered.
type call struct {
	site  *site
	name  string // client, phase and records, with a number if it is repeated
	foot  footprint
	write bool
	send  func() error // runs it on the storage
	reply chan error   // nil once the client has gone on without a reply
}

func recordName(t *storage.Table, key []storage.Value) string {
	return t.Name + t.FormatKey(key)
}

// readsOf and writesOf name what gets and mutations touch.
func readsOf(gets []storage.Get) footprint {
	var f footprint
	for _, g := range gets {
		f.reads = append(f.reads, recordName(g.Table, g.Key))
	}
	return f
}

func writesOf(groups ...[]storage.Mutation) footprint {
	var f footprint
	for _, group := range groups {
		for _, m := range group {
			f.writes = append(f.writes, recordName(m.Table, m.Key))
		}
	}
	return f
}

// overlap reports whether a record is in both lists.
func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return x == y || covers(x, y) || covers(y, x) })
	})
}

// covers reports whether x is a whole table and y a record of it.
func covers(x, y string) bool {
	table, whole := strings.CutSuffix(x, "*")
	return whole && strings.HasPrefix(y, table+"(")
}

func (f footprint) conflicts(other footprint) bool {
	return overlap(f.writes, other.writes) || overlap(f.writes, other.reads) || overlap(f.reads, other.writes)
}

// The errors of calls that the explorer lets fail.
var (
	errDown    = &storage.Error{Op: "lab", Err: errors.New("the storage is down")}
	errDead    = &storage.Error{Op: "lab", Class: storage.ErrClosed, Err: errors.New("the client has crashed")}
	errNoReply = &storage.Error{Op: "lab", Class: storage.ErrUnknown, Err: errors.New("no reply")}
)

// phaseOf names a group of mutations by its part in the protocol.
func phaseOf(group []storage.Mutation) string {
	m := group[0]
	if m.Table.Namespace == coordinatorNamespace {
		if m.Op == storage.Delete {
			return "forget"
		}
		return "decide"
	}
	position := m.Table.Column
	conditionOnState := slices.ContainsFunc(m.Where, func(p storage.Predicate) bool { return p.Column == position("tx_state") })
	writes := func(column string) bool { return slices.Contains(m.Columns, position(column)) }
	switch {
	case !conditionOnState && m.Op == storage.Put && writes("tx_committed_at") && writes("tx_id"), !conditionOnState && m.Op != storage.Put:
		return "one phase"
	case !conditionOnState:
		return "prepare"
	case m.Op == storage.Put && writes("tx_id"):
		return "roll back"
	default:
		return "finish"
	}
}

// hold waits until the explorer has decided what becomes of the call.
func (s *site) hold(ctx context.Context, phase string, f footprint, write bool, send func() error) error {
	c := &call{site: s, foot: f, write: write, send: send, reply: make(chan error, 1)}
	what := slices.Concat(f.writes, f.reads)
	who, named := ctx.Value(caller{}).(string)
	if !named {
		who = s.name
	}
	c.name = fmt.Sprintf("%s %s %s", who, phase, strings.Join(what, " "))
	if !s.run.admit(c) {
		return errDead
	}
	select {
	case err := <-c.reply:
		return err
	case <-ctx.Done():
		s.run.abandon(c)
		if write {
			return errNoReply
		}
		return ctx.Err()
	}
}
