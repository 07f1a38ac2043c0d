package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// result is what became of a mutant.
type result struct {
	Mutant  string // its description, which the same id may lose
	Killer  string `json:",omitempty"` // "" if it survived
	How     string `json:",omitempty"` // failed, timeout or crashed
	Test    string `json:",omitempty"`
	Seconds float64
}

func (r result) String() string {
	switch {
	case r.Killer == "":
		return "SURVIVED"
	case r.How == "failed":
		return r.Killer + " " + r.Test
	case r.Test == "":
		return r.Killer + " " + r.How
	}
	return r.Killer + " " + r.Test + " (" + r.How + ")"
}

// entry is a line of the book.
type entry struct {
	Key string
	ID  string
	result
}

// book keeps results from run to run, one per line of a file, the last one of a
// mutant counts.
type book struct {
	key string // of the present engine and tests

	mu      sync.Mutex
	file    *os.File
	entries map[string]entry
}

// openBook reads the book at path, and makes one if there is none.
func openBook(path, key string) (*book, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	b := &book{key: key, entries: map[string]entry{}}
	old, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		lines := bufio.NewScanner(old)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e entry
			if json.Unmarshal(lines.Bytes(), &e) == nil { // a line may have been cut off
				b.entries[e.ID] = e
			}
		}
		old.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	// Rewritten, it does not grow from run to run.
	if b.file, err = os.Create(path + ".new"); err != nil {
		return nil, err
	}
	for _, e := range b.entries {
		if err := b.append(e); err != nil {
			return nil, err
		}
	}
	return b, os.Rename(path+".new", path)
}

func (b *book) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = b.file.Write(append(line, '\n'))
	return err
}

// find returns the last result of a mutant, and whether it is one of the present
// engine and tests. One of another place with the same id is no result.
func (b *book) find(m *mutant) (r result, current bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entries[m.id]
	if !ok || e.Mutant != m.String() {
		return result{}, false
	}
	return e.result, e.Key == b.key
}

func (b *book) note(m *mutant, r result) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.entries[m.id]; ok && e.Key == b.key && e.result == r {
		return nil
	}
	e := entry{b.key, m.id, r}
	b.entries[m.id] = e
	return b.append(e)
}

func (b *book) close() error { return b.file.Close() }
