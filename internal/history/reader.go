package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
)

// ErrTruncated is wrapped by the error of a malformed last line that has no end.
var ErrTruncated = errors.New("the file ends in the middle of the line")

// Read iterates over the events of one file. name stands for the file in
// errors, which end the iteration; they tell the line, and the column of a
// malformed one. Index and time of the events are checked to grow; what events
// of one process or transaction owe each other is checked by [Builder.Add].
func Read(r io.Reader, name string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		p := parser{keys: map[string]string{}}
		in := bufio.NewReaderSize(r, 1<<16)
		var last Event
		var long []byte
		for number := 1; ; number++ {
			line, err := in.ReadSlice('\n')
			for long = long[:0]; errors.Is(err, bufio.ErrBufferFull); line, err = in.ReadSlice('\n') {
				long = append(long, line...)
			}
			if len(long) > 0 {
				long = append(long, line...)
				line = long
			}
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Event{}, fmt.Errorf("%s:%d: %w", name, number, err))
				return
			}
			e, problem := p.event(line)
			switch {
			case problem != nil && err != nil:
				problem = fmt.Errorf("%w: %w: a killed program may have cut it, then remove this line, and its transaction counts as unknown", problem, ErrTruncated)
			case problem != nil || number == 1:
			case e.Index <= last.Index:
				problem = fmt.Errorf("index %d follows index %d: it must grow", e.Index, last.Index)
			case e.Time < last.Time:
				problem = fmt.Errorf("time goes back from %d to %d ns: the order of events is lost", last.Time, e.Time)
			}
			if problem != nil {
				yield(Event{}, fmt.Errorf("%s:%d: %w", name, number, problem))
				return
			}
			e.Line = number
			last = e
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Source is a file of a history.
type Source struct {
	Name   string // for errors and reports
	Reader io.Reader
}

// Load reads histories that were recorded at the same time on the same machine
// and merges them by time, at equal times invocations first. Processes of
// different files are different, whatever their numbers; transaction ids and
// values must be unique over all files.
func Load(sources ...Source) (*History, error) {
	type input struct {
		event Event
		next  func() (Event, error, bool)
	}
	var b Builder
	inputs := make([]*input, len(sources))
	advance := func(i int) error {
		e, err, ok := inputs[i].next()
		if !ok {
			inputs[i] = nil
			return nil
		}
		inputs[i].event = e
		return err
	}
	for i, s := range sources {
		next, stop := iter.Pull2(Read(s.Reader, s.Name))
		defer stop()
		b.files = append(b.files, s.Name)
		inputs[i] = &input{next: next}
		if err := advance(i); err != nil {
			return nil, err
		}
	}
	for {
		first := -1
		for i, in := range inputs {
			if in != nil && (first < 0 || before(&in.event, &inputs[first].event)) {
				first = i
			}
		}
		if first < 0 {
			return b.History()
		}
		if err := b.add(inputs[first].event, int32(first)); err != nil {
			return nil, err
		}
		if err := advance(first); err != nil {
			return nil, err
		}
	}
}

// before tells the order of events of different files. An invocation comes first
// at equal times: that makes the transactions concurrent, which accuses nobody.
func before(a, b *Event) bool {
	if a.Time != b.Time {
		return a.Time < b.Time
	}
	return a.Type == Invoke && b.Type != Invoke
}
