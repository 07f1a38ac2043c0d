package history

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := int64(0)
	w := NewWriter(&out, func() int64 { now += 10; return now })
	p, q := w.Process(), w.Process()
	p.Invoke("a", Append("x", 1))
	q.Invoke("b")
	p.Unknown()
	p.Invoke("c", Get("x", None))
	q.Fail(Write("y", 1))
	p.Commit(Get("x", Numbers(1)))
	q.Invoke("d")
	q.Commit()
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	const want = `{"index":0,"type":"invoke","process":0,"time":10,"tx":"a","value":[["append","x",1]]}
{"index":1,"type":"invoke","process":1,"time":20,"tx":"b","value":[]}
{"index":2,"type":"info","process":0,"time":30,"tx":"a","value":null}
{"index":3,"type":"invoke","process":2,"time":40,"tx":"c","value":[["r","x",null]]}
{"index":4,"type":"fail","process":1,"time":50,"tx":"b","value":[["w","y",1]]}
{"index":5,"type":"ok","process":2,"time":60,"tx":"c","value":[["r","x",[1]]]}
{"index":6,"type":"invoke","process":1,"time":70,"tx":"d","value":[]}
{"index":7,"type":"ok","process":1,"time":80,"tx":"d","value":[]}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConcurrentProcessesWriteOneHistory(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := NewWriter(&out, nil)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			p := w.Process()
			for i := range 50 {
				p.Invoke(fmt.Sprintf("%d-%d", g, i), Append("x", int64(g*100+i)))
				if i%7 == 0 {
					p.Unknown()
				} else {
					p.Fail()
				}
			}
		})
	}
	wg.Wait()
	h, err := Load(Source{"file", &out})
	if err != nil {
		t.Fatal(err)
	}
	if h.Transactions() != 400 {
		t.Errorf("%d transactions", h.Transactions())
	}
}

type failingWriter struct{ left int }

var errFull = errors.New("disk full")

func (f *failingWriter) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriterKeepsItsFirstError(t *testing.T) {
	t.Parallel()
	out := &failingWriter{left: 1}
	w := NewWriter(out, nil)
	p := w.Process()
	p.Invoke("a")
	p.Commit()
	out.left = 1
	p.Invoke("b")
	if err := w.Err(); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
	if out.left != 1 {
		t.Error("an event was written after one was lost")
	}

	now := int64(10)
	w = NewWriter(&bytes.Buffer{}, func() int64 { now--; return now })
	p = w.Process()
	p.Invoke("a")
	p.Commit()
	if err := w.Err(); err == nil {
		t.Error("a clock that goes back is taken")
	}
}

func TestMisuseOfAProcessPanics(t *testing.T) {
	t.Parallel()
	for name, misuse := range map[string]func(*Process){
		"two at once":    func(p *Process) { p.Invoke("a"); p.Invoke("b") },
		"nothing to end": func(p *Process) { p.Commit() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(NewWriter(&bytes.Buffer{}, nil).Process())
		})
	}
}

func TestMonotonicClockDoesNotGoBack(t *testing.T) {
	t.Parallel()
	last := Monotonic()
	for range 10_000 {
		now := Monotonic()
		if now < last {
			t.Fatalf("from %d to %d", last, now)
		}
		last = now
	}
}
