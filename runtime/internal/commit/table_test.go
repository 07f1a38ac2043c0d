package commit

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

func names(t *storage.Table, positions []int) []string {
	var out []string
	for _, p := range positions {
		out = append(out, t.Columns[p].Name)
	}
	return out
}

// The columns and indexes that a transaction table has (spec 1.2, 1.5).
func TestTransactionTable(t *testing.T) {
	t.Parallel()
	def := itemDefinition()
	def.Indexes = []int{4, 1}
	columns := []string{
		"p", "c", "v", "w", "cat",
		"tx_id", "tx_state", "tx_version", "tx_prepared_at", "tx_committed_at",
		"before_tx_id", "before_tx_state", "before_tx_version", "before_tx_prepared_at", "before_tx_committed_at",
		"before_v", "before_w", "before_cat",
	}
	for _, tt := range []struct {
		eventual bool
		indexes  []string
	}{{false, []string{"cat", "c", "before_cat"}}, {true, []string{"cat", "c"}}} {
		full := TransactionTable(def, tt.eventual)
		var got []string
		for _, c := range full.Columns {
			got = append(got, c.Name)
		}
		if diff := cmp.Diff(columns, got); diff != "" {
			t.Error("columns (-want +got):", diff)
		}
		if diff := cmp.Diff(tt.indexes, names(full, full.Indexes)); diff != "" {
			t.Error("indexes (-want +got):", diff)
		}
		if back := UserTable(full); back == nil || !back.Equal(def) {
			t.Errorf("UserTable returns %+v, want the definition", back)
		}
	}
}

// Which tables take part in transactions (spec 1.1, 1.3).
func TestTransactionTablesAreRecognized(t *testing.T) {
	t.Parallel()
	add := func(columns ...string) func(*storage.Table) {
		return func(t *storage.Table) {
			for _, c := range columns {
				t.Columns = append(t.Columns, storage.Column{Name: c, Type: storage.Int})
			}
		}
	}
	drop := func(column string) func(*storage.Table) {
		return func(t *storage.Table) {
			t.Columns = slices.DeleteFunc(t.Columns, func(c storage.Column) bool { return c.Name == column })
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*storage.Table)
		user   []string // nil: no transaction table
	}{
		{"as created", add(), []string{"id", "bal"}},
		{"no tx_version", drop("tx_version"), nil},
		{"no before_tx_state", drop("before_tx_state"), nil},
		{"no before image of a column", drop("before_bal"), nil},
		{"column with its image", add("x", "before_x"), []string{"id", "bal", "x"}},
		{"column without one", add("x"), nil},
		{"column named like an image", add("before_y", "before_before_y"), []string{"id", "bal", "before_y"}},
		{"image of nothing", add("before_y"), nil},
		{"image of a key column", add("before_id"), []string{"id", "bal"}},
	} {
		full := TransactionTable(acctDefinition(), false)
		tt.change(full)
		bound, problem := newTable(full)
		switch {
		case (problem == "") != (tt.user != nil):
			t.Errorf("%s: problem %q", tt.name, problem)
		case problem == "":
			if diff := cmp.Diff(tt.user, names(full, bound.user)); diff != "" {
				t.Errorf("%s (-want +got): %s", tt.name, diff)
			}
		}
	}
}

// A table that changes during a transaction is a conflict, and a definition that
// is read again unchanged is none.
func TestDefinitionsAreReadAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	e := w.engine(nil, func(o *Options) { o.MetadataTTL = time.Minute })
	tx := begin(t, e, Snapshot)
	ref := item(t, e, 1, 1)
	want(t, "first", get(t, tx, ref), "absent")
	w.now.Add(120_000)
	if again := item(t, e, 1, 1); again.Table != ref.Table {
		t.Error("an unchanged definition has another identity")
	}
	def := itemDefinition()
	def.Columns = append(def.Columns, storage.Column{Name: "more", Type: storage.Int})
	ok(t, w.store.DropTable(ctx, itemName))
	w.create(TransactionTable(def, false))
	w.now.Add(120_000)
	want(t, "after a change", get(t, tx, item(t, e, 1, 1)), "conflict")
	want(t, "in a new transaction", get(t, begin(t, e, Snapshot), item(t, e, 1, 1)), "absent")

	_, err := e.Table(ctx, stateName)
	want(t, "no transaction table", outcome(err), "invalid")
	_, err = e.Table(ctx, storage.TableName{Namespace: "shop", Name: "nothing"})
	want(t, "no table", outcome(err), "invalid")
}
