package storage

// Row holds the values of one record: of all columns in table order, or of the
// projected columns in the order asked for. A nil Row means that there is no
// record. Callers must not change a Row that a storage returned.
type Row []Value

// Consistency says how fresh a read must be. The transaction engine always
// reads Linearizable.
type Consistency uint8

// The consistency levels.
const (
	Linearizable Consistency = iota // sees every write acknowledged before the read began
	Sequential                      // may lag, but never goes back
	Eventual                        // any earlier state
)

// Get names one record to read.
type Get struct {
	Table       *Table
	Key         []Value // the whole primary key, partition key first
	Columns     []int   // columns to return; nil for all in table order, never empty otherwise
	Consistency Consistency
}

// ScanKind says along which access path a Scan goes.
type ScanKind uint8

// The access paths.
const (
	PartitionScan ScanKind = iota // one partition, in clustering order
	IndexScan                     // all records with one value of an indexed column, in no particular order
	FullScan                      // the whole table, in no particular order
)

// Bound limits a partition scan on one side. Values are those of a prefix of
// the clustering key; the bound lies at the last of them. An empty bound is no
// limit.
type Bound struct {
	Values    []Value
	Inclusive bool
}

// Scan asks for one page of records. Start and End compare by value whatever
// the declared clustering order: Start is the smaller value also when the
// column is DESC. If both are given they have the same length and differ at
// most in the last value.
type Scan struct {
	Table       *Table
	Kind        ScanKind
	Partition   []Value // PartitionScan: the whole partition key
	Start, End  Bound   // PartitionScan
	Backward    bool    // PartitionScan: the reverse of the declared clustering order
	Index       int     // IndexScan: position of the indexed column
	IndexValue  Value   // IndexScan
	Columns     []int   // columns to return; nil for all in table order, never empty otherwise
	Where       Filter
	Limit       int    // at most so many rows in this page; 0 leaves it to the storage
	After       Cursor // where the page before ended; nil for the first page
	Consistency Consistency
}

// Cursor is a storage's own note of where a page ended. It is good for a Scan
// equal to the one that returned it, from the same Storage value.
type Cursor any

// Page is one page of a scan. Only a nil Next is the end: a page may be empty
// although more follow.
type Page struct {
	Rows []Row
	Next Cursor
}

// Operator compares a column with a value.
type Operator uint8

// The operators. Like and NotLike occur in scans only.
const (
	Eq Operator = iota
	Ne
	Gt
	Ge
	Lt
	Le
	IsNull
	IsNotNull
	Like
	NotLike
)

var operatorNames = [...]string{
	Eq: "=", Ne: "<>", Gt: ">", Ge: ">=", Lt: "<", Le: "<=",
	IsNull: "IS NULL", IsNotNull: "IS NOT NULL", Like: "LIKE", NotLike: "NOT LIKE",
}

// String returns the operator as SQL spells it.
func (o Operator) String() string { return operatorNames[o] }

// Predicate is a condition on one column.
type Predicate struct {
	Column   int
	Operator Operator
	Value    Value  // of the column's type, not NULL; ignored by IsNull and IsNotNull
	Escape   string // Like and NotLike: one character, or "" for no escape
}

// Filter is a disjunction of conjunctions: a row passes if every predicate of
// at least one conjunction holds. An empty Filter lets every row pass; an empty
// conjunction is invalid.
//
// A comparison with NULL does not hold, whatever the operator, except IsNull.
type Filter [][]Predicate

// Precondition says what must be true of the record for a mutation to apply.
type Precondition uint8

// The preconditions.
const (
	Always      Precondition = iota
	IfNotExists              // there is no record with the key
	IfExists                 // there is one
	If                       // there is one, and all of Mutation.Where hold
)

// Op is what a Mutation does.
type Op uint8

// The operations. Check writes nothing: it makes the group depend on its
// precondition.
const (
	Put Op = iota
	Delete
	Check
)

// Copy lets column To take the value that column From, of the same type, had
// before the mutation. Plus is added to a value of type INT, and must not make it
// overflow; NULL stays NULL.
type Copy struct {
	To, From int
	Plus     int32
}

// Mutation is one conditional write of one record.
//
// A Put writes exactly the columns it names, in Columns or in Copies, and leaves
// the others as they are, NULL in a new record. Columns of the primary key are
// never named: they are in Key.
//
// Copies need a record to copy from, so IfExists or If, and a storage whose Info
// has Copies. None copies what an earlier one has written, so that it makes no
// difference whether they are made at once or one after the other, before Columns.
//
// Preconditions look at the state before the group. A Delete cannot have
// IfNotExists, nor a Check Always.
type Mutation struct {
	Table     *Table
	Op        Op
	Key       []Value // the whole primary key, partition key first
	Columns   []int   // Put: the columns to write
	Values    []Value // Put: their values; a NULL is written as NULL
	Copies    []Copy  // Put: columns that are made of others
	Condition Precondition
	Where     []Predicate // for If: at least one, joined by AND, none on a key column, no Like
}
