package history

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// parser reads one line. It is strict, since a history read leniently would be
// judged wrongly: no field is unknown, missing or given twice.
type parser struct {
	line []byte
	at   int
	// keys holds each key once, however many operations name it.
	keys map[string]string
}

// syntaxError is raised as a panic inside the parser and caught by event.
type syntaxError struct {
	column int
	text   string
}

func (p *parser) fail(format string, args ...any) {
	panic(syntaxError{p.at + 1, fmt.Sprintf(format, args...)})
}

// event parses the line of an event. An error names the column.
func (p *parser) event(line []byte) (e Event, err error) {
	p.line, p.at = line, 0
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case syntaxError:
			err = fmt.Errorf("column %d: %s", caught.column, caught.text)
		default:
			panic(caught)
		}
	}()
	fields := p.object(func(name string) int {
		switch name {
		case "index":
			e.Index = p.integer()
			return 0
		case "type":
			e.Type = Type(p.name(typeNames[1:], "type") + 1)
			return 1
		case "process":
			n := p.integer()
			if n < 0 || n > 1<<31-1 {
				p.fail("process %d is not between 0 and 2147483647", n)
			}
			e.Process = int(n)
			return 2
		case "time":
			e.Time = p.integer()
			return 3
		case "tx":
			if e.Tx = p.text(); e.Tx == "" {
				p.fail("the transaction id is empty")
			}
			return 4
		case "value":
			if !p.null() {
				e.Value = []Op{}
				p.list(func() { e.Value = append(e.Value, p.op()) })
			}
			return 5
		}
		return -1
	})
	for i, name := range [...]string{"index", "type", "process", "time", "tx", "value"} {
		if fields&(1<<i) == 0 {
			p.fail("the event has no %q", name)
		}
	}
	if p.peek(); p.at < len(p.line) {
		p.fail("something follows the event")
	}
	if e.Value == nil && (e.Type == Invoke || e.Type == Committed) {
		p.fail(`"value" is null, which only fail and info may be`)
	}
	return e, nil
}

func (p *parser) op() (o Op) {
	p.expect('[')
	o.Kind = Kind(p.name(kindNames[1:], "operation") + 1)
	p.expect(',')
	switch o.Kind {
	case RangeScan:
		o.Range = p.scanRange()
		p.expect(',')
		if !p.null() {
			o.Rows = []Row{}
			p.list(func() { o.Rows = append(o.Rows, p.row()) })
		}
	case PointRead:
		o.Key = p.key()
		p.expect(',')
		o.Result = p.result()
	case RecordDelete:
		o.Key = p.key()
	default:
		o.Key = p.key()
		p.expect(',')
		o.N = p.integer()
	}
	p.expect(']')
	return o
}

func (p *parser) row() (row Row) {
	p.expect('[')
	row.Key = p.key()
	p.expect(',')
	if row.Result = p.result(); row.Result.Kind == Absent {
		p.fail("a scan returned %q without a result: absent records are not rows", row.Key)
	}
	p.expect(']')
	return row
}

func (p *parser) result() Result {
	if p.null() {
		return None
	}
	if p.peek() != '[' {
		return Number(p.integer())
	}
	var list []int64
	p.list(func() { list = append(list, p.integer()) })
	return Numbers(list...)
}

func (p *parser) scanRange() (r Range) {
	fields := p.object(func(name string) int {
		switch name {
		case "prefix":
			r.Prefix = p.key()
			return 0
		case "from":
			r.From = p.text()
			return 1
		case "to":
			if r.To = p.text(); r.To == "" {
				p.fail(`"to" is empty; leave it out for no bound`)
			}
			return 2
		case "order":
			r.Order = Order(p.name(orderNames[:], "order"))
			return 3
		case "limit":
			n := p.integer()
			if n < 1 || n > 1<<31-1 {
				p.fail("limit %d is not positive; leave it out for no limit", n)
			}
			r.Limit = int(n)
			return 4
		case "where":
			inner := p.object(func(name string) int {
				if name != "mod" {
					return -1
				}
				p.expect('[')
				if r.Where.Mod = p.integer(); r.Where.Mod < 1 {
					p.fail("modulus %d is not positive", r.Where.Mod)
				}
				p.expect(',')
				r.Where.Rem = p.integer()
				p.expect(']')
				return 0
			})
			if inner == 0 {
				p.fail(`"where" has no "mod"`)
			}
			return 5
		}
		return -1
	})
	if fields&1 == 0 {
		p.fail(`the range has no "prefix"`)
	}
	return r
}

