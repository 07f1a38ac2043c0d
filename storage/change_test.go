package storage_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/storagetest"
)

// change is a With method with its arguments.
type change func(t *storage.Table) (*storage.Table, error)

func TestChangesOfDefinitions(t *testing.T) {
	t.Parallel()
	part := func(parts ...storagetest.Part) *storage.Table { return storagetest.Table("shop", "orders", parts...) }
	note, line, id := storagetest.Column("note", storage.Text), storagetest.ClusteringKey("line", storage.Int, storage.Desc), storagetest.PartitionKey("order_id", storage.Text)
	sku, shop := storagetest.Indexed("sku", storage.Text), storagetest.PartitionKey("shop", storage.Int)
	for name, c := range map[string]struct {
		change change
		want   *storage.Table // nil if it is the table itself
	}{
		"index": {func(t *storage.Table) (*storage.Table, error) { return t.WithIndex("note") },
			part(storagetest.Indexed("note", storage.Text), line, id, sku, shop)},
		"index that is there": {func(t *storage.Table) (*storage.Table, error) { return t.WithIndex("sku") }, nil},
		"no index": {func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex("sku") },
			part(note, line, id, storagetest.Column("sku", storage.Text), shop)},
		"no index where there is none": {func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex("note") }, nil},
		"column": {func(t *storage.Table) (*storage.Table, error) {
			return t.WithColumn(storage.Column{Name: "x", Type: storage.Date})
		}, part(note, line, id, sku, shop, storagetest.Column("x", storage.Date))},
		"column that is there": {func(t *storage.Table) (*storage.Table, error) {
			return t.WithColumn(storage.Column{Name: "note", Type: storage.Text})
		}, nil},
		"no column":                {func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn("note") }, part(line, id, sku, shop)},
		"no indexed column":        {func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn("sku") }, part(note, line, id, shop)},
		"no column where is none":  {func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn("x") }, nil},
		"renamed column":           {func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("sku", "x") }, part(note, line, id, storagetest.Indexed("x", storage.Text), shop)},
		"renamed key":              {func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("line", "x") }, part(note, storagetest.ClusteringKey("x", storage.Int, storage.Desc), id, sku, shop)},
		"column renamed already":   {func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("x", "note") }, nil},
		"column renamed to itself": {func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("note", "note") }, nil},
		"same type":                {func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType("line", storage.Int) }, nil},
		"nothing missing": {func(t *storage.Table) (*storage.Table, error) {
			return t.WithMissing(part(id, shop, line))
		}, nil},
		"columns and indexes missing": {func(t *storage.Table) (*storage.Table, error) {
			return t.WithMissing(part(id, shop, line, storagetest.Indexed("note", storage.Text), storagetest.Indexed("x", storage.Int)))
		}, part(id, shop, line, sku, storagetest.Indexed("note", storage.Text), storagetest.Indexed("x", storage.Int))},
		"types": {func(t *storage.Table) (*storage.Table, error) {
			return t.WithTypes(map[string]storage.Type{"note": storage.Blob}, func(storage.Column, storage.Type) bool { return true })
		}, part(storagetest.Column("note", storage.Blob), line, id, sku, shop)},
	} {
		table := orders()
		got, err := c.change(table)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(orders(), table); diff != "" {
			t.Errorf("%s changed the definition that was there: %s", name, diff)
		}
		if (got == table) != (c.want == nil) || c.want != nil && !got.Equal(c.want) {
			t.Errorf("%s: %+v", name, got)
		}
		if err := storage.CheckTable(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTypesThatAColumnCanBecome(t *testing.T) {
	t.Parallel()
	possible := map[[2]storage.Type]bool{{storage.Int, storage.BigInt}: true, {storage.Float, storage.Double}: true}
	for _, from := range storage.Types() {
		for _, to := range storage.Types() {
			table := storagetest.Table("n", "t", storagetest.PartitionKey("p", storage.Int), storagetest.Column("c", from))
			_, err := table.WithColumnType("c", to)
			if want := from == to || to == storage.Text || possible[[2]storage.Type{from, to}]; (err == nil) != want || err != nil && !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
}

func TestChangesThatNoStorageCanMake(t *testing.T) {
	t.Parallel()
	with := func(parts ...storagetest.Part) change {
		return func(t *storage.Table) (*storage.Table, error) {
			return t.WithMissing(storagetest.Table("shop", "orders", parts...))
		}
	}
	line, id, shop := storagetest.ClusteringKey("line", storage.Int, storage.Desc), storagetest.PartitionKey("order_id", storage.Text), storagetest.PartitionKey("shop", storage.Int)
	for want, change := range map[string]change{
		"create index shop.orders: invalid request: there is no column x": func(t *storage.Table) (*storage.Table, error) { return t.WithIndex("x") },
		"drop index shop.orders: invalid request: there is no column x":   func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex("x") },
		"there is a column note already, of type TEXT":                    func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(storage.Column{Name: "note"}) },
		"a column has no name":                                                                                      func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(storage.Column{}) },
		"column x has no valid type":                                                                                func(t *storage.Table) (*storage.Table, error) { return t.WithColumn(storage.Column{Name: "x"}) },
		"column line belongs to the primary key, which cannot change":                                               func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn("line") },
		"rename column shop.orders: invalid request: there is no column x":                                          func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("x", "y") },
		"there is a column sku already":                                                                             func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("note", "sku") },
		"rename column shop.orders: invalid request: a column has no name":                                          func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed("note", "") },
		"alter column type shop.orders: invalid request: there is no column x":                                      func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType("x", storage.Text) },
		"column shop belongs to the primary key":                                                                    func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType("shop", storage.BigInt) },
		"column sku has an index: drop it first":                                                                    func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType("sku", storage.Blob) },
		"column note is TEXT and cannot become BLOB":                                                                func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType("note", storage.Blob) },
		"column line belongs to the primary key of the deployed table, and is not in the definition":                with(id, shop),
		"column note is TEXT, and INT in the definition":                                                            with(id, shop, line, storagetest.Column("note", storage.Int)),
		"column order_id is number 1 of the partition key of the deployed table, and number 2 of the partition key": with(shop, id, line),
		"column line is number 1 (DESC) of the clustering key of the deployed table, and number 1 (ASC)":            with(id, shop, storagetest.ClusteringKey("line", storage.Int, storage.Asc)),
		"column note is no part of the primary key of the deployed table, and number 2 (ASC) of the clustering key": with(id, shop, line, storagetest.ClusteringKey("note", storage.Text, storage.Asc)),
		"import table shop.orders: invalid request: column note is TEXT and cannot be read as INT":                  func(t *storage.Table) (*storage.Table, error) { return t.WithTypes(types("note"), noFit) },
		"import table shop.orders: invalid request: there is no column x":                                           func(t *storage.Table) (*storage.Table, error) { return t.WithTypes(types("x"), noFit) },
	} {
		if got, err := change(orders()); !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%+v, %v, want %s", got, err, want)
		}
	}
}

