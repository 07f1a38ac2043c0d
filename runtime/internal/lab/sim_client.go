package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// simTx is a transaction that has begun, with what it did and saw.
type simTx struct {
	plan *simStep
	id   string // with that of its group
	done []simDone
	end  End
	err  error
	// When it began, and when its client was told how it ended.
	began, met time.Duration
	process    *simProcess
}

// simDone is an operation that has returned without an error.
type simDone struct {
	*simOp
	rows         []simRecordRead // of get and scan
	began, ended time.Duration
}

// simRecordRead is a record as a transaction saw it.
type simRecordRead struct {
	key Key
	v   int
}

// run runs the steps of a client, one after the other.
func (s *simulation) run(c *simClientPlan) {
	for i := range c.steps {
		step := &c.steps[i]
		time.Sleep(step.think)
		p := s.net.running(c.process)
		if step.deed == transact {
			s.transact(p, step)
		} else {
			s.meddle(p, step)
		}
	}
}

// transact runs a transaction.
func (s *simulation) transact(p *simProcess, step *simStep) {
	ctx := context.WithValue(ctxNone, caller{}, step.id)
	tx := &simTx{plan: step, began: s.net.now(), process: p}
	t, err := p.engine.Begin(commit.BeginOptions{ID: step.id, Isolation: step.isolation, ReadOnly: step.readOnly})
	if err != nil {
		must(s.unlessDead(p, err))
		return
	}
	tx.id = t.ID()
	s.begin(tx)
	if tx.err = tx.operate(ctx, s.net, t); tx.err == nil && step.rollback {
		tx.err = errRolledBack
	}
	if tx.err != nil {
		t.Rollback()
	} else {
		tx.err = t.Commit(ctx)
	}
	tx.met = s.net.now()
	switch {
	case s.unlessDead(p, errDead) == nil:
		tx.end, tx.err = Unknown, errProcessCrashed
	case errors.Is(tx.err, commit.ErrUnknownStatus):
		tx.end = Unknown
	case tx.err == nil:
		tx.end = Committed
	default:
		tx.end = Failed
	}
}

// errProcessCrashed is what a client knows whose process has crashed.
var errProcessCrashed = errors.New("its process crashed")

// unlessDead returns err, nil if the process has crashed.
func (s *simulation) unlessDead(p *simProcess, err error) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if p.dead {
		return nil
	}
	return err
}

// operate runs the operations.
func (tx *simTx) operate(ctx context.Context, n *simNet, t *commit.Tx) error {
	table, err := tx.process.engine.Table(ctx, itemName)
	must(err)
	for i := range tx.plan.ops {
		o := &tx.plan.ops[i]
		d := simDone{simOp: o, began: n.now()}
		if err := d.run(ctx, t, table); err != nil {
			return err
		}
		d.ended = n.now()
		tx.done = append(tx.done, d)
	}
	return nil
}

// run runs the operation.
func (d *simDone) run(ctx context.Context, tx *commit.Tx, t *commit.Table) error {
	meta := t.Meta()
	ref := commit.Ref{Table: t, Key: d.key.values()}
	number := func(n int) storage.Value { return storage.IntValue(int32(n)) }
	changes := commit.Changes{Columns: []int{meta.Column("v"), meta.Column("cat")}, Values: []storage.Value{number(d.v), number(simCategory(d.v))}}
	inCategory := func(cat int) []storage.Predicate {
		if cat < 0 {
			return nil
		}
		return []storage.Predicate{{Column: meta.Column("cat"), Operator: storage.Eq, Value: number(cat)}}
	}
	switch d.kind {
	case get:
		rows, err := tx.Get(ctx, ref)
		if err == nil && rows[0] != nil {
			d.rows = []simRecordRead{simRecordOf(meta, rows[0])}
		}
		return err
	case put:
		return tx.Upsert(ctx, ref, changes)
	case insert:
		return tx.Insert(ctx, ref, changes)
	case update:
		return tx.Update(ctx, ref, changes, inCategory(d.when))
	case remove:
		return tx.Delete(ctx, ref, inCategory(d.when))
	}
	s := commit.Scan{Table: t, Kind: d.scan.kind}
	switch s.Kind {
	case storage.PartitionScan:
		s.Partition, s.Limit, s.Backward = []storage.Value{number(d.scan.partition)}, d.scan.limit, d.scan.backward
		s.Start = storage.Bound{Values: []storage.Value{number(d.scan.from)}, Inclusive: true}
		s.End = storage.Bound{Values: []storage.Value{number(d.scan.to)}, Inclusive: true}
	case storage.IndexScan:
		s.Index, s.IndexValue = meta.Column("cat"), number(d.scan.category)
	}
	if where := inCategory(d.scan.category); where != nil && s.Kind != storage.IndexScan {
		s.Where = storage.Filter{where}
	}
	for row, err := range tx.Scan(ctx, s) {
		if err != nil {
			return err
		}
		d.rows = append(d.rows, simRecordOf(meta, row))
	}
	return nil
}

