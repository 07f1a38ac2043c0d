package scalar

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Null is a value that may be NULL. The zero Null is NULL. It is comparable
// when T is, holds its value in place, and with the json tag ",omitzero" leaves
// out NULL fields.
type Null[T any] struct {
	V     T    // meaningful only if Valid
	Valid bool // false for NULL
}

// Some returns the non-NULL value v.
func Some[T any](v T) Null[T] { return Null[T]{V: v, Valid: true} }

// FromPtr returns *p, or NULL if p is nil.
func FromPtr[T any](p *T) Null[T] {
	if p == nil {
		return Null[T]{}
	}
	return Some(*p)
}

// Get returns the value and whether it is not NULL.
func (n Null[T]) Get() (T, bool) { return n.V, n.Valid }

// Or returns the value, or def for NULL.
func (n Null[T]) Or(def T) T {
	if n.Valid {
		return n.V
	}
	return def
}

// Ptr returns a pointer to a copy of the value, nil for NULL.
func (n Null[T]) Ptr() *T {
	if !n.Valid {
		return nil
	}
	return &n.V
}

// IsZero reports whether n is NULL, for the json tag ",omitzero".
func (n Null[T]) IsZero() bool { return !n.Valid }

// String renders the value as fmt.Sprint does, or NULL.
func (n Null[T]) String() string {
	if !n.Valid {
		return "NULL"
	}
	return fmt.Sprint(n.V)
}

// MarshalJSON writes the value, or null.
func (n Null[T]) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return json.Marshal(n.V)
}

// UnmarshalJSON reads a value, or null as NULL.
func (n *Null[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		*n = Null[T]{}
		return nil
	}
	if err := json.Unmarshal(data, &n.V); err != nil {
		return err
	}
	n.Valid = true
	return nil
}
