package storage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Properties is a ScalarDB configuration: scalar.db.* keys with placeholders
// already replaced. Values are trimmed; an empty value counts as absent. The
// accessors report errors that name the key but never a value, since it may be
// a secret.
type Properties map[string]string

// String returns the value of key, or def if it is absent or empty.
func (p Properties) String(key, def string) string {
	if v := strings.TrimSpace(p[key]); v != "" {
		return v
	}
	return def
}

// Bool returns true or false in any letter case, or def.
func (p Properties) Bool(key string, def bool) (bool, error) {
	switch v := p.String(key, ""); strings.ToLower(v) {
	case "":
		return def, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("property %s must be true or false", key)
	}
}

// Int returns a decimal integer, or def.
func (p Properties) Int(key string, def int) (int, error) {
	v := p.String(key, "")
	if v == "" {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("property %s must be a whole number", key)
	}
	return n, nil
}

// Millis returns a duration given in whole milliseconds, or def.
func (p Properties) Millis(key string, def time.Duration) (time.Duration, error) {
	n, err := p.Int(key, int(def/time.Millisecond))
	return time.Duration(n) * time.Millisecond, err
}

// List splits a value on commas; a comma after a backslash does not split, and
// all backslashes are then removed, as in ScalarDB.
func (p Properties) List(key string) []string {
	v := p.String(key, "")
	if v == "" {
		return nil
	}
	var items []string
	var item strings.Builder
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '\\' && i+1 < len(v) && v[i+1] == ',':
			i++
			item.WriteByte(',')
		case v[i] == '\\':
		case v[i] == ',':
			items = append(items, strings.TrimSpace(item.String()))
			item.Reset()
		default:
			item.WriteByte(v[i])
		}
	}
	return append(items, strings.TrimSpace(item.String()))
}

// Keys returns the keys that are present, in byte order.
func (p Properties) Keys() []string {
	return slices.Sorted(maps.Keys(p))
}
