package sqlstore

import (
	"container/list"

	"github.com/scalargen/scalargen/storage"
)

// Statements keeps the prepared statements of one connection, those used most
// recently, by table and shape. Looking one up builds no text and allocates
// nothing. One goroutine at a time may use it.
type Statements[S any] struct {
	capacity int
	evicted  func(S)
	entries  map[statementKey]*list.Element // of *statementEntry[S]
	recent   *list.List                     // most recently used first
}

// statementKey holds the table by its address: a definition in use is immutable,
// and one that was read anew is another one.
type statementKey struct {
	table *storage.Table
	shape string
}

type statementEntry[S any] struct {
	key       statementKey
	statement S
}

// NewStatements returns an empty cache of at most capacity statements, which
// hands those that have to go to evicted.
func NewStatements[S any](capacity int, evicted func(S)) *Statements[S] {
	return &Statements[S]{capacity: capacity, evicted: evicted, entries: map[statementKey]*list.Element{}, recent: list.New()}
}

// Len returns the number of statements.
func (c *Statements[S]) Len() int { return c.recent.Len() }

// Get returns the statement of table with shape.
func (c *Statements[S]) Get(table *storage.Table, shape []byte) (statement S, found bool) {
	element := c.entries[statementKey{table, string(shape)}]
	if element == nil {
		return statement, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*statementEntry[S]).statement, true
}

// Put adds the statement of table with shape, which must not be there.
func (c *Statements[S]) Put(table *storage.Table, shape []byte, statement S) {
	if c.recent.Len() >= c.capacity {
		c.remove(c.recent.Back())
	}
	key := statementKey{table, string(shape)}
	c.entries[key] = c.recent.PushFront(&statementEntry[S]{key, statement})
}

// Clear evicts all statements.
func (c *Statements[S]) Clear() {
	for c.recent.Len() > 0 {
		c.remove(c.recent.Back())
	}
}

func (c *Statements[S]) remove(element *list.Element) {
	entry := c.recent.Remove(element).(*statementEntry[S])
	delete(c.entries, entry.key)
	c.evicted(entry.statement)
}
