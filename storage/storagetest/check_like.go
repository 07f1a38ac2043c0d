package storagetest

import "github.com/scalargen/scalargen/storage"

func likeChecks() []check {
	return []check{{"filter/LIKE", checkLike}}
}

// checkLike holds patterns against texts. What they mean is what package
// storage's own matcher says, which is tested there against a naive one.
func checkLike(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), ClusteringKey("c", storage.Int, storage.Asc), Column("v", storage.Text))
	texts := []string{
		"", "a", "A", "abc", "ABC", "aXc", "a%c", "a_c", `a\c`, "a\nc", "abcabc", "é", "É", "日本語", "😀", "a😀c", "a.c", "a*c", "a?c", "[abc]", "a[b]c", "^a$", " a ", "aac", "#%",
	}
	p := storage.IntValue(1)
	var rows []storage.Row
	for i, text := range texts {
		r := row(t, is("p", p), is("c", storage.IntValue(int32(i))))
		if v := storage.TextValue(text); h.refusedBecause(AsValue, v) == "" {
			r[t.Column("v")] = v
		}
		rows = append(rows, r)
	}
	rows = append(rows, row(t, is("p", p), is("c", storage.IntValue(-1))))
	for _, r := range rows {
		h.apply(putRow(t, r))
	}
	rows = append(rows[len(rows)-1:], rows[:len(rows)-1]...) // in key order
	patterns := []struct{ pattern, escape string }{
		{"", ""}, {"a", ""}, {"%", ""}, {"_", ""}, {"___", ""}, {"a%", ""}, {"%c", ""}, {"a_c", ""}, {"a%c", ""}, {"%b%", ""}, {"%%", ""}, {"_%", ""},
		{`a\%c`, `\`}, {`a\_c`, `\`}, {`a\\c`, `\`}, {`a\c`, ""}, {"a#%c", "#"}, {"a#_c", "#"}, {"##%", "#"}, {"a%%c", "%"}, {"a__c", "_"}, {`\%c`, ""},
		{"é", ""}, {"É", ""}, {"a😀c", ""}, {"日%", ""}, {"a.c", ""}, {"a*c", ""}, {"a?c", ""}, {"[abc]", ""}, {"a[b]c", ""}, {"^a$", ""}, {" a ", ""}, {"%a%c%", ""},
		{"aé😀%", "é"}, {"'", ""}, {`"`, ""},
	}
	for _, c := range patterns {
		for _, operator := range []storage.Operator{storage.Like, storage.NotLike} {
			where := predicate(t, "v", operator, storage.TextValue(c.pattern))
			where.Escape = c.escape
			scan := storage.Scan{Table: t, Partition: key(p), Where: storage.Filter{{where}}}
			if storage.CheckLike(c.pattern, c.escape) != "" {
				_, err := h.storage.Scan(background, &scan)
				h.wantError("scan with pattern "+c.pattern, err, storage.ErrInvalid)
				continue
			}
			h.wantScan(scan, h.expect(&scan, rows))
		}
	}
}
