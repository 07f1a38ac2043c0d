package lab

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// ledger is what the storage itself saw: who wrote each record in which order,
// how every transaction was decided, and the first write that the protocol does
// not allow.
type ledger struct {
	item    *storage.Table
	mu      sync.Mutex
	writers map[Key][]string // transactions, in the order in which they prepared
	decided map[string]*decided
	problem string
}

// decided is the decision on a transaction.
type decided struct {
	state    int64
	at       int64
	gone     bool // its row has been removed
	onePhase bool // it never had one
}

func (l *ledger) begin(item *storage.Table) {
	l.item, l.writers, l.decided = item, map[Key][]string{}, map[string]*decided{}
}

// committed reports whether the transaction is committed, whatever its client was
// told.
func (l *ledger) committed(id string) bool {
	d := l.decided[id]
	return d != nil && d.state == stateCommitted
}

func (l *ledger) object(format string, args ...any) {
	if l.problem == "" {
		l.problem = fmt.Sprintf(format, args...)
	}
}

// apply applies a group of who's to the storage, and looks at what it has done.
func (r *run) apply(who string, group []storage.Mutation) error {
	l := &r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if group[0].Table.Namespace == coordinatorNamespace {
		return r.applyDecision(group)
	}
	before := make([]storage.Row, len(group))
	for i := range group {
		before[i] = r.place.stored(group[i].Key)
	}
	if err := r.place.store.Mutate(ctxNone, group); err != nil {
		return err
	}
	for i := range group {
		if group[i].Op != storage.Check {
			l.written(who, keyOf(group[i].Key), before[i], r.place.stored(group[i].Key))
		}
	}
	return nil
}

// applyDecision writes or removes coordinator rows, which are written once and
// never changed (spec 1.9).
func (r *run) applyDecision(group []storage.Mutation) error {
	l := &r.ledger
	before, err := r.place.memory.Get(ctxNone, []storage.Get{{Table: r.place.row(), Key: group[0].Key}})
	must(err)
	if err := r.place.store.Mutate(ctxNone, group); err != nil {
		return err
	}
	now, err := r.place.memory.Get(ctxNone, []storage.Get{{Table: r.place.row(), Key: group[0].Key}})
	must(err)
	id := group[0].Key[0].Text()
	switch {
	case len(group) > 1:
		l.object("several decisions in one group")
	case now[0] == nil && before[0] != nil:
		l.forgotten(id, before[0], r.place.rows())
	case before[0] != nil:
		l.object("the decision on %s is written over another one", id)
	case now[0] != nil:
		l.decision(id, now[0])
	}
	return nil
}

// deciding returns the transactions that a coordinator row decides: that of its
// id, or the members of a group that it lists.
func deciding(id string, row storage.Row) []string {
	owners := []string{id}
	if children := row[columns.children]; !children.IsNull() {
		for child := range strings.SplitSeq(children.Text(), ",") {
			owners = append(owners, id+"$"+child)
		}
	}
	return owners
}

func (l *ledger) decision(id string, row storage.Row) {
	d := decided{state: row[columns.decision].Int64(), at: row[columns.createdAt].Int64()}
	if d.state != stateCommitted && d.state != stateAborted || d.at <= 0 {
		l.object("the decision on %s has state %d and time %d", id, d.state, d.at)
	}
	for _, owner := range deciding(id, row) {
		switch known := l.decided[owner]; {
		case known == nil:
			own := d
			l.decided[owner] = &own
		case known.gone && known.state == stateCommitted && d.state == stateAborted:
			// Harmless (quirk Q19): whoever aborts has not seen that the transaction was
			// completed and its row removed. No record may follow.
		case known.state != d.state || !known.gone:
			l.object("%s is decided twice", owner)
		default:
			known.gone = false
		}
	}
}

