package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// simProcess is one run of a program. It is the storage of its engine.
type simProcess struct {
	net    *simNet
	plan   *simProcessPlan
	name   string
	engine *commit.Engine
	skew   time.Duration // guarded by net.mu, as the rest
	groups int
	dead   bool
}

// start runs a program, again if it has crashed.
func (n *simNet) start(i int) {
	plan := &n.plan.processes[i]
	p := &simProcess{net: n, plan: plan, name: plan.name, skew: plan.skew}
	if old := n.processes[i]; old != nil {
		p.name, p.skew = old.name+"'", old.skew
	}
	o := plan.engine
	o.Now, o.MetadataTTL, o.CoordinatorNamespace = p.clock, -1, coordinatorNamespace
	if o.GroupCommit != nil {
		groups := *o.GroupCommit
		groups.NewID = p.newGroupID
		o.GroupCommit = &groups
	}
	var s storage.Storage = p
	if n.sabotage != nil {
		s = n.sabotage(s)
	}
	p.engine = commit.New(s, o)
	n.processes[i] = p
	n.all = append(n.all, p)
}

// hold waits until the call has been answered.
func (p *simProcess) hold(ctx context.Context, c *simCall, what string) error {
	c.process, c.reply, c.waiting, c.who = p, make(chan error, 1), true, p.name
	if who, named := ctx.Value(caller{}).(string); named {
		c.who = who
	}
	if !p.net.admit(c, c.who+" "+what) {
		return errDead
	}
	select {
	case err := <-c.reply:
		return err
	case <-ctx.Done():
		p.net.abandon(c)
		if c.write {
			return errNoReply
		}
		return ctx.Err()
	}
}

// clock is the process's own.
func (p *simProcess) clock() time.Time {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	return time.Now().Add(p.skew)
}

// newGroupID makes ids of groups, of 24 letters and digits.
func (p *simProcess) newGroupID() string {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	p.groups++
	return fmt.Sprintf("%s%0*d", p.plan.name, 23, strings.Count(p.name, "'")*1000+p.groups)
}

var _ storage.Storage = (*simProcess)(nil)

// Info promises what the storage does, but for batches: which rows come into one
// would depend on chance.
func (p *simProcess) Info(namespace string) storage.Info {
	info := p.net.store.Info(namespace)
	info.Batch = false
	return info
}

// Table is answered at once: definitions do not change.
func (p *simProcess) Table(_ context.Context, name storage.TableName) (*storage.Table, error) {
	if t := p.net.tables[name]; t != nil {
		return t, nil
	}
	return nil, &storage.Error{Op: "table", Table: name, Class: storage.ErrTableNotFound}
}

// Get holds the reads back.
func (p *simProcess) Get(ctx context.Context, gets []storage.Get) (rows []storage.Row, err error) {
	c := &simCall{send: func() (string, error) {
		var err error
		rows, err = p.net.store.Get(context.WithoutCancel(ctx), gets)
		return simRows(gets[0].Table, rows, err), err
	}}
	if err = p.hold(ctx, c, simNameOfGets(gets)); err != nil {
		return nil, err
	}
	return rows, nil
}

// Scan holds a page back.
func (p *simProcess) Scan(ctx context.Context, s *storage.Scan) (page *storage.Page, err error) {
	c := &simCall{send: func() (string, error) {
		var err error
		page, err = p.net.store.Scan(context.WithoutCancel(ctx), s)
		if err != nil {
			return simOutcome(err), err
		}
		return simRows(s.Table, page.Rows, nil), nil
	}}
	if err = p.hold(ctx, c, simNameOfScan(s)); err != nil {
		return nil, err
	}
	return page, nil
}

// Mutate holds a group back.
func (p *simProcess) Mutate(ctx context.Context, group []storage.Mutation) error {
	c := &simCall{write: true, send: func() (string, error) {
		err := p.net.store.Mutate(context.WithoutCancel(ctx), group)
		if err == nil {
			p.net.ledger.applied(p.net.store, group)
		}
		return simOutcome(err), err
	}}
	return p.hold(ctx, c, simNameOfGroup(group))
}

// Admin is not used by engines.
func (p *simProcess) Admin() storage.Admin { return p.net.store.Admin() }

// Close does nothing: the storage belongs to all.
func (p *simProcess) Close() error { return nil }
