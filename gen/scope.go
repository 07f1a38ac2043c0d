package gen

import (
	"fmt"
	"strconv"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// scope is the name table of one scope of the generated code: a package, the
// fields of a record, the constants of an enum.
type scope struct {
	planner *planner
	names   map[string]claim
	offered map[string]bool    // as alternatives
	clashes map[[2]string]bool // pairs of owners, to report each once
}

// claim is somebody's wish for a name.
type claim struct {
	owner string // who would have to be renamed: a table, a column, an enum
	what  string // what would be named, for people
	pos   schema.Position
	// line returns the line of scalargen.yaml that names the owner after an
	// alternative to its base name.
	line func(name string) string
	base string // the name that line sets, from which the claimed one derives
}

func (p *planner) scope() *scope {
	return &scope{planner: p, names: map[string]claim{}, offered: map[string]bool{}, clashes: map[[2]string]bool{}}
}

// claim enters a name, or reports with whom it clashes.
func (s *scope) claim(name string, c claim) {
	other, taken := s.names[name]
	if !taken {
		s.names[name] = c
		return
	}
	pair := [2]string{other.owner, c.owner}
	if s.clashes[pair] {
		return
	}
	s.clashes[pair] = true
	// What cannot be renamed, such as the package's own Schema, has no line.
	if c.line == nil {
		c, other = other, c
	}
	where := ""
	if other.pos != (schema.Position{}) {
		where = " (" + other.pos.String() + ")"
	}
	s.planner.errorf(c.pos, "%s and %s%s would both be named %s in Go: add to scalargen.yaml, with a name of your choice:  %s",
		c.what, other.what, where, name, c.line(s.alternative(c.base)))
}

// alternative returns a name like base that is free, another one each time.
func (s *scope) alternative(base string) string {
	for n := 2; ; n++ {
		name := base + strconv.Itoa(n)
		if _, taken := s.names[name]; !taken && !s.offered[name] {
			s.offered[name] = true
			return name
		}
	}
}

// planner is the state of one NewPlan.
type planner struct {
	config *config.Config
	found  schema.Diagnostics
}

func (p *planner) errorf(pos schema.Position, format string, args ...any) {
	p.found = append(p.found, schema.Diagnostic{Pos: pos, Severity: schema.Error, Message: fmt.Sprintf(format, args...)})
}

// The lines of scalargen.yaml that messages propose.

func packageLine(namespace, member, value string) string {
	return fmt.Sprintf("packages: {%s: {%s: %s}}", yamlWord(namespace), member, yamlWord(value))
}

func tableLine(table, member, value string) string {
	return fmt.Sprintf("tables: {%s: {%s: %s}}", yamlWord(table), member, yamlWord(value))
}

func columnLine(table, column, member, value string) string {
	return fmt.Sprintf("tables: {%s: {columns: {%s: {%s: %s}}}}", yamlWord(table), yamlWord(column), member, yamlWord(value))
}

// yamlWord spells a text as a scalar inside {…}.
func yamlWord(s string) string {
	plain := s != "" && !yamlReserved[s]
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		plain = plain && (letter || i > 0 && (r == '.' || r == '-' || '0' <= r && r <= '9'))
	}
	if plain {
		return s
	}
	return quoted(s)
}

// yamlReserved are words that some YAML parser takes for something else.
var yamlReserved = set(`true True TRUE false False FALSE yes Yes YES no No NO on On ON off Off OFF null Null NULL y Y n N`)
