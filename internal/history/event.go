package history

// Type is the kind of an event: an invocation or one of the three outcomes.
type Type uint8

const (
	// Invoke begins a transaction; its operations are planned.
	Invoke Type = iota + 1
	// Committed ends one whose commit reported success ("ok").
	Committed
	// Failed ends one that has certainly not been committed ("fail").
	Failed
	// Unknown ends one that may or may not have been committed ("info").
	Unknown
)

var typeNames = [...]string{Invoke: "invoke", Committed: "ok", Failed: "fail", Unknown: "info"}

// String returns the name of the type in a file.
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return "no type"
	}
	return typeNames[t]
}

// Event is one line of a history: a transaction begins or ends.
type Event struct {
	Index   int64 // grows along a file
	Type    Type
	Process int
	Time    int64  // nanoseconds of one monotonic clock of all processes
	Tx      string // unique per attempt
	// Value are the operations in program order. At a Failed or Unknown event
	// they are the writes that were attempted, nil for those of the invocation.
	Value []Op
	// Line is where the event stands in its file, counted from 1, if it was read
	// from one.
	Line int
}

// Kind is the kind of an operation.
type Kind uint8

const (
	// PointRead reads one record: ["r", key, result].
	PointRead Kind = iota + 1
	// ListAppend appends to the list of a record: ["append", key, n].
	ListAppend
	// RegisterWrite sets the register of a record: ["w", key, n].
	RegisterWrite
	// RecordDelete deletes a record: ["d", key].
	RecordDelete
	// RangeScan reads a range of records: ["scan", range, rows].
	RangeScan
)

var kindNames = [...]string{PointRead: "r", ListAppend: "append", RegisterWrite: "w", RecordDelete: "d", RangeScan: "scan"}

// String returns the name of the operation in a file.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "no operation"
	}
	return kindNames[k]
}

// IsWrite reports whether the operation writes.
func (k Kind) IsWrite() bool { return k >= ListAppend && k <= RecordDelete }

// Op is one operation of a transaction. [Get], [Append], [Write], [Delete] and
// [Scan] make them.
type Op struct {
	Kind   Kind
	Key    string // of all but RangeScan: table/partition/clustering
	N      int64  // what a write writes, unique per key over the whole history
	Result Result // of PointRead
	Range  Range  // of RangeScan
	Rows   []Row  // of RangeScan, as returned; nil if not yet known
}

// Get is a point read with its result, [None] where no record was found or
// where the result is not yet known.
func Get(key string, result Result) Op { return Op{Kind: PointRead, Key: key, Result: result} }

// Append appends n to the list of a record, inserting the record when absent.
func Append(key string, n int64) Op { return Op{Kind: ListAppend, Key: key, N: n} }

// Write sets the register of a record to n.
func Write(key string, n int64) Op { return Op{Kind: RegisterWrite, Key: key, N: n} }

// Delete deletes a record.
func Delete(key string) Op { return Op{Kind: RecordDelete, Key: key} }

// Scan reads a range. Nil rows mean that the result is not yet known; a scan
// that found nothing has empty rows that are not nil.
func Scan(r Range, rows []Row) Op { return Op{Kind: RangeScan, Range: r, Rows: rows} }

// Result is what a record held when it was read.
type Result struct {
	Kind ResultKind
	N    int64   // of Register
	List []int64 // of List, never empty
}

// ResultKind tells the kinds of results apart.
type ResultKind uint8

const (
	// Absent means that no record was found, or that nothing was read yet.
	Absent ResultKind = iota
	// Register means that the record held one number.
	Register
	// List means that the record held a list of numbers.
	List
)

// None is the result of reading an absent record.
var None Result

// Number is the result of reading a register.
func Number(n int64) Result { return Result{Kind: Register, N: n} }

// Numbers is the result of reading a list. An empty list is an absent record.
func Numbers(list ...int64) Result {
	if len(list) == 0 {
		return None
	}
	return Result{Kind: List, List: list}
}

// Row is one record that a scan returned.
type Row struct {
	Key    string
	Result Result
}

// Range is what a scan selects. The zero values of all fields but Prefix are
// their defaults in a file.
type Range struct {
	Prefix string // what all keys of the range begin with
	From   string // what follows the prefix is not less than From
	To     string // nor greater than To, unless To is ""
	Order  Order
	Limit  int // 0 is no limit
	// Only rows whose register or last list element is ≡ Where.Rem modulo
	// Where.Mod are selected, unless Where.Mod is 0.
	Where Congruence
}

// Congruence is the condition n ≡ Rem (mod Mod).
type Congruence struct{ Mod, Rem int64 }

// Order is the order of a scan's rows.
type Order uint8

const (
	// Ascending by key.
	Ascending Order = iota
	// Descending by key.
	Descending
	// AnyOrder promises none, as a scan over several partitions.
	AnyOrder
)

var orderNames = [...]string{Ascending: "asc", Descending: "desc", AnyOrder: "any"}

// String returns the name of the order in a file.
func (o Order) String() string { return orderNames[o] }

// holds reports whether the condition selects n.
func (c Congruence) holds(n int64) bool {
	return c.Mod == 0 || c.residue(n) == c.residue(c.Rem)
}

// residue returns the least number ≥ 0 that is congruent to n.
func (c Congruence) residue(n int64) int64 {
	if n %= c.Mod; n < 0 {
		n += c.Mod
	}
	return n
}

// contains reports whether the range has the key, whatever its record holds.
func (r *Range) contains(key string) bool {
	if len(key) < len(r.Prefix) || key[:len(r.Prefix)] != r.Prefix {
		return false
	}
	rest := key[len(r.Prefix):]
	return rest >= r.From && (r.To == "" || rest <= r.To)
}
