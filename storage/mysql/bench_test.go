package mysql

import (
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// wideTable is a record of user columns with images of them, as transactions keep
// it.
func wideTable(namespace string) *storage.Table {
	t := &storage.Table{
		TableName: storage.TableName{Namespace: namespace, Name: "wide"},
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

const txID = "0b6a5c0e-5a5c-4a8c-9a53-0f6f0e6a3c1d"

func wideRecord(t *storage.Table, k int32) storage.Mutation {
	m := storage.Mutation{Table: t, Key: []storage.Value{storage.IntValue(k)}}
	for c := 1; c < len(t.Columns); c++ {
		m.Columns = append(m.Columns, c)
		if t.Columns[c].Type == storage.Text {
			m.Values = append(m.Values, storage.TextValue(txID))
		} else {
			m.Values = append(m.Values, storage.BigIntValue(int64(k)+1000))
		}
	}
	return m
}

// prepared is a write under the condition that a transaction puts on it.
func preparedRecord(t *storage.Table, k int32) storage.Mutation {
	m := wideRecord(t, k)
	m.Condition, m.Where = storage.If, []storage.Predicate{{Column: 1, Value: storage.TextValue(txID)}}
	return m
}

func benchmark(b *testing.B, body func(b *testing.B, s *Storage, table *storage.Table)) {
	for _, compounds := range []bool{true, false} {
		b.Run(map[bool]string{true: "MariaDB", false: "as MySQL"}[compounds], func(b *testing.B) {
			server := testserver.MariaDB(b)
			s := openServer(b, server)
			s.server.compounds = compounds
			table := wideTable(server.Prefix + "ns")
			createTable(b, s, table)
			for k := range int32(200) {
				mutate(b, s, wideRecord(table, k))
			}
			b.ReportAllocs()
			body(b, s, table)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		for b.Loop() {
			if _, err := s.Get(b.Context(), []storage.Get{{Table: table, Key: []storage.Value{storage.IntValue(7)}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGetOfTwoTables(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		other := *table
		other.Name = "other"
		createTable(b, s, &other)
		key := []storage.Value{storage.IntValue(7)}
		for b.Loop() {
			if _, err := s.Get(b.Context(), []storage.Get{{Table: table, Key: key}, {Table: &other, Key: key}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		for b.Loop() {
			mutate(b, s, wideRecord(table, 7))
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	for _, size := range []int32{1, 2, 4, 10, 32} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
				for b.Loop() {
					var group []storage.Mutation
					for k := range size {
						group = append(group, preparedRecord(table, k))
					}
					mutate(b, s, group...)
				}
			})
		})
	}
}

// BenchmarkGroupStepByStep is what BenchmarkGroup of two is without one request
// for all.
func BenchmarkGroupStepByStep(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		for b.Loop() {
			tx, err := s.Begin(b.Context(), storage.TransactionOptions{})
			if err != nil {
				b.Fatal(err)
			}
			for k := range int32(2) {
				m := preparedRecord(table, k)
				if err := tx.Mutate(b.Context(), &m); err != nil {
					b.Fatal(err)
				}
			}
			if err := tx.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBatchOf64Inserts(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Storage, table *storage.Table) {
		k := int32(1000)
		for b.Loop() {
			groups := make([][]storage.Mutation, 64)
			for i := range groups {
				m := wideRecord(table, k)
				m.Condition = storage.IfNotExists
				groups[i] = []storage.Mutation{m}
				k++
			}
			for _, err := range s.MutateBatch(b.Context(), groups) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
