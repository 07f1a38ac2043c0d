package commit

import (
	"context"
	"slices"
	"time"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// Prepare keeps the version that it replaces, so a write that has read nothing
// must read it first (spec 3.6). Where the storage can copy columns, the version
// before never leaves it: the write says that it is over a committed version,
// whichever that is, and the storage makes the image. That is right unless there is
// no record, or one that is not committed; then nothing was applied, and the
// record is read after all. Whoever writes what is not there, as a rule does so
// again: after such a miss the next write to the table reads first.

// preReadWrites reads the records whose previous version prepare needs and
// nobody has read yet, as far as the storage cannot keep it by itself.
func (tx *Tx) preReadWrites(ctx context.Context) error {
	var unread []*record
	for _, r := range tx.writes {
		switch {
		case !r.preRead || r.read || r.insert:
		case tx.keepsImages(r):
			r.unseen = true
		default:
			unread = append(unread, r)
		}
	}
	return tx.readBeforeWrites(ctx, unread, &patience{})
}

// keepsImages reports whether the version before a write may stay unread. Not
// after scans that care for it: under SERIALIZABLE it may be a phantom that only
// the transaction's own write hides from validation, under READ_COMMITTED it must
// be the version that the scan has returned. In one phase, a second attempt may
// need two phases, and so the place in a group commit that the first one has given
// up.
func (tx *Tx) keepsImages(r *record) bool {
	o := &tx.engine.options
	scanned := len(tx.stamps) > 0 || tx.isolation == Serializable && len(tx.scans) > 0
	return !o.PreReads && !scanned && !r.table.missed.Load() && !(o.OnePhase && tx.grouped()) && tx.engine.storage.Info(r.table.Name().Namespace).Copies
}

func (tx *Tx) readBeforeWrites(ctx context.Context, unread []*record, wait *patience) (err error) {
	if len(unread) == 0 {
		return nil
	}
	ctx, end := tx.observe(ctx, observe.PreRead, len(unread))
	_, err = tx.fetch(ctx, unread, wait)
	end(err)
	if err == nil {
		for _, r := range unread {
			r.table.missed.Store(r.prev == nil)
		}
	}
	return err
}

// unseen returns the records that a group of mutations writes without a look.
func (tx *Tx) unseen(group []storage.Mutation) []*record {
	var unseen []*record
	for _, r := range tx.writes {
		// r.unseen of other groups may be changing.
		if slices.ContainsFunc(group, r.isWrittenBy) && r.unseen {
			unseen = append(unseen, r)
		}
	}
	return unseen
}

func (r *record) isWrittenBy(m storage.Mutation) bool {
	return r.table.meta == m.Table && slices.Equal(r.key, m.Key)
}

// look reads records that could not be written without that. It waits for other
// transactions only if patient is set: with anything prepared it must not.
func (tx *Tx) look(ctx context.Context, unseen []*record, patient bool) error {
	wait := &patience{}
	if !patient {
		wait.until = time.Now()
	}
	if err := tx.readBeforeWrites(ctx, unseen, wait); err != nil {
		return err
	}
	for _, r := range unseen {
		r.unseen = false
	}
	return tx.waitForRecoveries(ctx)
}
