package lab

import (
	"cmp"
	"slices"
	"time"
)

// Faults bound how much may go wrong in one execution.
type Faults struct {
	Crashes      int // a client dies; what it has sent may still arrive
	LostReplies  int // a write is applied and its reply lost
	LostRequests int // a write gets no reply, and may be applied at any time, or never
	Errors       int // a call fails without effect, and the storage may say so
	Jumps        int // a client's clock jumps ahead, so that it sees what is prepared as expired
	Delays       int // all calls under way take longer than the window of a group commit
	Together     int // of all kinds, 0 for no other limit
}

func (f Faults) total() int {
	sum := f.Crashes + f.LostReplies + f.LostRequests + f.Errors + f.Jumps + f.Delays
	if f.Together > 0 {
		return min(sum, f.Together)
	}
	return sum
}

// kind is what an action does.
type kind uint8

const (
	deliver kind = iota // a call reaches the storage and its reply the client
	loseReply
	loseRequest
	fail   // a call fails without effect, which nobody promises
	refuse // the storage gives a write up for another one, and promises that it had no effect
	crash
	jump
	delay
	arrive // a request without anybody waiting for it reaches the storage
	wait   // time passes
	stop   // whatever is still on its way never arrives
)

var suffixes = [...]string{
	deliver: "", loseReply: " reply lost", loseRequest: " request lost", fail: " failed", refuse: " refused", crash: " crash", jump: " clock jumps",
	delay: "a long delay", arrive: " arrives late", wait: "time passes", stop: "the end",
}

// choice is what an action is in every execution in which it can be made: its
// name tells it from all others.
type choice struct {
	kind kind
	base string // the call's name, or that of the site
	site string // "" if all are concerned
	foot footprint
}

// String names the choice by client, phase and record.
func (c *choice) String() string { return c.base + suffixes[c.kind] }

func (c *choice) is(other *choice) bool { return c.kind == other.kind && c.base == other.base }

func (c *choice) compare(other *choice) int {
	return cmp.Or(cmp.Compare(c.kind, other.kind), cmp.Compare(c.base, other.base))
}

// spends reports whether the choice takes from the budget of faults.
func (c *choice) spends() bool { return c.kind >= loseReply && c.kind <= delay }

// independent reports whether the order of two choices can make no difference.
// Faults share a budget, so one may make another impossible.
func independent(a, b *choice) bool {
	if a.site == "" || b.site == "" || a.site == b.site || a.spends() && b.spends() {
		return false
	}
	return !a.foot.conflicts(b.foot)
}

// action is a choice in one execution.
type action struct {
	choice
	call *call
	of   *site
}

// actions returns what may happen now, in an order that does not depend on
// chance. The result is valid until the next call.
func (r *run) actions() []action {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.room[:0]
	add := func(k kind, c *call, of *site, foot footprint) {
		base := of.name
		if c != nil {
			base = c.name
		}
		all = append(all, action{choice: choice{kind: k, base: base, site: of.name, foot: foot}, call: c, of: of})
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
			if c.write {
				add(refuse, c, c.site, footprint{})
			}
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
	switch {
	case len(r.pending) > 0 && r.faults > 0 && r.left.Delays > 0:
		all = append(all, action{choice: choice{kind: delay}})
	case len(r.pending) == 0 && r.active > 0:
		all = append(all, action{choice: choice{kind: wait}})
	case len(r.pending) == 0 && len(r.late) > 0:
		all = append(all, action{choice: choice{kind: stop}})
	}
	// Executions without faults come first, so that a bounded exploration has them.
	slices.SortFunc(all, func(a, b action) int { return a.compare(&b.choice) })
	r.room = all
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
	case refuse:
		r.left.Errors--
		r.take(a.call, &r.pending)
		a.call.reply <- errRefused
	case crash:
		r.left.Crashes--
		r.kill(a.of, true)
	case jump:
		r.left.Jumps--
		a.of.skew.Store(expired.Milliseconds())
	case delay:
		r.left.Delays--
		time.Sleep(longDelay)
	case arrive:
		r.take(a.call, &r.late)
		a.call.send()
	case wait:
		r.await()
	case stop:
		r.late = nil
	}
}
