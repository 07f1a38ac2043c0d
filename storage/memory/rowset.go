package memory

import (
	"iter"
	"slices"
	"sort"

	"github.com/scalargen/scalargen/storage"
)

// rowSet holds rows in the order of their first columns: a list of sorted
// chunks, none of them empty. To find a row is two binary searches, to insert
// one moves at most one chunk, and unlike in a tree both directions of a scan
// are plain loops.
type rowSet struct {
	descending []bool // for each column of the order
	chunks     [][]storage.Row
}

const chunkSize = 128

// position is a place in a rowSet; the end is the one after the last chunk.
type position struct{ chunk, index int }

func (p position) before(other position) bool {
	return p.chunk < other.chunk || p.chunk == other.chunk && p.index < other.index
}

// compare orders row against a probe: the values of some first columns. A row equals every probe that is a prefix of it.
func (s *rowSet) compare(row storage.Row, probe []storage.Value) int {
	for i, v := range probe {
		if order := storage.Compare(row[i], v); order != 0 {
			if s.descending[i] {
				return -order
			}
			return order
		}
	}
	return 0
}

// seek returns the place of the first row that is not before probe, or with
// after of the first one behind all rows that equal it.
func (s *rowSet) seek(probe []storage.Value, after bool) position {
	reached := func(row storage.Row) bool {
		order := s.compare(row, probe)
		return order > 0 || order == 0 && !after
	}
	chunk := sort.Search(len(s.chunks), func(i int) bool { return reached(s.chunks[i][len(s.chunks[i])-1]) })
	if chunk == len(s.chunks) {
		return position{chunk: chunk}
	}
	rows := s.chunks[chunk]
	return position{chunk, sort.Search(len(rows), func(i int) bool { return reached(rows[i]) })}
}

// get returns the row with exactly the key probe, or nil.
func (s *rowSet) get(probe []storage.Value) storage.Row {
	if p := s.seek(probe, false); p.chunk < len(s.chunks) {
		if row := s.chunks[p.chunk][p.index]; s.compare(row, probe) == 0 {
			return row
		}
	}
	return nil
}

// replace puts row in the place of the row with the key probe, or inserts it; a
// nil row removes the one that is there.
func (s *rowSet) replace(probe []storage.Value, row storage.Row) {
	p := s.seek(probe, false)
	if p.chunk < len(s.chunks) && s.compare(s.chunks[p.chunk][p.index], probe) == 0 {
		if row != nil {
			s.chunks[p.chunk][p.index] = row
			return
		}
		s.chunks[p.chunk] = slices.Delete(s.chunks[p.chunk], p.index, p.index+1)
		if len(s.chunks[p.chunk]) == 0 {
			s.chunks = slices.Delete(s.chunks, p.chunk, p.chunk+1)
		}
		return
	}
	if row != nil {
		s.insert(p, row)
	}
}

func (s *rowSet) insert(p position, row storage.Row) {
	if p.chunk == len(s.chunks) {
		if p.chunk == 0 {
			s.chunks = append(s.chunks, make([]storage.Row, 0, chunkSize))
		} else {
			p.chunk--
		}
		p.index = len(s.chunks[p.chunk])
	}
	if len(s.chunks[p.chunk]) == chunkSize {
		half := chunkSize / 2
		if p.index == chunkSize {
			// Rows that arrive in order leave full chunks behind.
			half = chunkSize
		}
		rest := append(make([]storage.Row, 0, chunkSize), s.chunks[p.chunk][half:]...)
		clear(s.chunks[p.chunk][half:])
		s.chunks[p.chunk] = s.chunks[p.chunk][:half]
		s.chunks = slices.Insert(s.chunks, p.chunk+1, rest)
		if p.index > half || len(rest) == 0 {
			p = position{p.chunk + 1, p.index - half}
		}
	}
	s.chunks[p.chunk] = slices.Insert(s.chunks[p.chunk], p.index, row)
}

// between yields the rows from one place up to another one, backward from the
// last to the first.
func (s *rowSet) between(from, to position, backward bool) iter.Seq[storage.Row] {
	if backward {
		return s.backward(from, to)
	}
	return func(yield func(storage.Row) bool) {
		for p := from; p.before(to); p = (position{chunk: p.chunk + 1}) {
			rows := s.chunks[p.chunk][p.index:]
			if p.chunk == to.chunk {
				rows = s.chunks[p.chunk][p.index:to.index]
			}
			for _, row := range rows {
				if !yield(row) {
					return
				}
			}
		}
	}
}

func (s *rowSet) backward(from, to position) iter.Seq[storage.Row] {
	return func(yield func(storage.Row) bool) {
		for p := to; from.before(p); {
			if p.index == 0 {
				p.chunk--
				p.index = len(s.chunks[p.chunk])
				continue
			}
			p.index--
			if !yield(s.chunks[p.chunk][p.index]) {
				return
			}
		}
	}
}
