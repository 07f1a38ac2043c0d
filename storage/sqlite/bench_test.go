package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// wideTable is a record of five user columns with ScalarDB's transaction
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

func wideRecord(t *storage.Table, k int32) storage.Mutation {
	m := storage.Mutation{Table: t, Key: []storage.Value{storage.IntValue(k)}}
	for c := 1; c < len(t.Columns); c++ {
		m.Columns = append(m.Columns, c)
		if t.Columns[c].Type == storage.Text {
			m.Values = append(m.Values, storage.TextValue("0b6a5c0e-5a5c-4a8c-9a53-0f6f0e6a3c1d"))
		} else {
			m.Values = append(m.Values, storage.BigIntValue(int64(k)+1000))
		}
	}
	return m
}

func benchmark(b *testing.B, body func(b *testing.B, s *Storage, table *storage.Table)) {
	for name, path := range map[string]string{"file": "", "memory": memoryPath} {
		b.Run(name, func(b *testing.B) {
			s := openFile(b, path)
			table := wideTable()
			create(b, s, table)
			for k := range int32(1000) {
				if err := s.Mutate(b.Context(), []storage.Mutation{wideRecord(table, k)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			body(b, s, table)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		k := int32(0)
		for b.Loop() {
			k = (k + 1) % 1000
			rows, err := s.Get(ctx, []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(k)}}})
			if err != nil || rows[0] == nil {
				b.Fatal(rows, err)
			}
		}
	})
}

func BenchmarkMutate(b *testing.B) {
	for _, size := range []int32{1, 2} {
		b.Run(fmt.Sprintf("records=%d", size), func(b *testing.B) {
			benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
				k := int32(0)
				for b.Loop() {
					var group []storage.Mutation
					for range size {
						k = (k + 1) % 1000
						group = append(group, wideRecord(table, k))
						group[len(group)-1].Condition = storage.IfExists
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
	for name, insert := range map[string]func(ctx context.Context, s *Storage, groups [][]storage.Mutation) error{
		"one by one": func(ctx context.Context, s *Storage, groups [][]storage.Mutation) error {
			for _, group := range groups {
				if err := s.Mutate(ctx, group); err != nil {
					return err
				}
			}
			return nil
		},
		"batch": func(ctx context.Context, s *Storage, groups [][]storage.Mutation) error {
			return errors.Join(s.MutateBatch(ctx, groups)...)
		},
	} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
				k := int32(1000)
				for b.Loop() {
					groups := make([][]storage.Mutation, size)
					for i := range groups {
						k++
						groups[i] = []storage.Mutation{wideRecord(table, k)}
						groups[i][0].Condition = storage.IfNotExists
					}
					if err := insert(b.Context(), s, groups); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
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