// forgotten is told that a row is removed. The records of a committed transaction
// must all be complete by then.
func (l *ledger) forgotten(id string, row storage.Row, items []storage.Row) {
	owners := deciding(id, row)
	for _, owner := range owners {
		if d := l.decided[owner]; d != nil {
			d.gone = true
		}
	}
	for _, item := range items {
		if row[columns.decision].Int64() == stateCommitted && held(item) && slices.Contains(owners, item[columns.id].Text()) {
			l.object("the decision on %s is removed, and record %v is still prepared", id, keyOf(item))
		}
	}
}

// fate returns the decision on a transaction, nil for none. A member of a group
// whose row says ABORTED cannot be committed by it any more, so its client may take
// its record back without a row of its own; then it is aborted for ever (spec 8.5).
func (l *ledger) fate(id string) *decided {
	parent, _, member := strings.Cut(id, "$")
	if d := l.decided[parent]; member && l.decided[id] == nil && d != nil && d.state == stateAborted {
		l.decided[id] = &decided{state: stateAborted, at: d.at, gone: true}
	}
	return l.decided[id]
}

// held reports whether a transaction has the record prepared.
func held(row storage.Row) bool {
	return row != nil && !row[columns.state].IsNull() && row[columns.state].Int64() != stateCommitted
}

func hasBefore(row storage.Row) bool {
	return slices.ContainsFunc(columns.before, func(c int) bool { return !row[c].IsNull() })
}

// written is told what a write has made of a record, where nil is none, and
// checks that it is a step of the protocol (spec 5, 7.8, 14).
func (l *ledger) written(who string, k Key, before, now storage.Row) {
	problem := brokenRow(l.item, now)
	switch {
	case problem != "":
	case now != nil && held(now):
		problem = l.prepared(k, before, now)
	case !held(before):
		problem = l.onePhase(who, k, before, now)
	case now == nil:
		problem = l.removed(before)
	case now[columns.id] == before[columns.id]:
		problem = l.rolledForward(before, now)
	default:
		problem = l.rolledBack(before, now)
	}
	if problem != "" {
		l.object("record %v: %s", k, problem)
	}
}

// prepared checks a record that a transaction has prepared (spec 5.1).
func (l *ledger) prepared(k Key, before, now storage.Row) string {
	id, state := now[columns.id], now[columns.state].Int64()
	version := now[columns.version].Int64()
	l.writers[k] = append(l.writers[k], id.Text())
	switch {
	case id.IsNull() || state != statePrepared && state != stateDeleted || now[columns.preparedAt].IsNull():
		return fmt.Sprintf("prepared with tx_id %v, state %d, time %v", id, state, now[columns.preparedAt])
	case held(before):
		return fmt.Sprintf("%v has prepared it while %v held it", id, before[columns.id])
	case l.committed(id.Text()):
		return fmt.Sprintf("%v has prepared it after its commit", id)
	case before == nil && (hasBefore(now) || version != 1):
		return fmt.Sprintf("a new record of version %d, or with a before image", version)
	}
	if before == nil {
		return ""
	}
	if version != before[columns.version].Int64()+1 {
		return fmt.Sprintf("version %d follows %v", version, before[columns.version])
	}
	for i, c := range columns.after {
		image := now[columns.before[i]]
		if c == columns.version && before[c].IsNull() && !image.IsNull() && image.Int64() == 0 {
			continue // of an imported record (spec 1.4)
		}
		if image != before[c] {
			return fmt.Sprintf("the before image of column %d is %v, the record had %v", c, image, before[c])
		}
	}
	return ""
}

// onePhase checks a record that was free and is so again: that is how a
// transaction commits in one phase (spec 5.5).
func (l *ledger) onePhase(who string, k Key, before, now storage.Row) string {
	if now == nil && before == nil {
		return ""
	}
	id, at := who, int64(0)
	if now != nil {
		id, at = now[columns.id].Text(), now[columns.committedAt].Int64()
	}
	l.writers[k] = append(l.writers[k], id)
	if now != nil {
		if now[columns.id].IsNull() || now[columns.committedAt].IsNull() || hasBefore(now) {
			return "committed in one phase without id or time, or with a before image"
		}
		version := int64(1)
		if before != nil {
			version = before[columns.version].Int64() + 1
		}
		if now[columns.version].Int64() != version {
			return "committed in one phase as a wrong version"
		}
	}
	if d := l.decided[id]; d != nil && !d.onePhase {
		return "a record of " + id + ", which is decided, is committed in one phase"
	}
	l.decided[id] = &decided{state: stateCommitted, at: at, onePhase: true}
	return ""
}

