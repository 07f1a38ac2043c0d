// Package storagetest holds the conformance suite that every storage adapter
// passes against its real database, and helpers for tests of storages.
//
//	func TestConformance(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Storage { return openSomewhere(t) })
//	}
//
// What an adapter honestly lacks it declares by an [Option] with the reason.
// The suite then says in its log what it left out, and counts it.
//
// The suite asserts no times. Its concurrent checks accept a conflict and an
// unknown outcome wherever the contract allows them.
package storagetest
