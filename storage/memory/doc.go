// Package memory is the storage that keeps everything in memory: the
// linearizable reference model with which other storages are compared, and
// what unit tests run the transaction engine on.
//
// It follows the contract of package storage to the letter and refuses, with
// [storage.ErrInvalid], every request that breaks a rule of it. Options let it
// imitate the limits of other databases: smaller atomicity units, few
// mutations per group, small pages, an unknown key order.
//
// Data live as long as the process. [New] returns a database of its own;
// storages opened through [storage.Open] with scalar.db.storage=memory share
// one if they give the same name in scalar.db.contact_points.
package memory
