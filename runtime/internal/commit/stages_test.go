package commit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/faulty"
)

// A branchWorld is a participant of transaction "mine", which inserts item (1,1),
// and what can go wrong for it.
type branchWorld struct {
	*world
	t        *testing.T
	tx       *Tx
	refusing bool // the storage refuses coordinator rows
}

func newBranch(t *testing.T, isolation Isolation, configure ...func(*Options)) *branchWorld {
	b := &branchWorld{world: newWorld(t), t: t}
	b.world.grouped()
	b.item(5, 5, "t0", "v", 5)
	e := b.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
		if b.refusing && phase(c) == "decide" {
			return &storage.Error{Op: "mutate", Class: storage.ErrClosed}
		}
		return send(ctx)
	}, configure...)
	b.tx = begin(t, e, isolation, withID("mine"))
	_, err := b.tx.Get(t.Context(), item(t, e, 5, 5))
	ok(t, err)
	ok(t, insert(t.Context(), b.tx, item(t, e, 1, 1), 1))
	return b
}

// reached takes the transaction to a stage of the table of spec 2.10.
func (b *branchWorld) reached(stage string) {
	b.t.Helper()
	tx, ctx := b.tx, b.t.Context()
	expect := func(err error, wanted string) {
		b.t.Helper()
		want(b.t, "on the way to "+stage, outcome(err), wanted)
	}
	prepare := func() { b.t.Helper(); expect(tx.Prepare(ctx), "ok") }
	validate := func() {
		b.t.Helper()
		if tx.isolation == Serializable {
			expect(tx.Validate(ctx), "ok")
		}
	}
	switch stage {
	case "ACTIVE":
	case "PREPARED":
		prepare()
	case "PREPARE_FAILED":
		b.item(1, 1, "other", "v", 9)
		expect(tx.Prepare(ctx), "conflict")
	case "VALIDATED":
		prepare()
		expect(tx.Validate(ctx), "ok")
	case "VALIDATION_FAILED":
		prepare()
		b.item(5, 5, "other", "v", 9)
		expect(tx.Validate(ctx), "conflict")
	case "COMMIT_FAILED":
		prepare()
		validate()
		b.decide("mine", Aborted, 5)
		expect(tx.Commit(ctx), "conflict")
	case "UNDECIDED":
		prepare()
		validate()
		b.refusing = true
		expect(tx.Commit(ctx), "unknown")
		b.refusing = false
	case "COMMITTED":
		prepare()
		validate()
		expect(tx.Commit(ctx), "ok")
	case "COMMITTED BY ANOTHER":
		prepare()
		b.decide("mine", Committed, 77)
		expect(tx.RollbackPrepared(ctx), "closed")
	case "ROLLED_BACK":
		prepare()
		expect(tx.RollbackPrepared(ctx), "ok")
	case "ROLLED_BACK BEFORE":
		expect(tx.RollbackPrepared(ctx), "ok")
	case "ROLLBACK FAILED":
		prepare()
		b.refusing = true
		expect(tx.RollbackPrepared(ctx), "unknown")
		b.refusing = false
	}
}

