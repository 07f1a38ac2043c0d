package lab

import (
	"cmp"
	"slices"
	"strings"
)

// Faults bound how much may go wrong in one execution.
type Faults struct {
	Crashes      int // a client dies; what it has sent may still arrive
	LostReplies  int // a write is applied and its reply lost
	LostRequests int // a write gets no reply, and may be applied at any time, or never
	Errors       int // a call fails without effect
	Jumps        int // a client's clock jumps ahead, so that it sees what is prepared as expired
}

func (f Faults) total() int {
	return f.Crashes + f.LostReplies + f.LostRequests + f.Errors + f.Jumps
}

// kind is what an action does.
type kind uint8

const (
	deliver kind = iota // a call reaches the storage and its reply the client
	loseReply
	loseRequest
	fail
	crash
	jump
	arrive // a request without anybody waiting for it reaches the storage
	wait   // time passes
	stop   // whatever is still on its way never arrives
)

var suffixes = [...]string{
	deliver: "", loseReply: " reply lost", loseRequest: " request lost", fail: " failed", crash: " crash", jump: " clock jumps", arrive: " arrives late",
}

// action is one choice. Its name is the same in every execution in which it is
// the same choice.
type action struct {
	kind kind
	name string
	site string // "" for wait and stop
	foot footprint
	call *call
	of   *site
}

// spends reports whether the action takes from the budget of faults.
func (a *action) spends() bool { return a.kind >= loseReply && a.kind <= jump }

// independent reports whether the order of two choices can make no difference.
// Faults share a budget, so one may make another impossible.
func independent(a, b *action) bool {
	if a.site == "" || b.site == "" || a.site == b.site || a.spends() && b.spends() {
		return false
	}
	return !a.foot.conflicts(b.foot)
}

// actions returns what may happen now, in an order that does not depend on chance.
func (r *run) actions() []*action {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*action
	add := func(k kind, c *call, of *site, foot footprint) {
		name := of.name
		if c != nil {
			name = c.name
		}
		all = append(all, &action{kind: k, name: name + suffixes[k], site: of.name, foot: foot, call: c, of: of})
	}
	for _, c := range r.pending {
		add(deliver, c, c.site, c.foot)
		if r.faults == 0 {
			continue
		}
		if c.write && r.left.LostReplies > 0 {
			add(loseReply, c, c.site, c.foot)
		}
		if c.write && r.left.LostRequests > 0 {
			add(loseRequest, c, c.site, footprint{})
		}
		if r.left.Errors > 0 {
			add(fail, c, c.site, footprint{})
		}
	}
	for _, s := range r.sites {
		if r.faults == 0 || s.dead || !slices.ContainsFunc(r.pending, func(c *call) bool { return c.site == s }) {
			continue
		}
		if r.left.Crashes > 0 {
			add(crash, nil, s, footprint{})
		}
		if r.left.Jumps > 0 && s.skew.Load() == 0 {
			add(jump, nil, s, footprint{})
		}
	}
	for _, c := range r.late {
		add(arrive, c, c.site, c.foot)
	}
	// Executions without faults come first, so that a bounded exploration has them.
	slices.SortStableFunc(all, func(a, b *action) int { return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name)) })
	switch {
	case len(r.pending) == 0 && r.active > 0:
		all = append(all, &action{kind: wait, name: "time passes"})
	case len(r.pending) == 0 && len(r.late) > 0:
		all = append(all, &action{kind: stop, name: "the end"})
	}
	return all
}

// perform does what an action says.
func (r *run) perform(a *action) {
	if a.spends() {
		r.faults--
	}
	switch a.kind {
	case deliver:
		r.take(a.call, &r.pending)
		a.call.reply <- a.call.send()
	case loseReply:
		r.left.LostReplies--
		r.take(a.call, &r.pending)
		a.call.send()
		a.call.reply <- errNoReply
	case loseRequest:
		r.left.LostRequests--
		r.take(a.call, &r.pending)
		r.late = append(r.late, a.call)
		a.call.reply <- errNoReply
	case fail:
		r.left.Errors--
		r.take(a.call, &r.pending)
		a.call.reply <- errDown
	case crash:
		r.left.Crashes--
		r.kill(a.of, true)
	case jump:
		r.left.Jumps--
		a.of.skew.Store(expired.Milliseconds())
	case arrive:
		r.take(a.call, &r.late)
		a.call.send()
	case stop:
		r.late = nil
	}
}
