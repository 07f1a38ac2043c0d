package history

import (
	"fmt"
	"strconv"
	"strings"
)

// name names a transaction and says where it stands.
func (c *checker) name(tx int32) string {
	return fmt.Sprintf("%s (%s)", c.h.txs[tx].id, c.h.where(tx))
}

func (c *checker) key(key int32) string { return c.h.keys[key] }

// shownElements of a list are told, the last ones.
const shownElements = 6

func format(r result) string {
	switch r.kind {
	case Register:
		return strconv.FormatInt(r.n, 10)
	case List:
		var b strings.Builder
		b.WriteByte('[')
		from := max(0, len(r.list)-shownElements)
		if from > 0 {
			b.WriteString("… ")
		}
		for i, n := range r.list[from:] {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.FormatInt(n, 10))
		}
		b.WriteByte(']')
		return b.String()
	default:
		return "nothing"
	}
}

func formatRange(r *Range) string {
	return string(appendRange(nil, r))
}

func (c *checker) formatRows(rows []row) string {
	if len(rows) == 0 {
		return "nothing"
	}
	parts := make([]string, len(rows))
	for i := range rows {
		parts[i] = c.key(rows[i].key) + " = " + format(c.h.rowResult(&rows[i]))
	}
	return strings.Join(parts, ", ")
}

// versionText tells what a reader of the version saw.
func (c *checker) versionText(key, version int32) string {
	switch {
	case version == openVersion || version >= 0 && c.isInitial(version):
		return c.key(key) + " as absent"
	case version < 0:
		return c.key(key)
	}
	o := &c.h.ops[version]
	switch o.kind {
	case RecordDelete:
		return fmt.Sprintf("%s as deleted by %s", c.key(key), c.name(o.tx))
	case ListAppend:
		return fmt.Sprintf("%s ending with %d", c.key(key), o.n)
	default:
		return fmt.Sprintf("%s = %d", c.key(key), o.n)
	}
}

// didText tells what a write did.
func (c *checker) didText(version int32) string {
	o := &c.h.ops[version]
	switch o.kind {
	case RecordDelete:
		return "deleted " + c.key(o.key)
	case ListAppend:
		return fmt.Sprintf("appended %d to %s", o.n, c.key(o.key))
	default:
		return fmt.Sprintf("wrote %d to %s", o.n, c.key(o.key))
	}
}

// why says why an edge exists.
func (c *checker) why(e *edge) string {
	a, b := c.h.txs[e.from].id, c.h.txs[e.to].id
	wrote := func(tx int32) string {
		for i := c.h.txs[tx].to - 1; i >= c.h.txs[tx].from; i-- {
			if o := &c.h.ops[i]; o.key == e.key && o.kind.IsWrite() {
				return c.didText(i)
			}
		}
		return "wrote " + c.key(e.key)
	}
	switch e.kind {
	case ww:
		return fmt.Sprintf("%s %s; %s %s, which is the newer version.", a, wrote(e.from), b, wrote(e.to))
	case wr:
		return fmt.Sprintf("%s %s; %s %s.", a, wrote(e.from), b, c.sawText(e.to, e.key))
	case rw, pw:
		return fmt.Sprintf("%s %s; that was before %s %s.", a, c.sawText(e.from, e.key), b, wrote(e.to))
	default:
		return fmt.Sprintf("%s was acknowledged before %s began.", a, b)
	}
}

// sawText tells what a transaction read of a key.
func (c *checker) sawText(tx, key int32) string {
	for i := range c.seen {
		o := &c.seen[i]
		if o.tx != tx || o.key != key {
			continue
		}
		op := &c.h.ops[o.op]
		switch {
		case o.missed:
			return fmt.Sprintf("scanned %s and did not find %s", formatRange(&c.h.ranges[op.key]), c.key(key))
		case op.kind == ListAppend:
			return fmt.Sprintf("inserted %s, which was absent", c.key(key))
		case op.kind == RangeScan:
			for _, row := range c.h.opRows(op) {
				if row.key == key {
					return fmt.Sprintf("scanned %s = %s", c.key(key), format(c.h.rowResult(&row)))
				}
			}
		}
		return fmt.Sprintf("read %s = %s", c.key(key), format(c.h.opResult(op)))
	}
	return "read " + c.key(key)
}

// literalText tells a choice.
func (c *checker) literalText(l literal) string {
	if int(l.variable) < len(c.open) {
		o := &c.seen[c.open[l.variable]]
		version := c.domainsOf[l.variable][l.value]
		if c.isInitial(version) {
			return fmt.Sprintf("%s came before anybody wrote %s", c.name(o.tx), c.key(o.key))
		}
		return fmt.Sprintf("%s came after %s %s", c.name(o.tx), c.name(c.writer(version)), c.didText(version))
	}
	p := c.choices.named[int(l.variable)-len(c.open)]
	if l.value == 1 {
		p[0], p[1] = p[1], p[0]
	}
	return fmt.Sprintf("%s %s before %s %s", c.name(c.writer(c.chains[p[0]].tail)), c.didText(c.chains[p[0]].tail),
		c.name(c.writer(c.chains[p[1]].head)), c.didText(c.chains[p[1]].head))
}
