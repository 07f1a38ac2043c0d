package storage

// Atomicity is the largest set of records that one Mutate can span.
type Atomicity uint8

// The atomicity units, from small to large.
const (
	AtomicRecord    Atomicity = iota // one record
	AtomicPartition                  // records of one partition of one table
	AtomicTable                      // records of one table
	AtomicNamespace                  // records of one namespace
	AtomicStorage                    // any records of the storage
)

// Info describes what a storage promises.
type Info struct {
	// Name tells storages apart: two namespaces whose Infos have the same Name
	// may share a group of mutations as far as Atomicity allows.
	Name string

	Atomicity    Atomicity
	MaxMutations int // mutations in one group; 0 for no limit

	// Batch says that the storage applies many groups in one round trip: it
	// implements [Batcher], and the namespace may occur in a batch.
	Batch bool

	// Checks says that a group may have checks beside writes.
	Checks bool

	// Copies says that the storage applies Mutation.Copies.
	Copies bool

	// The access paths on which a Linearizable read sees every write that was
	// acknowledged before it began.
	LinearizableGet           bool
	LinearizablePartitionScan bool
	LinearizableIndexScan     bool
	LinearizableFullScan      bool

	// Compare is the order of clustering keys and of filters: it returns a
	// negative number, zero or a positive number. It is nil if only the server
	// knows the order, as with a text collation.
	Compare func(a, b Value) int
}
