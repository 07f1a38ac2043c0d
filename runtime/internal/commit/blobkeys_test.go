package commit

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// documentName is a table whose partition key is a BLOB.
var documentName = storage.TableName{Namespace: "shop", Name: "document"}

func newDocuments(t *testing.T, options ...memory.Option) *world {
	t.Helper()
	w := newWorld(t, options...)
	w.create(TransactionTable(&storage.Table{
		TableName: documentName,
		Columns:   []storage.Column{{Name: "hash", Type: storage.Blob}, {Name: "v", Type: storage.Int}},
		Partition: []int{0},
	}, false))
	return w
}

func documentKey(n byte) []storage.Value { return []storage.Value{storage.BlobValue([]byte{0, n})} }

// Records that differ in nothing but a BLOB are different records, also to a
// transaction of so many that it finds them by hash.
func TestRecordsKeyedByBlobs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDocuments(t)
	e := w.engine(nil)
	table := e.must(t, documentName)
	document := func(n byte) Ref { return Ref{Table: table, Key: documentKey(n)} }
	tx := begin(t, e, Serializable)
	for n := range byte(2*fewRecords + 1) {
		ok(t, tx.Insert(ctx, document(n), set(table, "v", int(n))))
	}
	for n := range byte(2*fewRecords + 1) {
		want(t, fmt.Sprint("own write ", n), get(t, tx, document(n)), fmt.Sprintf("hash=%s v=%d", documentKey(n)[0], n))
	}
	ok(t, tx.Commit(ctx))
	for n := range byte(2*fewRecords + 1) {
		want(t, fmt.Sprint("stored ", n), get(t, begin(t, e, Snapshot), document(n)), fmt.Sprintf("hash=%s v=%d", documentKey(n)[0], n))
	}
}

// Validation finds each of them again, and each is a partition of its own.
func TestScanAndGroupsOfRecordsKeyedByBlobs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDocuments(t, memory.WithAtomicity(storage.AtomicPartition, 0))
	w.committed(documentName, documentKey(1), "t1", "v", 1)
	w.committed(documentName, documentKey(2), "t2", "v", 2)
	var calls counter
	e := w.engine(calls.around)
	table := e.must(t, documentName)
	tx := begin(t, e, Serializable)
	seen := ""
	for row, err := range tx.Scan(ctx, Scan{Table: table, Kind: storage.FullScan}) {
		ok(t, err)
		seen += user(table, row) + "; "
	}
	want(t, "scan", seen, fmt.Sprintf("hash=%s v=1; hash=%s v=2; ", documentKey(1)[0], documentKey(2)[0]))
	for n := byte(3); n < 5; n++ {
		ok(t, tx.Insert(ctx, Ref{Table: table, Key: documentKey(n)}, set(table, "v", int(n))))
	}
	calls.take()
	ok(t, tx.Commit(ctx))
	if diff := cmp.Diff(map[string]int{"prepare": 2, "scan": 1, "decide": 1, "finish": 2}, calls.take()); diff != "" {
		t.Errorf("calls of the commit (-want +got):\n%s", diff)
	}
}
