package mysql

import (
	"cmp"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// textOrder is what is known of the order of TEXT in a namespace.
type textOrder uint8

const (
	orderUnknown textOrder = iota // only the server knows
	orderPadded                   // code points, trailing spaces do not count
	orderBytes                    // code points
)

// orderOf returns the order of a collation that compares code points. All other
// collations take different texts for equal.
func orderOf(collation string) textOrder {
	switch collation {
	case "utf8mb4_bin", "utf8mb3_bin", "utf8_bin":
		return orderPadded
	case "utf8mb4_0900_bin", "utf8mb4_nopad_bin", "utf8mb3_nopad_bin", "utf8_nopad_bin", "binary":
		return orderBytes
	}
	return orderUnknown
}

// compare returns the order as Info gives it, nil if it is not known.
func (o textOrder) compare() func(a, b storage.Value) int {
	switch o {
	case orderPadded:
		return comparePadded
	case orderBytes:
		return compareBytes
	}
	return nil
}

// compareBytes is the order of the server with a collation that compares
// code points: that of [storage.Compare], but that the two zeros are equal.
func compareBytes(a, b storage.Value) int {
	if a.IsNull() || b.IsNull() {
		return storage.Compare(a, b)
	}
	switch a.Type() {
	case storage.Float:
		return cmp.Compare(a.Float32(), b.Float32())
	case storage.Double:
		return cmp.Compare(a.Float64(), b.Float64())
	}
	return storage.Compare(a, b)
}

// comparePadded is compareBytes with TEXT compared as if the shorter one went on
// with spaces.
func comparePadded(a, b storage.Value) int {
	if a.Type() != storage.Text || a.IsNull() || b.IsNull() {
		return compareBytes(a, b)
	}
	x, y := a.Text(), b.Text()
	shared := min(len(x), len(y))
	if c := strings.Compare(x[:shared], y[:shared]); c != 0 {
		return c
	}
	return comparePadding(x[shared:]) - comparePadding(y[shared:])
}

// comparePadding compares the rest of a text with spaces.
func comparePadding(rest string) int {
	for i := range len(rest) {
		if rest[i] != ' ' {
			return cmp.Compare(rest[i], ' ')
		}
	}
	return 0
}
