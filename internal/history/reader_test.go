package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// all has an event of each kind with an operation of each kind.
var all = []Event{
	{Index: 0, Type: Invoke, Process: 0, Time: 5, Tx: "a", Value: []Op{
		Get("t/p/1", None), Append("t/p/1", 1), Delete("t/p/2"), Scan(Range{Prefix: "t/"}, nil),
	}},
	{Index: 2, Type: Invoke, Process: 1, Time: 5, Tx: `b "quoted" é`, Value: []Op{}},
	{Index: 3, Type: Committed, Process: 0, Time: 9, Tx: "a", Value: []Op{
		Get("t/p/1", Numbers(-3, 4)), Append("t/p/1", 1), Delete("t/p/2"),
		Scan(Range{Prefix: "t/", From: "a", To: "z", Order: AnyOrder, Limit: 3, Where: Congruence{7, 2}}, []Row{{"t/p/1", Number(-9)}, {"t/q", Numbers(1)}}),
		Scan(Range{Prefix: "t/q", Order: Descending}, []Row{}),
	}},
	{Index: 5, Type: Failed, Process: 1, Time: 9, Tx: `b "quoted" é`},
	{Index: 6, Type: Invoke, Process: 1, Time: 10, Tx: "c", Value: []Op{Write("r", -1<<63)}},
	{Index: 7, Type: Unknown, Process: 1, Time: 11, Tx: "c", Value: []Op{Write("r", 1<<63-1)}},
}

