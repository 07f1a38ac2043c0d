package commit

import "testing"

// Under READ_COMMITTED a record may go between the write and the next read of it.
// What the transaction then sees is still its change of the record that was there,
// with all columns, and the commit is a conflict.
func TestAnUpdateOfARecordThatHasGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.item(1, 1, "t0", "v", 1, "w", "a", "cat", 7)
	e := w.engine(nil)
	tx := begin(t, e, ReadCommitted)
	ref := item(t, e, 1, 1)
	want(t, "first read", get(t, tx, ref), "p=1 c=1 v=1 w=a cat=7")
	ok(t, update(t.Context(), tx, ref, 2))
	w.remove(1, 1)
	want(t, "second read", get(t, tx, ref), "p=1 c=1 v=2 w=a cat=7")
	want(t, "commit", outcome(tx.Commit(t.Context())), "conflict")

	w.item(1, 1, "t0", "v", 1)
	tx = begin(t, e, ReadCommitted)
	want(t, "first read", get(t, tx, ref), "p=1 c=1 v=1")
	w.remove(1, 1)
	want(t, "read of what is not written", get(t, tx, ref), "absent")
	tx.Rollback()
}
