package storagetest

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

func pagingChecks() []check {
	return []check{
		{"paging/every page size", checkEveryPageSize},
		{"paging/with a filter", checkPagingWithFilter},
		{"paging/many rows", checkManyRows},
		{"paging/writes between pages", checkWritesBetweenPages},
		{"paging/a page may be read again", checkPageAgain},
	}
}

// accessPaths returns a scan along each path with the rows that it finds.
func (h *harness) accessPaths(t *storage.Table, rows []storage.Row) (scans []storage.Scan, want [][]storage.Row) {
	i := storage.IntValue
	add := func(scan storage.Scan, found []storage.Row) { scans, want = append(scans, scan), append(want, found) }
	first := having(rows, t.Column("p"), i(0))
	add(storage.Scan{Table: t, Partition: key(i(0))}, first)
	backward := slices.Clone(first)
	slices.Reverse(backward)
	add(storage.Scan{Table: t, Partition: key(i(0)), Backward: true}, backward)
	bounded := storage.Scan{Table: t, Partition: key(i(0)), Start: storage.Bound{Values: key(i(2))}, End: storage.Bound{Values: key(i(9)), Inclusive: true}, Columns: []int{t.Column("v")}}
	add(bounded, h.expect(&bounded, h.between(&bounded, first)))
	add(storage.Scan{Table: t, Kind: storage.FullScan}, rows)
	add(storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: i(1)}, having(rows, t.Column("x"), i(1)))
	return scans, want
}

// pages creates a table of n rows in two partitions, in declared order.
func (h *harness) pages(n int32) (t *storage.Table, rows []storage.Row) {
	t = h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Desc), Column("v", storage.Int), Indexed("x", storage.Int))
	i := storage.IntValue
	for k := range n {
		r := row(t, is("p", i(k%2)), is("c", i(-k)), is("v", i(k)), is("x", i(k/2%2)))
		rows = append(rows, r)
		h.apply(putRow(t, r))
	}
	return t, rows
}

func (h *harness) wantPath(scan storage.Scan, want []storage.Row) {
	h.Helper()
	if scan.Kind == storage.PartitionScan {
		h.wantScan(scan, want)
	} else {
		h.wantSet(scan, want)
	}
}

func checkEveryPageSize(h *harness) {
	const n = 24
	t, rows := h.pages(n)
	scans, want := h.accessPaths(t, rows)
	for path, scan := range scans {
		for limit := range n + 2 {
			scan.Limit = limit
			h.wantPath(scan, want[path])
		}
	}
}

func checkPagingWithFilter(h *harness) {
	const n = 40
	t, rows := h.pages(n)
	scans, want := h.accessPaths(t, rows)
	for path, scan := range scans {
		if scan.Columns != nil {
			continue
		}
		for _, f := range []storage.Filter{
			{{predicate(t, "v", storage.Eq, storage.IntValue(22))}},
			{{predicate(t, "v", storage.Lt, storage.IntValue(10))}, {predicate(t, "v", storage.Gt, storage.IntValue(30))}},
			{{predicate(t, "v", storage.Lt, storage.IntValue(0))}},
		} {
			scan.Where = f
			for _, limit := range []int{0, 1, 2, 3, 7, n} {
				scan.Limit = limit
				h.wantPath(scan, h.expect(&scan, want[path]))
			}
		}
	}
}

// checkManyRows reads more rows than the default page of most storages holds.
func checkManyRows(h *harness) {
	const n = 700
	t, rows := h.pages(n)
	scans, want := h.accessPaths(t, rows)
	for path, scan := range scans {
		h.wantPath(scan, want[path])
		scan.Limit = 256
		h.wantPath(scan, want[path])
	}
}

// checkWritesBetweenPages deletes, inserts and updates before and behind the
// page that was just read. Records that nobody touched must be seen exactly
// once, the others at most once on a path in key order.
func checkWritesBetweenPages(h *harness) {
	const n = 60
	for path := range 5 {
		t, rows := h.pages(n)
		scans, want := h.accessPaths(t, rows)
		if scans[path].Columns != nil {
			continue // the check needs the keys
		}
		h.wantPath(scans[path], want[path])
		scan, touched := scans[path], map[storage.Value]bool{}
		scan.Limit = 4
		i, v := storage.IntValue, t.Column("v")
		var seen []storage.Row
		for step := int32(1); ; step++ {
			page := h.page(&scan)
			seen = append(seen, page.Rows...)
			if page.Next == nil {
				break
			}
			scan.After = page.Next
			if step > n/2 {
				continue // let the scan come to its end
			}
			removed := rows[(step*8)%n]
			h.apply(remove(t, t.Key(removed)...))
			touched[removed[v]] = true
			inserted := i(1000 + step)
			h.apply(put(t, key(i(step%2), i(step*3-n)), is("v", inserted), is("x", i(step%2))))
			touched[inserted] = true
			for _, r := range rows { // the insert may have hit a record
				if r[t.Column("p")] == i(step%2) && r[t.Column("c")] == i(step*3-n) {
					touched[r[v]] = true
				}
			}
		}
		untouched := func(all []storage.Row) []storage.Row {
			return slices.DeleteFunc(slices.Clone(all), func(r storage.Row) bool { return touched[r[v]] })
		}
		if got, want := untouched(seen), untouched(want[path]); !slices.EqualFunc(sorted(got), sorted(want), sameRow) {
			h.Errorf("scan %s with writes between the pages, rows nobody wrote:\n got %s\nwant %s", formatScan(&scan), formatRows(got), formatRows(want))
		}
		if scan.Kind == storage.PartitionScan {
			h.wantStrictOrder(&scan, seen)
		}
	}
}

// wantStrictOrder checks that no record comes twice or in the wrong place.
func (h *harness) wantStrictOrder(scan *storage.Scan, rows []storage.Row) {
	h.Helper()
	for i := 1; i < len(rows); i++ {
		if order := h.clusteringOrder(scan.Table, rows[i-1], rows[i]); order == 0 || order > 0 != scan.Backward {
			h.Errorf("scan %s: %s comes before %s", formatScan(scan), formatRow(rows[i-1]), formatRow(rows[i]))
		}
	}
}

// checkPageAgain reads from one cursor twice, as after a lost reply.
func checkPageAgain(h *harness) {
	t, rows := h.pages(20)
	scans, want := h.accessPaths(t, rows)
	for path, scan := range scans {
		h.wantPath(scan, want[path])
		scan.Limit = 3
		for {
			first, second := h.page(&scan), h.page(&scan)
			if !slices.EqualFunc(first.Rows, second.Rows, sameRow) {
				h.Errorf("scan %s read again from the same cursor:\n 1st %s\n2nd %s", formatScan(&scan), formatRows(first.Rows), formatRows(second.Rows))
			}
			if first.Next == nil {
				break
			}
			scan.After = first.Next
		}
	}
}
