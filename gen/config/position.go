package config

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"github.com/scalargen/scalargen/schema"
)

// textLine is a line of the file.
type textLine struct {
	start   int // offset of the first byte
	ascii   bool
	offsets []int // of each code point from start; filled on demand, nil for ASCII
}

var byteOrderMark = []byte("\ufeff")

// splitLines finds the lines of text. They end as they do for YAML, whose
// positions are translated with them.
func splitLines(text []byte) []textLine {
	lines := []textLine{{ascii: true}}
	if bytes.HasPrefix(text, byteOrderMark) {
		lines[0].start = len(byteOrderMark)
	}
	for i := lines[0].start; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		i += size
		switch c {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				i++
			}
			lines = append(lines, textLine{start: i, ascii: true})
		case '\n', '\u0085', '\u2028', '\u2029':
			lines = append(lines, textLine{start: i, ascii: true})
		default:
			if size > 1 {
				lines[len(lines)-1].ascii = false
			}
		}
	}
	return lines
}

// position translates a line and column of the YAML library, which counts both
// from 1 and columns in code points. It takes constant time, amortized, because
// a hostile file may have all of its values on one line.
func (l *loader) position(line, column int) schema.Position {
	p := schema.Position{File: l.file, Line: line, Column: column, Offset: len(l.data)}
	if line > len(l.lines) {
		return p
	}
	at := &l.lines[line-1]
	if at.ascii {
		p.Offset = min(at.start+column-1, len(l.data))
		return p
	}
	if at.offsets == nil {
		end := len(l.data)
		if line < len(l.lines) {
			end = l.lines[line].start
		}
		for i := range string(l.data[at.start:end]) {
			at.offsets = append(at.offsets, at.start+i)
		}
	}
	if column <= len(at.offsets) {
		p.Offset = at.offsets[column-1]
	}
	return p
}

// positionAt returns the position of the byte at offset.
func (l *loader) positionAt(offset int) schema.Position {
	line := max(0, sort.Search(len(l.lines), func(i int) bool { return l.lines[i].start > offset })-1)
	start := min(l.lines[line].start, offset)
	return schema.Position{File: l.file, Offset: offset, Line: line + 1, Column: utf8.RuneCount(l.data[start:offset]) + 1}
}

func (l *loader) firstInvalid() schema.Position {
	for i := 0; ; {
		c, size := utf8.DecodeRune(l.data[i:])
		if c == utf8.RuneError && size <= 1 {
			return l.positionAt(i)
		}
		i += size
	}
}
