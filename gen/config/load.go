package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/scalargen/scalargen/schema"
)

// Bounds on the file. A configuration of 1,000 tables with a line for each of
// 10 columns takes 1 MB and 60,000 values.
const (
	maxSize     = 4 << 20
	maxValues   = 500_000 // a value counts again for every alias through which it is read
	maxReported = 1000
)

// Load reads scalargen.yaml. name is what positions show; it is not opened.
//
// The Config is never nil. If [schema.Diagnostics.Err] reports an error it
// holds what could be understood and is of no use to a generator.
func Load(name string, data []byte) (*Config, schema.Diagnostics) {
	l := &loader{file: name, data: data, lines: splitLines(data)}
	c := &Config{Pos: l.position(1, 1)}
	if root := l.parse(); root != nil {
		l.config(root, c)
	}
	return c, l.diagnostics()
}

// loader holds the state of one Load.
type loader struct {
	file   string
	data   []byte
	lines  []textLine
	values int // read so far
	found  schema.Diagnostics
	more   int // diagnostics beyond maxReported
}

// parse returns the value of the file's only document, nil if there is none.
func (l *loader) parse() *yaml.Node {
	top := l.position(1, 1)
	switch {
	case len(l.data) > maxSize:
		l.report(top, "the file has %d bytes, and the limit is %d: move doc texts elsewhere, or split the schema over several configurations", len(l.data), maxSize)
		return nil
	case bytes.HasPrefix(l.data, []byte("\xff\xfe")), bytes.HasPrefix(l.data, []byte("\xfe\xff")):
		l.report(top, "the file is UTF-16: save it as UTF-8")
		return nil
	case !utf8.Valid(l.data):
		l.report(l.firstInvalid(), "the file is not UTF-8: save it as UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(l.data))
	var document, second yaml.Node
	if err := decode(decoder, &document); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		l.syntaxError(err)
		return nil
	}
	if err := decode(decoder, &second); err == nil {
		l.errorf(&second, "the file has a second YAML document, and only one can be meant: remove the --- line, or the rest of the file")
	} else if !errors.Is(err, io.EOF) {
		l.syntaxError(err)
	}
	return document.Content[0]
}

// decode is decoder.Decode without its panics: the library answers some
// malformed comments with "internal error, please report".
func decode(decoder *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("yaml: %v", fault)
		}
	}()
	return decoder.Decode(into)
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError reports an error of the YAML library, which knows the line at
// best, and often the one before or after.
func (l *loader) syntaxError(err error) {
	text := err.Error()
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		n, _ := strconv.Atoi(m[1])
		if strings.HasPrefix(text, "did not find expected") {
			n++ // errors of the grammar, unlike those of words, count lines from 0
		}
		line = max(1, min(n, len(l.lines)))
	}
	if m := yamlAnchor.FindStringSubmatch(text); m != nil {
		at := max(0, bytes.Index(l.data, []byte("*"+m[1])))
		l.report(l.positionAt(at), "there is no anchor &%s above to which *%s could refer: declare it, or quote the text if it is meant to begin with *", m[1], m[1])
		return
	}
	end := len(l.data)
	if line < len(l.lines) {
		end = l.lines[line].start
	}
	start := l.lines[line-1].start
	content := l.data[start:end]
	indent := len(content) - len(bytes.TrimLeft(content, " \t"))
	if bytes.IndexByte(content[:indent], '\t') >= 0 {
		l.report(l.positionAt(start), "a tab indents the line, and YAML knows blanks only: replace it with blanks")
		return
	}
	l.report(l.positionAt(start+indent), "the file is not YAML here or near here: %s; check indentation, colons and quotes", text)
}

// errorf reports an error at n.
func (l *loader) errorf(n *yaml.Node, format string, args ...any) {
	l.report(l.position(n.Line, n.Column), format, args...)
}

func (l *loader) report(at schema.Position, format string, args ...any) {
	if len(l.found) >= maxReported {
		l.more++
		return
	}
	l.found = append(l.found, schema.Diagnostic{Pos: at, Severity: schema.Error, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) diagnostics() schema.Diagnostics {
	sortByPosition(l.found)
	if l.more > 0 {
		l.found = append(l.found, schema.Diagnostic{
			Pos:     l.found[len(l.found)-1].Pos,
			Message: strconv.Itoa(l.more) + " more errors are not shown: correct the ones above first",
		})
	}
	return l.found
}

// sortByPosition sorts diagnostics of one file.
func sortByPosition(ds schema.Diagnostics) {
	slices.SortStableFunc(ds, func(a, b schema.Diagnostic) int { return a.Pos.Offset - b.Pos.Offset })
}

// quote renders text from the file for a message: on one line, nothing
// invisible, no longer than a reader needs to recognise it.
func quote(s string) string {
	const longest = 80
	if len(s) > longest {
		return strconv.Quote(strings.ToValidUTF8(s[:longest], "")) + "…"
	}
	return strconv.Quote(s)
}
