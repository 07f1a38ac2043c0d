package schema

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostileInputIsBounded feeds files whose cost would explode if anything
// were quadratic, recursive without end, or kept per fault. The allowance in
// memory is for all that was ever allocated, garbage included; the time is a
// watchdog for hangs.
func TestHostileInputIsBounded(t *testing.T) {
	const million = 1_000_000
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	inTable := func(columns, members string) string {
		return `{"a.b": {"partition-key": ["id"], "columns": {` + columns + `"id": "TEXT"}` + members + `}}`
	}
	for _, tt := range []struct {
		name     string
		input    string
		accepted bool
	}{
		{"deep arrays", strings.Repeat("[", million), false},
		{"deep objects", strings.Repeat(`{"a":`, million), false},
		{"a million tables", "{" + numbered(million, `"a.t%d":0,`), false},
		{"a million elements", inTable("", `, "x": [`+strings.Repeat("0,", million)+`0]`), false},
		{"a million columns", inTable(numbered(million, `"c%d":"INT",`), ""), false},
		{"as many columns as allowed", inTable(numbered(maxValues-10, `"c%d":"INT",`), ""), true},
		{"many equal columns", inTable(strings.Repeat(`"c":"INT",`, maxValues-10), ""), false},
		{"many bad columns", inTable(numbered(maxValues-10, `"c%d":"INTT",`), ""), false},
		{"many columns alike in letter case", inTable(numbered(100_000, `"c%[1]d":"INT","C%[1]d":"INT",`), ""), true},
		{"wide key of misspelt columns", inTable(numbered(290, `"column_number_%d":"INT",`), `, "clustering-key": [`+numbered(100_000, `"colunm_nubmer_%d",`)+`"id"]`), false},
		{"wide key of many columns", inTable(numbered(200_000, `"c%d":"INT",`), `, "clustering-key": [`+numbered(200_000, `"c%d",`)+`"c1"]`), false},
		{"wide index", inTable(numbered(200_000, `"c%d":"INT",`), `, "secondary-index": [`+numbered(200_000, `"c%d",`)+`"c1"]`), true},
		{"many options", inTable("", numbered(200_000, `, "o%d": 1`)), true},
		{"many misspelt members", inTable("", numbered(200_000, `, "column%d": 1`)), false},
		{"long string", inTable("", `, "x": "`+strings.Repeat("é", 4*million)+`"`), true},
		{"long name", inTable(`"`+strings.Repeat("n", 8*million)+`": "INT",`, ""), false},
		{"long type", inTable(`"n": "`+strings.Repeat("INT ", 3*million)+`",`, ""), false},
		{"long clustering entry", inTable("", `, "clustering-key": ["`+strings.Repeat("id ", 4*million)+`"]`), false},
		{"long number", inTable("", `, "ru": `+strings.Repeat("9", 8*million)), true},
		{"many escapes", inTable("", `, "x": "`+strings.Repeat(`\u0041`, 2*million)+`"`), true},
		{"many bad escapes", inTable("", `, "x": "`+strings.Repeat(`\q`, 4*million)+`"`), false},
		{"many commas", "{" + strings.Repeat(",", 10*million), false},
		{"many lines", strings.Repeat("\r\n", 5*million) + "{}", true},
		{"many comments", strings.Repeat("/**/", 2*million) + "{}", true},
		{"unclosed comments", strings.Repeat("/*", 5*million), false},
		{"too large a file", strings.Repeat(" ", maxFileSize) + "{}", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hung := time.AfterFunc(time.Minute, func() { panic("no end: " + tt.name) })
			defer hung.Stop()
			data := []byte(tt.input)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, ds := Parse(File{Name: "f", Data: data})
			runtime.ReadMemStats(&after)
			if accepted := ds.Err() == nil; accepted != tt.accepted {
				t.Errorf("accepted: %t; first of %d diagnostics: %.300v", accepted, len(ds), ds[:1])
			}
			if len(ds) > 2*maxReported+2 {
				t.Errorf("%d diagnostics", len(ds))
			}
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(512<<20); got > most {
				t.Errorf("allocated %d MiB, want at most %d", got>>20, most>>20)
			}
		})
	}
}

// largeSchema is n tables of 10 columns in 10 namespaces.
func largeSchema(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n")
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `  "namespace%d.table_%d": {
    "transaction": true,
    "partition-key": ["customer_id"],
    "clustering-key": ["created_at DESC"],
    "secondary-index": ["order_id"],
    "columns": {
      "customer_id": "TEXT",
      "created_at": "BIGINT",
      "order_id": "TEXT",
`, i%10, i)
		for c := range 6 {
			fmt.Fprintf(&b, "      \"value_%d\": \"INT\",\n", c)
		}
		b.WriteString("      \"note\": \"TEXT\"\n    }\n  }")
	}
	b.WriteString("\n}\n")
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, tables := range []int{10, 1000} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			data := largeSchema(tables)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ds := Parse(File{Name: "schema.json", Data: data}); len(ds) > 0 {
					b.Fatal(ds)
				}
			}
		})
	}
}
