// Package money has types for columns, as an application might have them.
package money

import (
	"fmt"
	"strings"
)

// Cents is an amount, stored as it is.
type Cents int64

// Currency is an ISO 4217 code. Its zero value is no currency.
type Currency struct{ code string }

// ParseCurrency reads a code of three upper-case letters.
func ParseCurrency(code string) (Currency, error) {
	if len(code) != 3 || code != strings.ToUpper(code) {
		return Currency{}, fmt.Errorf("currency %q must be three upper-case letters", code)
	}
	return Currency{code}, nil
}

// Code returns the code, XXX for none.
func (c Currency) Code() string {
	if c.code == "" {
		return "XXX"
	}
	return c.code
}

// Flags is a set of options, stored as a number.
type Flags struct{ bits int32 }

// FlagsOf is the inverse of [Bits].
func FlagsOf(bits int32) (Flags, error) {
	if bits < 0 {
		return Flags{}, fmt.Errorf("flags %d must not be negative", bits)
	}
	return Flags{bits}, nil
}

// Bits returns the number that stands for f.
func Bits(f Flags) int32 { return f.bits }
