package commit

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/scalargen/scalargen/storage"
)

// group splits mutations into groups that their storages apply atomically, as
// few as possible (spec 5.6). Within a group they are in the order of table and
// key, so that two transactions that lock the same records do so in the same
// order.
func (e *Engine) group(mutations []storage.Mutation) [][]storage.Mutation {
	if len(mutations) == 0 {
		return nil
	}
	if len(mutations) > 1 {
		slices.SortStableFunc(mutations, compareMutations)
	}
	if e.inOneGroup(mutations) {
		return [][]storage.Mutation{mutations}
	}
	type unit struct {
		storage, namespace, table, key string
	}
	var groups [][]storage.Mutation
	open := map[unit]int{} // the group of a unit that still has room
	for _, m := range mutations {
		info := e.storage.Info(m.Table.Namespace)
		u := unit{storage: info.Name}
		if info.Atomicity <= storage.AtomicNamespace {
			u.namespace = m.Table.Namespace
		}
		if info.Atomicity <= storage.AtomicTable {
			u.table = m.Table.Name
		}
		if info.Atomicity <= storage.AtomicPartition {
			u.key = keyText(m.Key[:len(m.Table.Partition)])
		}
		if info.Atomicity == storage.AtomicRecord {
			u.key = keyText(m.Key)
		}
		at, exists := open[u]
		if !exists || info.MaxMutations > 0 && len(groups[at]) == info.MaxMutations {
			at = len(groups)
			open[u] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], m)
	}
	return groups
}

// inOneGroup recognizes the most frequent case, a storage that applies anything
// atomically.
func (e *Engine) inOneGroup(mutations []storage.Mutation) bool {
	if len(mutations) == 1 {
		return true
	}
	first := e.storage.Info(mutations[0].Table.Namespace)
	if first.Atomicity != storage.AtomicStorage || first.MaxMutations > 0 && len(mutations) > first.MaxMutations {
		return false
	}
	for i := range mutations[1:] {
		before, m := &mutations[i], &mutations[i+1]
		if m.Table != before.Table && m.Table.Namespace != before.Table.Namespace && e.storage.Info(m.Table.Namespace).Name != first.Name {
			return false
		}
	}
	return true
}

func keyText(key []storage.Value) string {
	var b []byte
	for _, v := range key {
		b = appendValue(b, v)
	}
	return string(b)
}

func compareMutations(a, b storage.Mutation) int {
	return cmp.Or(
		strings.Compare(a.Table.Namespace, b.Table.Namespace),
		strings.Compare(a.Table.Name, b.Table.Name),
		storage.CompareKeys(a.Key, b.Key),
	)
}

// parallelism bounds the requests of one phase of one transaction that are under
// way, as ScalarDB's executor does.
const parallelism = 128

// each runs do(0) … do(n−1), many at once unless serial is set, and waits for all
// of them, so that nothing done afterwards overtakes one in flight (spec 5.7).
// It returns the first error by index; serially it stops there.
func each(n int, serial bool, do func(i int) error) error {
	if n == 1 || serial {
		for i := range n {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	places := make(chan struct{}, parallelism)
	var wait sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		wait.Go(func() {
			errs[i] = do(i)
			<-places
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
