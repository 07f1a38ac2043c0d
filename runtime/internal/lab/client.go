package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// caller is the key of a transaction's id in the contexts of its calls.
type caller struct{}

// Client is what the script of an actor works with.
type Client struct {
	run    *run
	site   *site
	name   string
	script func(c *Client)
	txs    []*Tx
}

// End is how a transaction ended, as far as its client was told.
type End uint8

// The ends. A client that crashed was told nothing.
const (
	Open End = iota
	Committed
	Failed  // certainly not committed
	Unknown // nobody told
)

func (e End) String() string { return [...]string{"open", "committed", "failed", "unknown"}[e] }

// Tx is a transaction of a client, with what it did and saw.
type Tx struct {
	client     *Client
	ctx        context.Context // tells its calls from those of others in its process
	tx         *commit.Tx
	id         string
	ops        []op
	end        End
	err        error
	problem    string // a contradiction in what the client was told, "" for none
	began, met int    // choices that had been made when it began, and when its end was known
}

// op is one operation and its result.
type op struct {
	kind  opKind
	began int // choices that had been made when it began
	key   Key
	v     int
	cat   int
	rows  map[Key]value // of a scan
	of    ScanOf
	got   *value // of a get, nil for none
}

type opKind uint8

const (
	get opKind = iota
	scan
	put
	remove
	insert
	update
)

// value is what an item holds beside its key.
type value struct{ v, cat int }

// Transact runs a transaction: it commits if run returns true and nothing has
// gone wrong.
func (c *Client) Transact(run func(tx *Tx) bool) *Tx { return c.transact(commit.BeginOptions{}, run) }

// ReadOnly is Transact for a transaction that only reads.
func (c *Client) ReadOnly(run func(tx *Tx) bool) *Tx {
	return c.transact(commit.BeginOptions{ReadOnly: true}, run)
}

func (c *Client) transact(o commit.BeginOptions, run func(tx *Tx) bool) *Tx {
	tx := c.Begin(o)
	if tx.err == nil && !run(tx) && tx.err == nil {
		tx.tx.Rollback()
		tx.finish(errRolledBack)
		return tx
	}
	if tx.err != nil {
		tx.tx.Rollback()
		tx.finish(tx.err)
		return tx
	}
	tx.finish(tx.tx.Commit(tx.ctx))
	return tx
}

var errRolledBack = errors.New("rolled back")

// Begin starts a transaction that the script drives by itself.
func (c *Client) Begin(o commit.BeginOptions) *Tx {
	o.Isolation = c.run.scenario.Isolation
	if o.ID == "" {
		// An id of the engine's would tell which client was first.
		o.ID = fmt.Sprintf("%s%d", c.name, len(c.txs)+1)
	}
	tx := c.note(o.ID)
	var err error
	tx.tx, err = c.site.engine.Begin(o)
	must(err)
	tx.id = tx.tx.ID()
	return tx
}

// note enters a transaction into the history. The beginning of a later one is a
// choice of its own, since it matters who has ended by then.
func (c *Client) note(id string) *Tx {
	tx := &Tx{client: c, id: id, ctx: context.WithValue(ctxNone, caller{}, id)}
	if len(c.txs) > 0 {
		_ = c.site.hold(tx.ctx, "begins", "", footprint{writes: everywhere}, false, func(string) error { return nil })
	}
	tx.began = c.run.step()
	c.txs = append(c.txs, tx)
	return tx
}

// finish notes how the transaction ended, unless its client has crashed.
func (tx *Tx) finish(err error) {
	tx.err, tx.met = err, tx.client.run.step()
	switch {
	case tx.client.site.crashed(), errors.Is(err, commit.ErrUnknownStatus):
		tx.end = Unknown
	case err == nil:
		tx.end = Committed
	default:
		tx.end = Failed
	}
}

func (tx *Tx) table() *commit.Table {
	t, err := tx.client.site.engine.Table(tx.ctx, itemName)
	must(err)
	return t
}

func (tx *Tx) ref(k Key) commit.Ref { return commit.Ref{Table: tx.table(), Key: k.values()} }

// Get reads an item. It returns false if there is none, or if something went
// wrong, after which the transaction is not committed.
func (tx *Tx) Get(k Key) (v int, found bool) {
	if tx.err != nil {
		return 0, false
	}
	o := op{kind: get, key: k, began: tx.client.run.step()}
	rows, err := tx.tx.Get(tx.ctx, tx.ref(k))
	if tx.err = err; err != nil {
		return 0, false
	}
	if rows[0] != nil {
		_, got := tx.item(rows[0])
		o.got = &got
	}
	tx.ops = append(tx.ops, o)
	if o.got == nil {
		return 0, false
	}
	return o.got.v, true
}

