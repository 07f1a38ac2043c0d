package main

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/gen"
)

// diff returns a change as a unified diff with paths that are valid where the
// command was started, if they can be.
func (r *report) diff(c gen.Change) string {
	if filepath.IsLocal(r.out) {
		c.Path = path.Join(filepath.ToSlash(r.out), c.Path)
	}
	return renumber(c.Diff())
}

// hunkHeader is "@@ -first,count +first,count @@"; a count of 1 is left out.
var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$`)

// renumber corrects the second number of hunks after the first: go-udiff, as
// the differ of x/tools that it is a copy of, does not count lines between two
// changes of one hunk, and git refuses such a patch.
func renumber(diff string) string {
	var b strings.Builder
	shift := 0 // of lines, through the hunks before
	for line := range strings.Lines(diff) {
		m := hunkHeader.FindStringSubmatch(line)
		if m == nil {
			b.WriteString(line)
			continue
		}
		from, fromCount, toCount := number(m[1]), count(m[2]), count(m[4])
		to := from + shift
		if fromCount == 0 {
			to++ // the new lines come after line from
		}
		if toCount == 0 {
			to--
		}
		at := strings.IndexByte(line, '+') + 1
		b.WriteString(line[:at] + strconv.Itoa(to) + line[at+len(m[3]):])
		shift += toCount - fromCount
	}
	return b.String()
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func count(digits string) int {
	if digits == "" {
		return 1
	}
	return number(digits)
}

// changedLines counts the lines of a unified diff.
func changedLines(diff string) string {
	added, removed, inHunk := 0, 0, false
	for line := range strings.Lines(diff) {
		switch {
		case line[0] == '@':
			inHunk = true
		case inHunk && line[0] == '+':
			added++
		case inHunk && line[0] == '-':
			removed++
		}
	}
	return fmt.Sprintf("+%d -%d lines", added, removed)
}