func simRecordOf(t *storage.Table, row storage.Row) simRecordRead {
	number := func(column string) int { return int(row[t.Column(column)].Int64()) }
	return simRecordRead{Key{number("p"), number("c")}, number("v")}
}

// meddle does something to a transaction of somebody else, as an operator or a
// background job may.
func (s *simulation) meddle(p *simProcess, step *simStep) {
	ctx := context.WithValue(ctxNone, caller{}, step.id)
	var err error
	switch step.deed {
	case finishOther:
		_, err = p.engine.Finish(ctx, s.fullID(step.other))
	case abortOther:
		_, err = p.engine.Abort(ctx, s.fullID(step.other))
	case recoverRecord:
		var t *commit.Table
		t, err = p.engine.Table(ctx, itemName)
		must(err)
		_, err = p.engine.RecoverRecord(ctx, commit.Ref{Table: t, Key: step.record.values()})
	}
	if known := (*commit.Error)(nil); err != nil && !errors.As(err, &known) {
		panic(err)
	}
}

// String tells what the transaction did and saw.
func (tx *simTx) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v", tx.plan.id, tx.plan.isolation)
	for i := range tx.done {
		fmt.Fprintf(&b, ", %v", &tx.done[i])
	}
	if n := len(tx.done); n < len(tx.plan.ops) {
		fmt.Fprintf(&b, ", then %v", &simDone{simOp: &tx.plan.ops[n]})
	}
	fmt.Fprintf(&b, ": %v", tx.end)
	if tx.err != nil {
		fmt.Fprintf(&b, ": %v", tx.err)
	}
	return b.String()
}

func (d simDone) String() string {
	var seen []string
	for _, r := range d.rows {
		seen = append(seen, fmt.Sprintf("%d/%d = %d", r.key.P, r.key.C, r.v))
	}
	if seen == nil {
		seen = []string{"none"}
	}
	record := fmt.Sprintf("%d/%d", d.key.P, d.key.C)
	only := ""
	if d.when >= 0 {
		only = fmt.Sprintf(" if its category is %d", d.when)
	}
	switch d.kind {
	case get:
		return fmt.Sprintf("get %s: %s", record, strings.TrimPrefix(seen[0], record+" = "))
	case scan:
		return fmt.Sprintf("scan %v: %s", &d.scan, strings.Join(seen, ", "))
	case remove:
		return "delete " + record + only
	default:
		return fmt.Sprintf("%s %s = %d%s", [...]string{put: "put", insert: "insert", update: "update"}[d.kind], record, d.v, only)
	}
}

func (s *simScan) String() string {
	what := "all"
	switch s.kind {
	case storage.PartitionScan:
		what = fmt.Sprintf("%d/%d–%d", s.partition, s.from, s.to)
		if s.backward {
			what += " backward"
		}
		if s.limit > 0 {
			what += fmt.Sprintf(" limit %d", s.limit)
		}
	case storage.IndexScan:
		return fmt.Sprintf("index of category %d", s.category)
	}
	if s.category >= 0 {
		what += fmt.Sprintf(" of category %d", s.category)
	}
	return what
}

// fullID returns the id of the transaction of a step, with that of its group if it
// has begun.
func (s *simulation) fullID(id string) string {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return cmp.Or(s.net.ledger.ids[id], id)
}

// begin notes that a transaction has begun.
func (s *simulation) begin(tx *simTx) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	s.txs = append(s.txs, tx)
	s.net.ledger.ids[tx.plan.id] = tx.id
}
