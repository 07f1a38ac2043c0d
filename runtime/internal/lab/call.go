package lab

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// call is one storage call of a client that has not been answered.
type call struct {
	site  *site
	who   string // the transaction that it is made for, or else the site
	name  string // who, phase and records, with a number if it is repeated
	foot  footprint
	write bool
	send  func() error // runs it on the storage
	reply chan error   // nil once the client has gone on without a reply
}

// The errors of calls that the explorer lets fail.
var (
	errDown    = &storage.Error{Op: "lab", Err: errors.New("the storage is down")}
	errRefused = &storage.Error{Op: "lab", Class: storage.ErrConflict, Err: errors.New("given up for another request")}
	errDead    = &storage.Error{Op: "lab", Class: storage.ErrClosed, Err: errors.New("the client has crashed")}
	errNoReply = &storage.Error{Op: "lab", Class: storage.ErrUnknown, Err: errors.New("no reply")}
)

// phaseOf names a group of mutations by its part in the protocol.
func phaseOf(group []storage.Mutation) string {
	m := &group[0]
	if m.Table.Namespace == coordinatorNamespace {
		if m.Op == storage.Delete {
			return "forget"
		}
		return "decide"
	}
	conditionOnState := slices.ContainsFunc(m.Where, func(p storage.Predicate) bool { return p.Column == columns.state && p.Value.Int64() != stateCommitted })
	switch {
	case !conditionOnState && slices.ContainsFunc(group, isOnePhase):
		return "one phase"
	case !conditionOnState:
		return "prepare"
	case m.Op == storage.Put && slices.Contains(m.Columns, columns.id):
		return "roll back"
	default:
		return "finish"
	}
}

// isOnePhase reports whether a first write leaves a committed record, or none.
func isOnePhase(m storage.Mutation) bool {
	if m.Op == storage.Delete {
		return true
	}
	at := slices.Index(m.Columns, columns.state)
	return at >= 0 && m.Values[at].Int64() == stateCommitted
}

// hold waits until the explorer has decided what becomes of the call, which is
// part of a phase and concerns the records named what.
func (s *site) hold(ctx context.Context, phase, what string, f footprint, write bool, send func(who string) error) error {
	who, named := ctx.Value(caller{}).(string)
	if !named {
		who = s.name
	}
	c := &call{site: s, who: who, name: who + " " + phase + " " + what, foot: f, write: write, reply: make(chan error, 1)}
	c.send = func() error { return send(who) }
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

// footprint is what a call reads and writes, with a bit for each record: the low
// half are items, the high half rows of the coordinator table. Records may share
// a bit, which makes calls look dependent that are not, and never the reverse.
type footprint struct{ reads, writes uint64 }

const (
	allItems   = 1<<32 - 1
	everywhere = 1<<64 - 1
)

func (f footprint) conflicts(other footprint) bool {
	return f.writes&(other.writes|other.reads)|f.reads&other.writes != 0
}

// readsOf and writesOf name what gets and mutations touch.
func (r *run) readsOf(gets []storage.Get) (what string, f footprint) {
	names := make([]string, 0, 4)
	for i := range gets {
		rec := r.place.record(gets[i].Table, gets[i].Key)
		names, f.reads = append(names, rec.name), f.reads|rec.bit
	}
	return joined(names), f
}

func (r *run) writesOf(group []storage.Mutation) (what string, f footprint) {
	names := make([]string, 0, 4)
	for i := range group {
		rec := r.place.record(group[i].Table, group[i].Key)
		names = append(names, rec.name)
		if group[i].Op == storage.Check {
			f.reads |= rec.bit
		} else {
			f.writes |= rec.bit
		}
	}
	return joined(names), f
}

func joined(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names, " ")
}