// valueOf returns what a stored row holds.
func valueOf(row storage.Row) value {
	return value{int(row[columns.v].Int64()), int(row[columns.cat].Int64())}
}

func (tx *Tx) item(row storage.Row) (Key, value) {
	return keyOf(row[:2]), valueOf(row)
}

// ScanOf says which items a scan returns: those of a partition, or all, or all of
// one category.
type ScanOf struct {
	Partition *int
	Category  *int
	Limit     int // of a scan of a partition
}

// Scan reads items and returns their values.
func (tx *Tx) Scan(of ScanOf) map[Key]int {
	if tx.err != nil {
		return nil
	}
	t := tx.table()
	s := commit.Scan{Table: t, Kind: storage.FullScan, Limit: of.Limit}
	switch {
	case of.Partition != nil:
		s.Kind, s.Partition = storage.PartitionScan, []storage.Value{storage.IntValue(int32(*of.Partition))}
	case of.Category != nil:
		s.Kind, s.Index, s.IndexValue = storage.IndexScan, columns.cat, storage.IntValue(int32(*of.Category))
	}
	o := op{kind: scan, began: tx.client.run.step(), of: of, rows: map[Key]value{}}
	found := map[Key]int{}
	for row, err := range tx.tx.Scan(tx.ctx, s) {
		if tx.err = err; err != nil {
			return nil
		}
		k, v := tx.item(row)
		o.rows[k], found[k] = v, v.v
	}
	tx.ops = append(tx.ops, o)
	return found
}

// String says what the scan asks for.
func (s ScanOf) String() string {
	var b strings.Builder
	for i, bound := range []*int{s.Partition, s.Category} {
		if bound != nil {
			fmt.Fprint(&b, [...]string{" of partition ", " of category "}[i], *bound)
		}
	}
	return b.String()
}

func (tx *Tx) changes(v, cat int) commit.Changes {
	return commit.Changes{
		Columns: []int{columns.v, columns.cat},
		Values:  []storage.Value{storage.IntValue(int32(v)), storage.IntValue(int32(cat))},
	}
}

func (tx *Tx) write(o op, mutate func(ref commit.Ref) error) {
	if tx.err != nil {
		return
	}
	if tx.err = mutate(tx.ref(o.key)); tx.err == nil {
		tx.ops = append(tx.ops, o)
	}
}

// Put writes an item whether or not it is there. Values must differ from all
// others of the scenario.
func (tx *Tx) Put(k Key, v int) { tx.PutIn(k, v, 0) }

// PutIn is Put with a category.
func (tx *Tx) PutIn(k Key, v, cat int) {
	tx.write(op{kind: put, key: k, v: v, cat: cat}, func(ref commit.Ref) error { return tx.tx.Upsert(tx.ctx, ref, tx.changes(v, cat)) })
}

// Insert writes an item that must not be there.
func (tx *Tx) Insert(k Key, v int) {
	tx.write(op{kind: insert, key: k, v: v}, func(ref commit.Ref) error { return tx.tx.Insert(tx.ctx, ref, tx.changes(v, 0)) })
}

// Update changes an item if it is there.
func (tx *Tx) Update(k Key, v int) {
	tx.write(op{kind: update, key: k, v: v}, func(ref commit.Ref) error { return tx.tx.Update(tx.ctx, ref, tx.changes(v, 0), nil) })
}

// Delete removes an item.
func (tx *Tx) Delete(k Key) {
	tx.write(op{kind: remove, key: k}, func(ref commit.Ref) error { return tx.tx.Delete(tx.ctx, ref, nil) })
}

func (tx *Tx) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%v", tx.id, tx.end)
	if tx.err != nil {
		fmt.Fprintf(&b, ": %v", tx.err)
	}
	fmt.Fprint(&b, ")", tx.history())
	return b.String()
}

// history is what the transaction did and saw.
func (tx *Tx) history() string {
	var b strings.Builder
	for _, o := range tx.ops {
		switch o.kind {
		case get:
			fmt.Fprintf(&b, " get %v = ", o.key)
			if o.got == nil {
				fmt.Fprint(&b, "none;")
			} else {
				fmt.Fprintf(&b, "%d;", o.got.v)
			}
		case scan:
			fmt.Fprintf(&b, " scan%v = %v;", o.of, o.rows)
		case remove:
			fmt.Fprintf(&b, " delete %v;", o.key)
		default:
			fmt.Fprintf(&b, " %s %v = %d;", [...]string{put: "put", insert: "insert", update: "update"}[o.kind], o.key, o.v)
		}
	}
	return b.String()
}
