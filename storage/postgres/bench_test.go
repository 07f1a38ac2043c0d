package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// wideTable is a record of four user columns with ScalarDB's transaction
// columns.
func wideTable() *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: "ns", Name: "wide"},
		Columns:   []storage.Column{{Name: "k", Type: storage.Int}, {Name: "tx_id", Type: storage.Text}},
		Partition: []int{0},
	}
	for _, prefix := range []string{"", "before_"} {
		for i := range 4 {
			t.Columns = append(t.Columns, storage.Column{Name: fmt.Sprintf("%sc%d", prefix, i), Type: storage.BigInt})
		}
	}
	return t
}

const benchID = "0b6a5c0e-5a5c-4a8c-9a53-0f6f0e6a3c1d"

// wideRecord is a write of a whole record that stands on what was read.
func wideRecord(t *storage.Table, k int32) storage.Mutation {
	m := storage.Mutation{Table: t, Key: []storage.Value{storage.IntValue(k)}}
	for c := 1; c < len(t.Columns); c++ {
		m.Columns = append(m.Columns, c)
		if t.Columns[c].Type == storage.Text {
			m.Values = append(m.Values, storage.TextValue(benchID))
		} else {
			m.Values = append(m.Values, storage.BigIntValue(int64(k)+1000))
		}
	}
	return m
}

const benchRecords = 1000

// benchmark runs body on a server that waits for its disk, and on one that does
// not, which shows what else there is to wait for.
func benchmark(b *testing.B, body func(b *testing.B, s *Storage, table *storage.Table)) {
	for name, option := range map[string]testserver.Option{"durable": testserver.Durable, "fast": testserver.Fast} {
		b.Run(name, func(b *testing.B) {
			s := openAt(b, testserver.Postgres(b, option))
			table := wideTable()
			create(b, s, table)
			var groups [][]storage.Mutation
			for k := range int32(benchRecords) {
				groups = append(groups, []storage.Mutation{wideRecord(table, k)})
			}
			if err := errors.Join(s.MutateBatch(b.Context(), groups)...); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			body(b, s, table)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		k := int32(0)
		for b.Loop() {
			k = (k + 1) % benchRecords
			rows, err := s.Get(b.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(k)}}})
			if err != nil || rows[0] == nil {
				b.Fatal(rows, err)
			}
		}
	})
}

// BenchmarkMutate overwrites records on condition that they are as they were
// read: what a transaction does in one phase.
func BenchmarkMutate(b *testing.B) {
	for _, size := range []int32{1, 2, 8} {
		b.Run(fmt.Sprintf("records=%d", size), func(b *testing.B) {
			benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
				k := int32(0)
				group := make([]storage.Mutation, size)
				for i := range group {
					group[i] = wideRecord(table, 0)
					group[i].Condition, group[i].Where = storage.If, []storage.Predicate{{Column: 1, Operator: storage.Eq, Value: storage.TextValue(benchID)}}
				}
				for b.Loop() {
					for i := range group {
						k = (k + 1) % benchRecords
						group[i].Key[0] = storage.IntValue(k)
					}
					if err := s.Mutate(b.Context(), group); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkInserts inserts 64 records, as 64 transactions that end at about the
// same time do with their coordinator rows.
func BenchmarkInserts(b *testing.B) {
	const size = 64
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		k := int32(benchRecords)
		for b.Loop() {
			groups := make([][]storage.Mutation, size)
			for i := range groups {
				k++
				groups[i] = []storage.Mutation{wideRecord(table, k)}
				groups[i][0].Condition = storage.IfNotExists
			}
			if err := errors.Join(s.MutateBatch(b.Context(), groups)...); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkScanPage(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		for b.Loop() {
			page, err := s.Scan(b.Context(), &storage.Scan{Table: table, Kind: storage.FullScan})
			if err != nil || len(page.Rows) != defaultPageSize {
				b.Fatal(page, err)
			}
		}
	})
}
