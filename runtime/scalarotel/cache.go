package scalarotel

import (
	"maps"
	"sync"
	"sync/atomic"
)

// cache keeps values that are made once for each key. It is read with every
// span and by all goroutines, so reading takes no lock and allocates nothing;
// a new key, of which a program soon has met all, costs a copy of the map. The
// zero value is empty.
type cache[K comparable, V any] struct {
	entries atomic.Pointer[map[K]V]
	writing sync.Mutex
}

// get returns the value of key, made by build if there is none yet.
func (c *cache[K, V]) get(key K, build func(K) V) V {
	if entries := c.entries.Load(); entries != nil {
		if v, ok := (*entries)[key]; ok {
			return v
		}
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	next := map[K]V{}
	if entries := c.entries.Load(); entries != nil {
		if v, ok := (*entries)[key]; ok {
			return v
		}
		next = maps.Clone(*entries)
	}
	next[key] = build(key)
	c.entries.Store(&next)
	return next[key]
}
