package misuse

import (
	"github.com/scalargen/scalargen/golden/custom_key_types/out/bank"
)

// A named type is not another one over the same base.
func namedTypeMixedUp() {
	_ = bank.TransferKey{Account: bank.AccountID("a"), Seq: bank.Sequence(1)}
	n := int64(1)
	_ = bank.TransferKey{Seq: n} // ERROR "cannot use n (variable of type int64) as bank.Sequence value in struct literal"
}
