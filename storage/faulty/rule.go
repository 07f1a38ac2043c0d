package faulty

import "slices"

// Script decides what happens to a call; nil lets it through. It is never
// called by two goroutines at a time, and must not wait.
type Script func(call Call) Action

// Rules returns the script that does what the first rule says that applies to
// a call. Every rule counts the calls that it matches, also those for which an
// earlier one applied.
func Rules(rules ...*Rule) Script {
	return func(call Call) Action {
		var action Action
		for _, r := range rules {
			if r.applies(&call) && action == nil {
				action = r.action
			}
		}
		return action
	}
}

// Rule says what happens to which calls. Build it with [On].
type Rule struct {
	matchers    []func(*Call) bool
	first, last int // of the matching calls, counted from 1
	matched     int
	action      Action
}

// On begins a rule for every call of one of the operations, of any if none is
// named. Mutate does not stand for MutateBatch.
func On(ops ...Op) *Rule {
	const forever = 1<<63 - 1
	r := &Rule{first: 1, last: forever}
	if len(ops) == 0 {
		return r
	}
	return r.Matching(func(c *Call) bool { return slices.Contains(ops, c.Op) })
}

// Table restricts the rule to calls that concern the table.
func (r *Rule) Table(namespace, name string) *Rule {
	return r.Matching(func(c *Call) bool { return c.Concerns(namespace, name) })
}

// Matching restricts the rule to calls for which match returns true.
func (r *Rule) Matching(match func(*Call) bool) *Rule {
	r.matchers = append(r.matchers, match)
	return r
}

// Nth restricts the rule to the n-th of the calls that it matches; the first is
// 1.
func (r *Rule) Nth(n int) *Rule {
	r.first, r.last = n, n
	return r
}

// From restricts the rule to the n-th of the calls that it matches and all
// later ones: the storage that never comes back.
func (r *Rule) From(n int) *Rule {
	r.first = n
	return r
}

// Until restricts the rule to the first n of the calls that it matches.
func (r *Rule) Until(n int) *Rule {
	r.last = n
	return r
}

// Do ends the rule with what happens.
func (r *Rule) Do(action Action) *Rule {
	r.action = action
	return r
}

func (r *Rule) applies(c *Call) bool {
	for _, match := range r.matchers {
		if !match(c) {
			return false
		}
	}
	r.matched++
	return r.first <= r.matched && r.matched <= r.last
}
