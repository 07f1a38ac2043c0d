//go:build linux

package soak

import (
	"context"
	"errors"
	"iter"
	"strconv"

	"github.com/scalargen/scalargen/internal/history"
	scalar "github.com/scalargen/scalargen/runtime"
)

// step is one operation of a planned transaction: as the invocation lists it, and
// how it is done, which appends what was read to run.done.
type step struct {
	planned history.Op
	do      func(ctx context.Context, r *run) error
}

// plan are the operations of a transaction. The writes are all done, or the
// transaction is rolled back: a client that is killed has told what it may have
// written.
type plan []step

func (p plan) planned() []history.Op {
	ops := make([]history.Op, len(p))
	for i, s := range p {
		ops[i] = s.planned
	}
	return ops
}

// run is a transaction under way.
type run struct {
	*worker
	tx        *scalar.Tx
	done      []history.Op
	lists     map[key]string    // as last seen or written; "" for no record
	registers map[key]*register // nil for no record
	at        key               // the record that is dealt with
	suspicion string            // what must not have been seen if the transaction commits
}

func (r *run) do(ctx context.Context, p plan) error {
	for _, s := range p {
		if err := s.do(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) did(op history.Op) { r.done = append(r.done, op) }

// readList is a point read of a list.
func readList(t *table[list], k key) step {
	return step{history.Get(t.name(k), history.None), func(ctx context.Context, r *run) error {
		r.at = k
		found, err := t.get(ctx, r.tx, k)
		switch {
		case errors.Is(err, scalar.ErrNotFound):
			r.lists[k] = ""
			r.did(history.Get(t.name(k), history.None))
			return nil
		case err != nil:
			return err
		}
		r.sawList(&found)
		r.did(history.Get(t.name(k), found.numbers()))
		return nil
	}}
}

// sawList remembers a list that was read.
func (r *run) sawList(l *list) {
	r.lists[l.key] = l.items
	r.born[l.key] = true
	const long = 25
	if n := len(l.numbers().List); n >= long {
		r.full[l.key] = true
	}
}

// appendTo appends a number to a list that was read before. mayInsert says whether
// it may be the first, unless the list was seen already and so has been deleted: a
// read that does not repeat may show that too.
func appendTo(t *table[list], k key, epoch, partition int, n int64, mayInsert bool) step {
	op := history.Append(t.name(k), n)
	return step{op, func(ctx context.Context, r *run) error {
		r.at = k
		items, tag, err := r.lists[k], tagOf(epoch, partition, n), error(nil)
		switch {
		case items == "" && (!mayInsert || r.born[k]):
			return errGivenUp
		case items == "":
			items = strconv.FormatInt(n, 10)
			err = t.Insert(ctx, r.tx, t.encode(&list{k, items, tag}))
		default:
			items += "," + strconv.FormatInt(n, 10)
			err = t.Update(ctx, r.tx, k.values(), scalar.Assignments([]scalar.Assign[list]{scalar.Set(listItems, items), scalar.Set(listTag, tag)}))
		}
		if err == nil {
			r.lists[k] = items
			r.did(op)
		}
		return err
	}}
}

// deleteList deletes a list that was read before, if it is so long that nobody
// needs it any more.
func deleteList(t *table[list], k key) step {
	op := history.Delete(t.name(k))
	return step{op, func(ctx context.Context, r *run) error {
		if r.at = k; !r.full[k] || r.lists[k] == "" {
			return errGivenUp
		}
		r.lists[k] = ""
		r.did(op)
		return t.Delete(ctx, r.tx, k.values())
	}}
}

// scanOf is a scan of lists.
func scanOf(t *table[list], of scalar.Scannable[list], selects history.Range) step {
	return step{history.Scan(selects, nil), func(ctx context.Context, r *run) error {
		rows, err := rowsOf(t, t.scan(ctx, r.tx, of), func(l *list) (key, history.Result) {
			r.sawList(l)
			return l.key, l.numbers()
		})
		r.did(history.Scan(selects, rows))
		return err
	}}
}

// rowsOf gathers what a scan yields. It is not nil if nothing was found.
func rowsOf[R any](t *table[R], records iter.Seq2[R, error], saw func(*R) (key, history.Result)) ([]history.Row, error) {
	rows := []history.Row{}
	for record, err := range records {
		if err != nil {
			return rows, err
		}
		k, result := saw(&record)
		rows = append(rows, history.Row{Key: t.name(k), Result: result})
	}
	return rows, nil
}

// readRegisters reads registers in one call.
func readRegisters(t *table[register], keys ...key) []step {
	steps := make([]step, len(keys))
	for i, k := range keys {
		steps[i] = step{history.Get(t.name(k), history.None), func(context.Context, *run) error { return nil }}
	}
	steps[0].do = func(ctx context.Context, r *run) error {
		r.at = keys[0]
		found, err := t.getAll(ctx, r.tx, keys)
		if err != nil {
			return err
		}
		for i, k := range keys {
			r.registers[k] = found[i]
			result := history.None
			if found[i] != nil {
				result = history.Number(found[i].n)
			}
			r.did(history.Get(t.name(k), result))
		}
		return nil
	}
	return steps
}

// writing is how a register is written.
type writing int

const (
	upsert     writing = iota // also without having read it
	change                    // update, or insert if there was none
	changeIf                  // the same, on condition that it is as it was read
	insertOnly                // without having read it
)

// writeRegister sets a register.
func writeRegister(t *table[register], k key, n int64, tag int32, how writing) step {
	op := history.Write(t.name(k), n)
	return step{op, func(ctx context.Context, r *run) error {
		r.at = k
		next := register{key: k, n: n, tag: tag}
		before := r.registers[k]
		set := scalar.Assignments([]scalar.Assign[register]{scalar.Set(registerN, n), scalar.Set(registerTag, tag)})
		var err error
		switch {
		case how == upsert:
			err = t.Upsert(ctx, r.tx, t.encode(&next))
		case how == insertOnly || before == nil:
			err = t.Insert(ctx, r.tx, t.encode(&next))
		case how == changeIf:
			err = t.UpdateIf(ctx, r.tx, k.values(), scalar.Condition(scalar.Eq(registerN, before.n)), set)
		default:
			err = t.Update(ctx, r.tx, k.values(), set)
		}
		if err == nil {
			r.registers[k] = &next
			r.did(op)
		}
		return err
	}}
}

// deleteRegister deletes a register that was read before.
func deleteRegister(t *table[register], k key) step {
	op := history.Delete(t.name(k))
	return step{op, func(ctx context.Context, r *run) error {
		if r.at = k; r.registers[k] == nil {
			return errGivenUp
		}
		r.did(op)
		return t.Delete(ctx, r.tx, k.values())
	}}
}

// transfer writes two accounts that were read before, and moves an amount.
func transfer(t *table[register], from, to key, amount int32, numbers [2]int64) []step {
	write := func(k key, n int64, by int32) step {
		op := history.Write(t.name(k), n)
		return step{op, func(ctx context.Context, r *run) error {
			r.at = k
			before := r.registers[k]
			if before == nil || before.amount+by < 0 {
				return errGivenUp
			}
			r.did(op)
			return t.Update(ctx, r.tx, k.values(), scalar.Assignments([]scalar.Assign[register]{
				scalar.Set(registerN, n), scalar.Set(registerHeld, before.amount+by),
			}))
		}}
	}
	return []step{write(from, numbers[0], -amount), write(to, numbers[1], amount)}
}

// opening is what each account holds at first.
const opening = 100

// audit scans all accounts.
func audit(t *table[register], partition string) step {
	selects := history.Range{Prefix: t.prefix(partition)}
	return step{history.Scan(selects, nil), func(ctx context.Context, r *run) error {
		total := int32(0)
		rows, err := rowsOf(t, t.scan(ctx, r.tx, scalar.RangeOf[register](scalar.TextValue(partition))), func(a *register) (key, history.Result) {
			total += a.amount
			return a.key, history.Number(a.n)
		})
		r.did(history.Scan(selects, rows))
		if total != columns*opening {
			r.suspicion = "seen accounts that hold " + strconv.Itoa(int(total)) + " together, not " + strconv.Itoa(columns*opening)
		}
		return err
	}}
}
