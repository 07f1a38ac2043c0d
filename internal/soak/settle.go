//go:build linux

package soak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/storage"
)

// stateCommitted is the state of committed records, and of coordinator rows that
// decide so, as stored.
const stateCommitted = 3

// stored is a record as the storage has it.
type stored struct {
	table *storage.Table
	row   storage.Row
}

func (r *stored) value(column string) storage.Value { return r.row[r.table.Column(column)] }

func (r *stored) String() string { return r.table.String() + r.table.FormatKey(r.table.Key(r.row)) }

// partition reads the records of a partition from the storage itself.
func (c *closer) partition(ctx context.Context, name string) ([]stored, error) {
	letter, partition, _ := strings.Cut(name, "/")
	def := c.tables.lists.Def
	if letter == c.tables.registers.letter {
		def = c.tables.registers.Def
	}
	return c.scan(ctx, storage.Scan{Kind: storage.PartitionScan, Partition: []storage.Value{storage.TextValue(partition)}}, def.TableName)
}

func (c *closer) scan(ctx context.Context, scan storage.Scan, name storage.TableName) (records []stored, err error) {
	if scan.Table, err = c.storage.Table(ctx, name); err != nil {
		return nil, err
	}
	for {
		page, err := c.storage.Scan(ctx, &scan)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			records = append(records, stored{scan.Table, row})
		}
		if scan.After = page.Next; page.Next == nil {
			return records, nil
		}
	}
}

// settle checks what the storage holds of an epoch that nobody works in and whose
// records were all read, which completes them.
func (c *closer) settle(ctx context.Context, epoch int, r *recorded) error {
	total := int64(0)
	writers := map[string][]*stored{} // of records, and these
	for _, name := range slices.Sorted(maps.Keys(r.keys)) {
		var records []stored
		err := until(ctx, func(ctx context.Context) (err error) {
			if records, err = c.partition(ctx, name); err != nil {
				return err
			}
			return c.recover(ctx, records)
		})
		if err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
		for i := range records {
			id := records[i].value("tx_id").Text()
			writers[id] = append(writers[id], &records[i])
			if strings.HasSuffix(name, "/"+accounts(epoch)) {
				total += records[i].value("amount").Int64()
			}
		}
	}
	if total != columns*opening {
		return fmt.Errorf("%w: the accounts of epoch %d hold %d together, not %d", errWrong, epoch, total, columns*opening)
	}
	for id, written := range writers {
		switch outcome, known := r.outcomes[id]; {
		case !known:
			return fmt.Errorf("%w: %s was written by transaction %s, which nobody has begun", errWrong, written[0], id)
		case outcome == history.Failed:
			return fmt.Errorf("%w: %s was written by transaction %s, which was reported as failed", errWrong, written[0], id)
		}
	}
	return until(ctx, func(ctx context.Context) error { return c.agree(ctx, r.outcomes, writers) })
}

// recover completes records that are prepared. It reports those that it has found
// so, for another look.
func (c *closer) recover(ctx context.Context, records []stored) error {
	var errs []error
	for i := range records {
		r := &records[i]
		if state := r.value("tx_state").Int64(); state != stateCommitted {
			done, err := c.db.RecoverRecord(ctx, r.table.TableName, r.table.Key(r.row)...)
			errs = append(errs, errors.Join(fmt.Errorf("%s is in state %d, left by transaction %s (recovered: %t)", r, state, r.value("tx_id").Text(), done), err))
			continue
		}
		for j, column := range r.table.Columns {
			if strings.HasPrefix(column.Name, "before_") && !r.row[j].IsNull() {
				return fmt.Errorf("%w: %s is committed and has a before image: %s is %s", errWrong, r, column.Name, r.row[j])
			}
		}
	}
	return errors.Join(errs...)
}

// agree compares what the clients were told, and the records that they wrote, with
// the coordinator table.
func (c *closer) agree(ctx context.Context, outcomes map[string]history.Type, writers map[string][]*stored) error {
	meta, err := c.storage.Table(ctx, storage.TableName{Namespace: c.target.Coordinator, Name: "state"})
	if err != nil {
		return err
	}
	children := meta.Column("tx_child_ids")
	const batch = 200
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(outcomes)), batch) {
		var gets []storage.Get
		get := func(id string) {
			gets = append(gets, storage.Get{Table: meta, Key: []storage.Value{storage.TextValue(id)}})
		}
		for _, id := range ids {
			get(id)
			parent, _ := splitID(id)
			get(parent)
		}
		rows, err := c.storage.Get(ctx, gets)
		if err != nil {
			return err
		}
		for i, id := range ids {
			own, group := rows[2*i], rows[2*i+1]
			_, child := splitID(id)
			if child != "" && group != nil && slices.Contains(strings.Split(group[children].Text(), ","), child) {
				own = group
			}
			if why := contradiction(outcomes[id], stored{meta, own}, writers[id]); why != "" {
				return fmt.Errorf("%w: transaction %s: %s", errWrong, id, why)
			}
		}
	}
	return nil
}

// contradiction tells how a decision, whose row is nil if there is none, contradicts
// what the client was told, or the records that the transaction wrote. A record
// that was written in one phase has the same moment twice.
func contradiction(told history.Type, decision stored, written []*stored) string {
	state := int64(0)
	if decision.row != nil {
		state = decision.value("tx_state").Int64()
		if told == history.Committed && state != stateCommitted || told == history.Failed && state == stateCommitted {
			return fmt.Sprintf("it was reported as %s, and its decision is %d", told, state)
		}
	}
	for _, record := range written {
		at := record.value("tx_committed_at")
		switch {
		case decision.row == nil && record.value("tx_prepared_at") != at:
			return fmt.Sprintf("it wrote %s in two phases and has no decision", record)
		case decision.row != nil && state != stateCommitted:
			return fmt.Sprintf("%s is committed, and the decision is %d", record, state)
		case decision.row != nil && at != decision.value("tx_created_at"):
			return fmt.Sprintf("%s was committed at %s, and it was decided at %s", record, at, decision.value("tx_created_at"))
		}
	}
	return ""
}

// splitID returns the group and the member of a transaction of a group commit; for
// others, the id and "".
func splitID(id string) (parent, child string) {
	const length = 24
	if len(id) > length && id[length] == '$' {
		return id[:length], id[length+1:]
	}
	return id, ""
}

// remove deletes the records of a closed epoch.
func (c *closer) remove(ctx context.Context, r *recorded) error {
	for name := range r.keys {
		err := until(ctx, func(ctx context.Context) error {
			records, err := c.partition(ctx, name)
			if err != nil || len(records) == 0 {
				return err
			}
			var group []storage.Mutation
			for i := range records {
				group = append(group, storage.Mutation{Table: records[i].table, Op: storage.Delete, Key: records[i].table.Key(records[i].row)})
			}
			return c.storage.Mutate(ctx, group)
		})
		if err != nil {
			return fmt.Errorf("remove partition %s: %w", name, err)
		}
	}
	return nil
}

// settleAll checks when everything is over that no record is left prepared, those
// included that were prepared after their epoch was closed.
func (c *closer) settleAll(ctx context.Context) error {
	for _, def := range c.tables.definitions() {
		err := until(ctx, func(ctx context.Context) error {
			records, err := c.scan(ctx, storage.Scan{Kind: storage.FullScan}, def.TableName)
			if err != nil {
				return err
			}
			return c.recover(ctx, records)
		})
		if err != nil {
			return fmt.Errorf("%w: after everything: %w", errWrong, err)
		}
	}
	return nil
}
