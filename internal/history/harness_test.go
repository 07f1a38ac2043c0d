package history

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// script makes a history of lines like
//
//	t1 ok 0 5: r x nil; w x 1; scan t/ limit=2 mod=2,0 -> t/a=1 t/b=[1,2]
//
// with the id, the outcome, the times of invocation and completion and the
// operations of a transaction.
func script(t testing.TB, text string) *History {
	t.Helper()
	var events []Event
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		head, body, ok := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(head)
		if !ok || len(fields) != 4 {
			t.Fatalf("script line %q", line)
		}
		var ops []Op
		for _, part := range strings.Split(body, ";") {
			if part = strings.TrimSpace(part); part != "" {
				ops = append(ops, scriptOp(t, part))
			}
		}
		outcome := map[string]Type{"ok": Committed, "fail": Failed, "info": Unknown}[fields[1]]
		events = append(events,
			Event{Type: Invoke, Process: i, Tx: fields[0], Time: number(t, fields[2]), Value: []Op{}},
			Event{Type: outcome, Process: i, Tx: fields[0], Time: number(t, fields[3]), Value: ops})
	}
	return build(t, events)
}

// build makes a history of events in any order.
func build(t testing.TB, events []Event) *History {
	t.Helper()
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(min(a.Type, Committed), min(b.Type, Committed)))
	})
	var b Builder
	for _, e := range events {
		if err := b.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	h, err := b.History()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func scriptOp(t testing.TB, text string) Op {
	f := strings.Fields(text)
	switch f[0] {
	case "r":
		return Get(f[1], scriptResult(t, f[2]))
	case "append":
		return Append(f[1], number(t, f[2]))
	case "w":
		return Write(f[1], number(t, f[2]))
	case "d":
		return Delete(f[1])
	}
	r := Range{Prefix: f[1]}
	rows := []Row{}
	arrow := slices.Index(f, "->")
	for _, option := range f[2:arrow] {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "limit":
			r.Limit = int(number(t, value))
		case "mod":
			m, rem, _ := strings.Cut(value, ",")
			r.Where = Congruence{number(t, m), number(t, rem)}
		case "from":
			r.From = value
		case "to":
			r.To = value
		case "desc":
			r.Order = Descending
		case "any":
			r.Order = AnyOrder
		default:
			t.Fatalf("scan option %q", option)
		}
	}
	for _, row := range f[arrow+1:] {
		key, value, _ := strings.Cut(row, "=")
		rows = append(rows, Row{key, scriptResult(t, value)})
	}
	return Scan(r, rows)
}

func scriptResult(t testing.TB, text string) Result {
	if text == "nil" {
		return None
	}
	if list, ok := strings.CutPrefix(text, "["); ok {
		var numbers []int64
		for _, n := range strings.Split(strings.TrimSuffix(list, "]"), ",") {
			numbers = append(numbers, number(t, n))
		}
		return Numbers(numbers...)
	}
	return Number(number(t, text))
}

func number(t testing.TB, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
