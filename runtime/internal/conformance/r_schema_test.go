package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/admin"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

var _ = items(item{
	ID: "R03", Title: "Administration: the coordinator's life and its reserved namespace; columns, indexes and their twins; import; repair", Verdict: difference,
	Reason: "What ScalarDB refuses because it is there or gone already is no error here, so that every command may be repeated; decoupled imports are not supported",
	Test:   administration,
})

const warehouse = `{
  "shop.stock": {
    "partition-key": ["id"], "clustering-key": ["day"],
    "columns": {"id": "INT", "day": "INT", "amount": "INT", "place": "TEXT"},
    "secondary-index": ["place"]
  }
}`

var stockTable = storage.TableName{Namespace: "shop", Name: "stock"}

func administration(t *testing.T, s *suite) {
	parsed, problems := schema.Parse(schema.File{Name: "schema.json", Data: []byte(warehouse)})
	ok(t, problems.Err())
	ctx := context.Background()
	// do applies what has been planned, and says how many steps that took.
	do := func(t *testing.T, a *admin.Admin, p *admin.Plan, err error) int {
		t.Helper()
		ok(t, err)
		ok(t, a.Apply(ctx, p, nil))
		return p.Changes()
	}
	// deployed lists the columns and the indexed ones that the database has.
	deployed := func(t *testing.T, w *world, name storage.TableName) (columns, indexed []string) {
		t.Helper()
		meta, err := w.store.Table(ctx, name)
		ok(t, err)
		for i, c := range meta.Columns {
			columns = append(columns, c.Name)
			if meta.Indexed(i) {
				indexed = append(indexed, c.Name)
			}
		}
		slices.Sort(indexed)
		return columns, indexed
	}
	admitted := func(t *testing.T) (*world, *admin.Admin) {
		w := s.world(t)
		a := admin.New(w.store, scalar.Config{})
		p, err := a.PlanCreate(ctx, parsed, false)
		do(t, a, p, err)
		return w, a
	}
	run(t, "coordinator", func(t *testing.T) {
		w, a := admitted(t)
		exists := func() string {
			there, err := a.CoordinatorExists(ctx)
			return fmt.Sprint(there, " ", outcome(err))
		}
		want(t, "exists", exists(), "true ok")
		p, err := a.PlanCreate(ctx, parsed, true)
		want(t, "created again", do(t, a, p, err), 0)
		w.coordinatorRow("T1", "tx_state", 3, "tx_created_at", 77)
		p, err = a.PlanTruncateCoordinator(ctx)
		do(t, a, p, err)
		want(t, "decisions after it was truncated", w.decisions(), "")
		p, err = a.PlanRepair(ctx, parsed, true)
		do(t, a, p, err)
		columns, _ := deployed(t, w, stateTable)
		want(t, "optional columns after repair", fmt.Sprint(slices.Contains(columns, "tx_child_ids"), slices.Contains(columns, "tx_write_set")), "true true")
		p, err = a.PlanDrop(ctx, parsed, true)
		do(t, a, p, err)
		want(t, "exists after it was dropped", exists(), "false ok")
		p, err = a.PlanDrop(ctx, parsed, true)
		want(t, "dropped again", do(t, a, p, err), 0)
	})
	run(t, "reserved namespace", func(t *testing.T) {
		_, a := admitted(t)
		_, err := a.PlanAddColumn(ctx, stateTable, storage.Column{Name: "more", Type: storage.Int})
		want(t, "says why", strings.Contains(fmt.Sprint(err), "DB-CORE-10096"), true)
		there, err := a.NamespaceExists(ctx, stateTable.Namespace)
		want(t, "exists", fmt.Sprint(there, " ", outcome(err)), "false ok")
		namespaces, err := a.Namespaces(ctx)
		ok(t, err)
		want(t, "listed", slices.Contains(namespaces, stateTable.Namespace), false)
	})
	run(t, "definition", func(t *testing.T) {
		_, a := admitted(t)
		def, transaction, err := a.Table(ctx, stockTable)
		ok(t, err)
		var names []string
		for _, c := range def.Columns {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		want(t, "columns that are shown", strings.Join(names, " ")+fmt.Sprint(" ", transaction), "amount day id place true")
	})
	run(t, "index", func(t *testing.T) {
		w, a := admitted(t)
		indexed := func() string {
			_, names := deployed(t, w, stockTable)
			return strings.Join(names, " ")
		}
		want(t, "at first", indexed(), "before_place place")
		p, err := a.PlanCreateIndex(ctx, stockTable, "amount", nil)
		do(t, a, p, err)
		want(t, "created", indexed(), "amount before_amount before_place place")
		p, err = a.PlanDropIndex(ctx, stockTable, "place")
		do(t, a, p, err)
		want(t, "dropped", indexed(), "amount before_amount")
	})
	run(t, "columns", func(t *testing.T) {
		w, a := admitted(t)
		has := func(names ...string) string {
			columns, _ := deployed(t, w, stockTable)
			var found []string
			for _, n := range names {
				if slices.Contains(columns, n) {
					found = append(found, n)
				}
			}
			return strings.Join(found, " ")
		}
		p, err := a.PlanAddColumn(ctx, stockTable, storage.Column{Name: "note", Type: storage.Text})
		do(t, a, p, err)
		want(t, "added", has("note", "before_note"), "note before_note")
		p, err = a.PlanRenameColumn(ctx, stockTable, "note", "remark")
		do(t, a, p, err)
		want(t, "renamed", has("note", "before_note", "remark", "before_remark"), "remark before_remark")
		p, err = a.PlanRenameColumn(ctx, stockTable, "day", "date")
		do(t, a, p, err)
		want(t, "key column renamed", has("day", "date", "before_date"), "date")
		p, err = a.PlanDropColumn(ctx, stockTable, "remark")
		do(t, a, p, err)
		want(t, "dropped", has("remark", "before_remark"), "")
		_, err = a.PlanAddColumn(ctx, stockTable, storage.Column{Name: "tx_id", Type: storage.Text})
		want(t, "name of the protocol", err != nil, true)
	})
	run(t, "import", func(t *testing.T) {
		w, a := admitted(t)
		bare := storage.TableName{Namespace: "shop", Name: "bare"}
		w.create(userTable(bare))
		w.write(bare, key(1, 1), "v", 5)
		p, err := a.PlanImport(ctx, bare, nil, true)
		do(t, a, p, err)
		_, indexed := deployed(t, w, bare)
		want(t, "indexes", strings.Join(indexed, " "), "before_cat cat")
		c := w.client()
		x := c.begin()
		want(t, "read", x.get(c.in(bare, 1, 1)), "v=5")
		want(t, "update", x.update(c.in(bare, 1, 1), "v", 6), "ok")
		want(t, "commit", x.commit(), "ok")
		c.drain()
		want(t, "read again", w.client().begin().get(c.in(bare, 1, 1)), "v=6")
	})
	run(t, "repair", func(t *testing.T) {
		w, a := admitted(t)
		ok(t, w.store.Admin().DropIndex(ctx, stockTable, "before_place"))
		p, err := a.PlanRepair(ctx, parsed, false)
		do(t, a, p, err)
		_, indexed := deployed(t, w, stockTable)
		want(t, "indexes", strings.Join(indexed, " "), "before_place place")
		p, err = a.PlanRepair(ctx, parsed, false) // may be repeated
		do(t, a, p, err)
	})
}