// The table of spec 2.10. Commit of an ACTIVE transaction is that of a transaction
// that is no branch. One that could not be decided stays as it was.
func TestStagesOfABranch(t *testing.T) {
	t.Parallel()
	calls := []struct {
		name string
		call func(ctx context.Context, b *branchWorld) error
	}{
		{"read", func(ctx context.Context, b *branchWorld) error {
			_, err := b.tx.Get(ctx, item(b.t, b.tx.engine, 5, 5))
			return err
		}},
		{"scan", func(ctx context.Context, b *branchWorld) error {
			return drain(ctx, b.tx, partition(b.tx.engine.must(b.t, itemName), 5))
		}},
		{"write", func(ctx context.Context, b *branchWorld) error {
			return insert(ctx, b.tx, item(b.t, b.tx.engine, 1, 2), 1)
		}},
		{"prepare", func(ctx context.Context, b *branchWorld) error { return b.tx.Prepare(ctx) }},
		{"validate", func(ctx context.Context, b *branchWorld) error { return b.tx.Validate(ctx) }},
		{"commit", func(ctx context.Context, b *branchWorld) error { return b.tx.Commit(ctx) }},
		{"rollback", func(ctx context.Context, b *branchWorld) error { return b.tx.RollbackPrepared(ctx) }},
		{"rollback twice", func(ctx context.Context, b *branchWorld) error {
			first := b.tx.RollbackPrepared(ctx)
			second := b.tx.RollbackPrepared(ctx)
			if outcome(first) != outcome(second) {
				return fmt.Errorf("%w, and then %w", first, second)
			}
			return second
		}},
		{"Rollback of an active one", func(_ context.Context, b *branchWorld) error { b.tx.Rollback(); return nil }},
	}
	const refused = "closed closed closed closed closed closed"
	for _, tt := range []struct {
		stage     string
		isolation Isolation
		want      string // of the calls above, the last without its outcome
		row       string // what "mine" is decided to be after each: - for not
	}{
		{"ACTIVE", Snapshot, "ok ok ok ok invalid ok ok ok", "-----C---"},
		{"ACTIVE", Serializable, "ok ok ok ok invalid ok ok ok", "-----C---"},
		{"PREPARED", Snapshot, "closed closed closed closed ok ok ok ok", "-----CAA-"},
		{"PREPARED", Serializable, "closed closed closed closed ok invalid ok ok", "------AA-"},
		{"PREPARE_FAILED", Snapshot, refused + " ok ok", "------AA-"},
		{"VALIDATED", Snapshot, "closed closed closed closed closed ok ok ok", "-----CAA-"},
		{"VALIDATED", Serializable, "closed closed closed closed closed ok ok ok", "-----CAA-"},
		{"VALIDATION_FAILED", Serializable, refused + " ok ok", "------AA-"},
		{"COMMIT_FAILED", Snapshot, refused + " ok ok", "AAAAAAAAA"},
		{"COMMIT_FAILED", Serializable, refused + " ok ok", "AAAAAAAAA"},
		{"UNDECIDED", Snapshot, "closed closed closed closed ok ok ok ok", "-----CAA-"},
		{"UNDECIDED", Serializable, "closed closed closed closed closed ok ok ok", "-----CAA-"},
		{"COMMITTED", Snapshot, refused + " closed closed", "CCCCCCCCC"},
		{"COMMITTED", Serializable, refused + " closed closed", "CCCCCCCCC"},
		{"COMMITTED BY ANOTHER", Snapshot, refused + " closed closed", "CCCCCCCCC"},
		{"ROLLED_BACK", Snapshot, refused + " ok ok", "AAAAAAAAA"},
		{"ROLLED_BACK BEFORE", Snapshot, refused + " ok ok", "---------"},
		{"ROLLBACK FAILED", Snapshot, "closed closed closed closed ok ok ok ok", "-----CAA-"},
	} {
		t.Run(fmt.Sprint(tt.stage, " ", tt.isolation), func(t *testing.T) {
			t.Parallel()
			got, rows := "", ""
			for i, c := range calls {
				b := newBranch(t, tt.isolation)
				b.reached(tt.stage)
				err := c.call(t.Context(), b)
				if i < len(calls)-1 {
					if got != "" {
						got += " "
					}
					got += outcome(err)
				}
				if e := (*Error)(nil); err != nil && errors.As(err, &e) && e.TxID != "mine" {
					t.Errorf("%s: %v does not name the transaction", c.name, err)
				}
				rows += map[string]string{"absent": "-", "3": "C", "4": "A"}[stateText(b.stored(stateName, storage.TextValue("mine")))]
				b.settled(t, tt.stage)
			}
			want(t, "outcomes", got, tt.want)
			want(t, "decisions", rows, tt.row)
		})
	}
}

func stateText(row string) string {
	var state, at string
	if n, _ := fmt.Sscanf(row, "tx_state=%s tx_created_at=%s", &state, &at); n == 2 {
		return state
	}
	return row
}

// settled checks that what others find in the end is what was decided.
func (b *branchWorld) settled(t *testing.T, stage string) {
	t.Helper()
	decided := stateText(b.stored(stateName, storage.TextValue("mine")))
	b.now.Add(lifetime.Milliseconds() + 1)
	e := b.engine(nil)
	wanted := map[string]string{"3": "p=1 c=1 v=1 cat=1"}[decided]
	if wanted == "" {
		wanted = "absent"
	}
	if stage == "PREPARE_FAILED" {
		wanted = "p=1 c=1 v=9"
	}
	want(t, stage+": the record", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), wanted)
}

// A branch always decides, also where it has written nothing, and in two phases.
func TestBranchDecidesInARowOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, writes := range []bool{false, true} {
		for name, configure := range map[string]func(*Options){"plain": func(*Options) {}, "one phase": onePhase, "write sets": withWriteSets} {
			w := newWorld(t)
			w.grouped()
			e := w.engine(nil, configure)
			tx := begin(t, e, Snapshot, withID("mine"))
			if writes {
				ok(t, insert(t.Context(), tx, item(t, e, 1, 1), 1))
			}
			ok(t, tx.Prepare(t.Context()))
			ok(t, tx.Commit(t.Context()))
			want(t, fmt.Sprintf("%s, writes=%v", name, writes), w.stored(stateName, storage.TextValue("mine")), "tx_state=3 tx_created_at=1000000")
		}
	}
}

// Group commit and preparation exclude each other.
func TestBranchInAGroup(t *testing.T) {
	t.Parallel()
	b := newBranch(t, Snapshot, inGroups)
	want(t, "Prepare", outcome(b.tx.Prepare(t.Context())), "invalid")
	ok(t, b.tx.Commit(t.Context()))
}