func read(text string) ([]Event, error) {
	var events []Event
	for e, err := range Read(strings.NewReader(text), "file.jsonl") {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

func TestReadReturnsWhatIsWritten(t *testing.T) {
	t.Parallel()
	got, err := read(lines(all))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, got, cmpopts.IgnoreFields(Event{}, "Line")); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	for i, e := range got {
		if e.Line != i+1 {
			t.Errorf("event %d is in line %d", i, e.Line)
		}
	}
}

func TestReadTakesLinesOfAnyLength(t *testing.T) {
	t.Parallel()
	list := make([]int64, 30_000)
	for i := range list {
		list[i] = int64(i)
	}
	events := []Event{{Type: Committed, Tx: "a", Value: []Op{Get("x", Numbers(list...))}}, {Index: 1, Type: Failed, Tx: "b"}}
	got, err := read(lines(events))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !slices.Equal(got[0].Value[0].Result.List, list) || got[1].Tx != "b" {
		t.Error("what was read is not what was written")
	}
}

func TestMalformedLines(t *testing.T) {
	t.Parallel()
	const ok = `{"index":0,"type":"invoke","process":0,"time":5,"tx":"a","value":[]}` + "\n"
	event := func(value string) string {
		return `{"index":1,"type":"ok","process":0,"time":5,"tx":"a","value":` + value + "}\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", ok + "hello\n", `file.jsonl:2: column 1: 'h' where '{' should be`},
		{"empty line", ok + "\n" + ok, `file.jsonl:2: column 2: the line ends where '{' should be`},
		{"cut", ok + ok[:20], `file.jsonl:2: column 21: the line ends inside a string: the file ends in the middle of the line`},
		{"two events", ok[:len(ok)-1] + ok, `something follows the event`},
		{"missing field", strings.Replace(ok, `"time":5,`, "", 1), `the event has no "time"`},
		{"unknown field", strings.Replace(ok, `"time"`, `"thyme"`, 1), `unknown field "thyme"`},
		{"field twice", strings.Replace(ok, `"time":5`, `"time":5,"time":5`, 1), `field "time" is given twice`},
		{"unknown type", strings.Replace(ok, "invoke", "begin", 1), `unknown type "begin"`},
		{"empty id", strings.Replace(ok, `"a"`, `""`, 1), `the transaction id is empty`},
		{"negative process", strings.Replace(ok, `"process":0`, `"process":-1`, 1), `process -1 is not between`},
		{"null operations", strings.Replace(ok, `[]`, `null`, 1), `"value" is null, which only fail and info may be`},
		{"same index", ok + ok, `file.jsonl:2: index 0 follows index 0`},
		{"time", ok + strings.Replace(event(`[]`), `"time":5`, `"time":4`, 1), `file.jsonl:2: time goes back from 5 to 4 ns`},
		{"unknown operation", event(`[["x","k",1]]`), `unknown operation "x"`},
		{"no key", event(`[["r","",1]]`), `the key is empty`},
		{"fraction", event(`[["w","k",1.5]]`), `a number that is not an integer`},
		{"leading zero", event(`[["w","k",01]]`), `a number that is not an integer`},
		{"large number", event(`[["w","k",9223372036854775808]]`), `9223372036854775808 does not fit into 64 bits`},
		{"write of null", event(`[["w","k",null]]`), `'n' where an integer should be`},
		{"result missing", event(`[["r","k"]]`), `']' where ',' should be`},
		{"row without result", event(`[["scan",{"prefix":"t/"},[["t/a",null]]]]`), `a scan returned "t/a" without a result`},
		{"range without prefix", event(`[["scan",{},[]]]`), `the range has no "prefix"`},
		{"limit 0", event(`[["scan",{"prefix":"t/","limit":0},[]]]`), `limit 0 is not positive`},
		{"empty bound", event(`[["scan",{"prefix":"t/","to":""},[]]]`), `"to" is empty`},
		{"modulus 0", event(`[["scan",{"prefix":"t/","where":{"mod":[0,1]}},[]]]`), `modulus 0 is not positive`},
		{"where without mod", event(`[["scan",{"prefix":"t/","where":{}},[]]]`), `"where" has no "mod"`},
		{"order", event(`[["scan",{"prefix":"t/","order":"up"},[]]]`), `unknown order "up"`},
		{"half a null", event(`[["r","k",nul`), `'n' where null should be`},
		{"control character", event("[[\"r\",\"k\x01\",1]]"), `a control character inside a string`},
		{"not UTF-8", event("[[\"r\",\"k\xff\",1]]"), `the string is not UTF-8`},
		{"wrong escape", event(`[["r","k\x",1]]`), `the string has a wrong escape`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := read(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadErrorNamesTheLine(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	text := lines(all[:1])
	for _, err := range Read(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(text))), "f") {
		if !errors.Is(err, iotest.ErrTimeout) || !strings.HasPrefix(err.Error(), "f:1: ") {
			t.Errorf("error %v", err)
		}
	}
	for _, err := range Read(iotest.ErrReader(broken), "f") {
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	}
}

func TestContradictoryEvents(t *testing.T) {
	t.Parallel()
	begin := func(process int, tx string, ops ...Op) Event {
		return Event{Type: Invoke, Process: process, Tx: tx, Value: ops}
	}
	end := func(t Type, process int, tx string, ops ...Op) Event {
		return Event{Type: t, Process: process, Tx: tx, Value: ops}
	}
	for _, c := range []struct {
		name   string
		events []Event
		want   string
	}{
		{"two at once", []Event{begin(0, "a"), begin(0, "b")}, `process 0 begins transaction "b" while "a" runs`},
		{"after unknown", []Event{begin(0, "a"), end(Unknown, 0, "a"), begin(0, "b")}, `its transaction "a" has an unknown outcome`},
		{"id twice", []Event{begin(0, "a"), begin(1, "a")}, `transaction id "a" is used a second time (first at event 0)`},
		{"end without begin", []Event{end(Failed, 0, "a")}, `fail of transaction "a", which process 0 has not begun`},
		{"end twice", []Event{begin(0, "a"), end(Failed, 0, "a"), end(Failed, 0, "a")}, `event 2: fail of transaction "a", which process 0 has not begun`},
		{"end of another", []Event{begin(0, "a"), begin(1, "b"), end(Failed, 0, "b")}, `fail of transaction "b" on process 0, which runs "a"`},
		{"value twice", []Event{begin(0, "a"), end(Failed, 0, "a", Write("x", 1)), begin(0, "b"), end(Committed, 0, "b", Write("x", 1))}, `transactions "a" and "b" both write 1 to "x"`},
		{"value twice, never ended", []Event{begin(0, "a", Append("x", 1)), begin(1, "b", Append("x", 1))}, `transactions "a" and "b" both write 1 to "x"`},
		{"list and register", []Event{begin(0, "a"), end(Failed, 0, "a", Write("x", 1)), begin(0, "b"), end(Committed, 0, "b", Append("x", 2))}, `key "x" holds a list and a register: transaction "a" uses it otherwise`},
		{"list read from a register", []Event{begin(0, "a"), end(Committed, 0, "a", Write("x", 1), Get("x", Numbers(1)))}, `key "x" holds a list and a register`},
		{"scan without result", []Event{begin(0, "a"), end(Committed, 0, "a", Scan(Range{Prefix: "t/"}, nil))}, `its scan has no result`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b Builder
			var err error
			for _, e := range c.events {
				if err = b.Add(e); err != nil {
					break
				}
			}
			if err == nil {
				_, err = b.History()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestLoadMergesByTime checks that invocations come first at equal times, which
// makes transactions concurrent, and that processes belong to their file.
func TestLoadMergesByTime(t *testing.T) {
	t.Parallel()
	first := lines([]Event{
		{Index: 0, Type: Invoke, Time: 1, Tx: "a", Value: []Op{}},
		{Index: 1, Type: Committed, Time: 5, Tx: "a", Value: []Op{Append("x", 1)}},
	})
	at := func(time int64) string {
		return lines([]Event{
			{Index: 0, Type: Invoke, Time: time, Tx: "b", Value: []Op{}},
			{Index: 1, Type: Committed, Time: 9, Tx: "b", Value: []Op{Get("x", None)}},
		})
	}
	for time, want := range map[int64]Verdict{4: OK, 5: OK, 6: Violation} {
		h, err := Load(Source{"first", strings.NewReader(first)}, Source{"second", strings.NewReader(at(time))})
		if err != nil {
			t.Fatal(err)
		}
		if r := Check(h, Options{Level: StrictSerializable}); r.Verdict != want {
			t.Errorf("second begins at %d: want %s, got\n%s", time, want, r)
		}
	}
	_, err := Load(Source{"first", strings.NewReader(first)}, Source{"second", strings.NewReader(strings.ReplaceAll(first, `"a"`, `"b"`))})
	if err == nil || !strings.Contains(err.Error(), "second:2:") {
		t.Errorf("values of two files collide: error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for i := range all {
		f.Add(appendEvent(nil, &all[i]))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		p := parser{keys: map[string]string{}}
		e, err := p.event(line)
		if err != nil {
			return
		}
		if !json.Valid(line) {
			t.Fatalf("read %q, which is not JSON", line)
		}
		again, err := p.event(appendEvent(nil, &e))
		if err != nil {
			t.Fatalf("cannot read %q again: %v", appendEvent(nil, &e), err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatalf("(-read +again):\n%s", diff)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(lines(all)))
	f.Add([]byte(lines(simulate(1, workload{mode: dirty, clients: 3, transactions: 6, ops: 3, keys: 1, deletes: true, scans: true, conditions: true, unknown: 0.3}))))
	f.Add([]byte(lines(simulate(2, workload{mode: unchecked, clients: 3, transactions: 6, ops: 3, keys: 1, lists: true, deletes: true, scans: true}))))
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := Load(Source{"file", bytes.NewReader(file)})
		if err != nil {
			return
		}
		const effort = 100_000
		for _, l := range []Level{ReadCommitted, Snapshot} {
			if r := Check(h, Options{Level: l, RealTime: true, Effort: effort}); (r.Verdict == Violation) != (len(r.Anomalies) > 0) {
				t.Errorf("contradictory report:\n%s", r)
			}
		}
		for _, l := range []Level{Serializable, StrictSerializable} {
			got := Check(h, Options{Level: l, Effort: effort})
			want := Search(h, l == StrictSerializable, 20_000)
			if want != Undecided && got.Verdict != Undecided && want != got.Verdict {
				t.Errorf("exact search says %s, got\n%s", want, got)
			}
		}
	})
}