func types(column string) map[string]storage.Type {
	return map[string]storage.Type{column: storage.Int}
}

func noFit(storage.Column, storage.Type) bool { return false }

// Whatever is done in whatever order, the definition stays one that can be
// created, with the same primary key and without the columns that were dropped.
func TestChangesKeepDefinitionsWhole(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"note", "sku", "a", "b", "c"}
	name := func() string { return names[random.IntN(len(names))] }
	for range 300 {
		table := orders()
		for range 20 {
			from, to, typ := name(), name(), storage.Types()[random.IntN(len(storage.Types()))]
			changed, err := []change{
				func(t *storage.Table) (*storage.Table, error) { return t.WithIndex(from) },
				func(t *storage.Table) (*storage.Table, error) { return t.WithoutIndex(from) },
				func(t *storage.Table) (*storage.Table, error) {
					return t.WithColumn(storage.Column{Name: from, Type: typ})
				},
				func(t *storage.Table) (*storage.Table, error) { return t.WithoutColumn(from) },
				func(t *storage.Table) (*storage.Table, error) { return t.WithColumnRenamed(from, to) },
				func(t *storage.Table) (*storage.Table, error) { return t.WithColumnType(from, typ) },
				func(t *storage.Table) (*storage.Table, error) { return t.WithMissing(orders()) },
			}[random.IntN(7)](table)
			if err != nil {
				continue
			}
			if err := storage.CheckTable(changed); err != nil {
				t.Fatalf("%+v: %v", changed, err)
			}
			if key := changed.FormatKey(make([]storage.Value, 3)); key != orders().FormatKey(make([]storage.Value, 3)) || changed.Clustering[0].Order != storage.Desc {
				t.Fatalf("key %s of %+v", key, changed)
			}
			table = changed
		}
	}
}
