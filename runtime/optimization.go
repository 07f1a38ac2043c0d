package scalar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/internal/spell"
)

// Optimization is something that this library does with fewer requests than
// ScalarDB. All are on where the storage has what they need, and none shows in the
// tables, so that programs with and without them may share them. [Without] turns
// them off.
type Optimization uint8

// The optimizations.
const (
	// KeepImages writes what nobody has read without a read: the database keeps the
	// version before by itself.
	KeepImages Optimization = iota
	// CheckReads lets the request that writes check what a SERIALIZABLE transaction
	// has only read, instead of repeating the reads, and so lets such transactions
	// commit in one phase.
	CheckReads
	// BatchDecisions writes the coordinator rows of transactions that are decided at
	// the same time in one request.
	BatchDecisions
	// BatchRecords completes the records of asynchronous commits of several
	// transactions in one request.
	BatchRecords
)

var optimizationNames = [...]string{KeepImages: "keep_images", CheckReads: "check_reads", BatchDecisions: "batch_decisions", BatchRecords: "batch_records"}

// String returns the name that the property scalargen.without uses.
func (o Optimization) String() string { return optimizationNames[o] }

// Without turns optimizations off, for comparison, or if a database does badly
// with one.
func Without(optimizations ...Optimization) Option {
	return func(o *options) {
		for _, optimization := range optimizations {
			switch optimization {
			case KeepImages:
				o.engine.PreReads = true
			case CheckReads:
				o.engine.SeparateValidation = true
			case BatchDecisions:
				o.engine.SingleDecisions = true
			case BatchRecords:
				o.engine.SeparateRecords = true
			}
		}
	}
}

// parseOptimization returns the optimization of a name, or what is wrong with it.
func parseOptimization(name string) (o Optimization, problem string) {
	names := optimizationNames[:]
	at := slices.Index(names, strings.ToLower(name))
	switch nearest := spell.Nearest(name, names); {
	case at >= 0:
		return Optimization(at), ""
	case nearest != "":
		return 0, fmt.Sprintf("there is no optimization %s: did you mean %s?", name, nearest)
	default:
		return 0, fmt.Sprintf("there is no optimization %s: there are %s", name, strings.Join(names, ", "))
	}
}
