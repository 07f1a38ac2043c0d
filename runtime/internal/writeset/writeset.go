// Package writeset encodes and decodes the list of written records that a
// transaction may leave in its coordinator row, column tx_write_set, so that
// whoever finishes the transaction finds its records (section 1.10).
//
// The bytes are those of ScalarDB 3.19: proto3 messages of package
// scalardb.consensus_commit.proto.v1, fields in ascending order. The messages
// are few and fixed, so they are written field by field, without generated code.
//
// A row of the coordinator table decides what happens to money, so Decode is
// stricter than proto3 where leniency could lose a record: a known field of a
// wrong wire type, an entry without table or partition key, and a value outside
// of its type's range are errors. Fields that this package does not know are
// skipped, since the format may gain fields within its version.
package writeset

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/scalargen/scalargen/storage"
)

// What is wrong with bytes that Decode refuses. Neither may ever be taken for a
// transaction that wrote nothing.
var (
	// ErrUnknownPayload means that a newer program wrote the write set, in a form
	// that this one does not know.
	ErrUnknownPayload = errors.New("the write set is of a newer format; it takes a newer version of this program to read it")
	// ErrMalformed means that no program writes such bytes: they are damaged, or
	// no write set.
	ErrMalformed = errors.New("the write set is damaged")
)

// Group is what one transaction wrote.
type Group struct {
	// Child is the transaction's own part of its id where the coordinator row is
	// shared by a group commit and stands under the parent id. It is empty where
	// the row stands under the transaction's full id.
	Child   string
	Entries []Entry
}

// Entry names one written record. Whether it was put or deleted is told by the
// record itself.
type Entry struct {
	// Participant is the service that wrote the record in a transaction of
	// several services, empty otherwise.
	Participant string
	Table       storage.TableName
	Partition   []Column
	// Clustering is empty for a table without clustering key.
	Clustering []Column
}

// Column is one key column in its position. Storages refuse NULL in a key, the
// format does not.
type Column struct {
	Name  string
	Value storage.Value
}

// schemaVersion is the only one there is. 0 is read as 1; writers never leave
// it out, so that a write set is never zero bytes, which some storages cannot
// tell from NULL.
const schemaVersion = 1

// Field numbers, by message.
const (
	writeSetVersion = protowire.Number(1)
	writeSetGroups  = protowire.Number(2) // the one known member of oneof payload

	groupsGroup = protowire.Number(1)

	groupChild = protowire.Number(1)
	groupEntry = protowire.Number(2)

	entryParticipant = protowire.Number(1)
	entryNamespace   = protowire.Number(2)
	entryTable       = protowire.Number(3)
	entryPartition   = protowire.Number(4)
	entryClustering  = protowire.Number(5)

	keyColumn = protowire.Number(1)

	columnName = protowire.Number(1) // the other fields are valueFields

	// valueValue is the only field of the messages of valueFields. It is declared
	// optional: absent it is NULL, and a zero value is written.
	valueValue = protowire.Number(1)
)

// valueFields are the members of Column's oneof value, by type.
var valueFields = [...]protowire.Number{
	storage.Boolean: 2, storage.Int: 3, storage.BigInt: 4, storage.Float: 5, storage.Double: 6, storage.Text: 7,
	storage.Blob: 8, storage.Date: 9, storage.Time: 10, storage.Timestamp: 11, storage.TimestampTZ: 12,
}