// removed checks the end of a record that a transaction held: the end of its
// delete, or of its insert.
func (l *ledger) removed(before storage.Row) string {
	id := before[columns.id].Text()
	d := l.fate(id)
	deleted, had := before[columns.state].Int64() == stateDeleted, hasBefore(before)
	switch {
	case d == nil:
		return "removed while " + id + " is not decided"
	case deleted && !had:
		return "" // a delete of nothing leaves nothing either way
	case deleted && d.state != stateCommitted:
		return "deleted by " + id + ", which is aborted"
	case !deleted && had:
		return "removed, though it had a version before that of " + id
	case !deleted && d.state != stateAborted:
		return "the insert of " + id + " is taken back, which is committed"
	}
	return ""
}

func (l *ledger) rolledForward(before, now storage.Row) string {
	id := before[columns.id].Text()
	d := l.decided[id]
	switch {
	case d == nil || d.state != stateCommitted:
		return "rolled forward while " + id + " is not committed"
	case before[columns.state].Int64() == stateDeleted:
		return "a record that " + id + " has deleted is kept"
	case hasBefore(now):
		return "committed, with a before image"
	case now[columns.committedAt].IsNull() || now[columns.committedAt].Int64() != d.at:
		return fmt.Sprintf("committed at %v, decided at %d", now[columns.committedAt], d.at)
	}
	for _, c := range []int{columns.v, columns.cat, columns.version, columns.preparedAt} {
		if now[c] != before[c] {
			return fmt.Sprintf("rolling it forward changes column %d from %v to %v", c, before[c], now[c])
		}
	}
	return ""
}

// rolledBack checks that a record is again what it was (spec 5.3).
func (l *ledger) rolledBack(before, now storage.Row) string {
	id := before[columns.id].Text()
	if d := l.fate(id); d == nil || d.state != stateAborted {
		return "rolled back while " + id + " is not aborted"
	}
	if hasBefore(now) {
		return "rolled back, with a before image"
	}
	for i, c := range columns.after {
		image := before[columns.before[i]]
		if c == columns.version && !image.IsNull() && image.Int64() == 0 && now[c].IsNull() {
			continue // of an imported record (spec 1.4)
		}
		if now[c] != image {
			return fmt.Sprintf("rolled back, column %d is %v and was %v", c, now[c], image)
		}
	}
	return ""
}

// brokenRow says what is wrong with a stored row (spec 1.2, 14), "" for nothing.
func brokenRow(t *storage.Table, row storage.Row) string {
	if row == nil {
		return ""
	}
	at := func(column string) storage.Value { return row[t.Column(column)] }
	state := commit.State(at("tx_state").Int64())
	hasBefore := !at("before_tx_id").IsNull() || !at("before_tx_version").IsNull()
	switch {
	case at("tx_id").IsNull() != at("tx_state").IsNull():
		return "only one of tx_id and tx_state is there"
	case at("tx_id").IsNull() && hasBefore:
		return "a before image without a transaction"
	case at("tx_id").IsNull():
		return ""
	case state == commit.Committed && hasBefore:
		return "committed, with a before image"
	case state == commit.Committed && at("tx_committed_at").IsNull():
		return "committed, without a time"
	case state != commit.Committed && state != commit.Prepared && state != commit.Deleted:
		return "state " + state.String()
	case state != commit.Committed && at("tx_prepared_at").IsNull():
		return "prepared, without a time"
	case hasBefore && at("tx_version").Int64() != at("before_tx_version").Int64()+1:
		return "the version does not follow the one before"
	}
	return ""
}