// object parses an object; field parses the value of a field and returns its
// number, -1 if it knows none of that name. The result has the bits of the
// fields seen.
func (p *parser) object(field func(name string) int) (seen uint) {
	p.expect('{')
	if p.peek() == '}' {
		p.at++
		return 0
	}
	for {
		name := p.text()
		p.expect(':')
		number := field(name)
		if number < 0 {
			p.fail("unknown field %q", name)
		}
		if seen&(1<<number) != 0 {
			p.fail("field %q is given twice", name)
		}
		seen |= 1 << number
		if p.peek() == ',' {
			p.at++
			continue
		}
		p.expect('}')
		return seen
	}
}

func (p *parser) list(element func()) {
	p.expect('[')
	if p.peek() == ']' {
		p.at++
		return
	}
	for {
		element()
		if p.peek() == ',' {
			p.at++
			continue
		}
		p.expect(']')
		return
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	for ; p.at < len(p.line); p.at++ {
		switch p.line[p.at] {
		case ' ', '\t', '\r', '\n':
		default:
			return p.line[p.at]
		}
	}
	return 0
}

func (p *parser) expect(c byte) {
	if got := p.peek(); got != c {
		p.unexpected(strconv.QuoteRune(rune(c)))
	}
	p.at++
}

func (p *parser) unexpected(want string) {
	if p.at >= len(p.line) {
		p.fail("the line ends where %s should be", want)
	}
	p.fail("%q where %s should be", p.line[p.at], want)
}

func (p *parser) null() bool {
	if p.peek() != 'n' {
		return false
	}
	if len(p.line) < p.at+4 || string(p.line[p.at:p.at+4]) != "null" {
		p.unexpected("null")
	}
	p.at += 4
	return true
}

func (p *parser) integer() int64 {
	p.peek()
	start := p.at
	if p.at < len(p.line) && p.line[p.at] == '-' {
		p.at++
	}
	digits := p.at
	for p.at < len(p.line) && p.line[p.at] >= '0' && p.line[p.at] <= '9' {
		p.at++
	}
	if p.at == digits {
		p.unexpected("an integer")
	}
	if p.at < len(p.line) && (p.line[p.at] == '.' || p.line[p.at] == 'e' || p.line[p.at] == 'E') || p.line[digits] == '0' && p.at > digits+1 {
		p.fail("a number that is not an integer")
	}
	n, err := strconv.ParseInt(string(p.line[start:p.at]), 10, 64)
	if err != nil {
		p.fail("%s does not fit into 64 bits", p.line[start:p.at])
	}
	return n
}

func (p *parser) text() string { return string(p.bytes()) }

func (p *parser) key() string {
	b := p.bytes()
	if key, ok := p.keys[string(b)]; ok {
		return key
	}
	if len(b) == 0 {
		p.fail("the key is empty")
	}
	key := string(b)
	p.keys[key] = key
	return key
}

func (p *parser) name(names []string, what string) int {
	b := p.bytes()
	for i, name := range names {
		if name == string(b) {
			return i
		}
	}
	p.fail("unknown %s %q", what, b)
	return 0
}

// bytes parses a string. The result may be part of the line.
func (p *parser) bytes() []byte {
	if p.peek() != '"' {
		p.unexpected("a string")
	}
	start := p.at
	plain := true
	for p.at++; p.at < len(p.line) && p.line[p.at] != '"'; p.at++ {
		switch c := p.line[p.at]; {
		case c == '\\':
			plain = false
			p.at++
		case c < ' ':
			p.fail("a control character inside a string")
		}
	}
	if p.at >= len(p.line) {
		p.at = len(p.line)
		p.fail("the line ends inside a string")
	}
	p.at++
	raw := p.line[start:p.at]
	if !utf8.Valid(raw) {
		p.fail("the string is not UTF-8")
	}
	if plain {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		p.fail("the string has a wrong escape")
	}
	return []byte(s)
}
