package admin

import (
	"fmt"
	"slices"
	"strings"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// compare says how a deployed table differs from the schema.
func (a *Admin) compare(t *schema.Table, deployed *storage.Table) []string {
	def := userTable(t)
	want := scalar.TransactionTable(def, a.eventuallyConsistentIndexes)
	wanted := a.transactional(t)
	switch has := deployed.Column("tx_id") >= 0 && deployed.Column("before_tx_id") >= 0; {
	case has == wanted && has:
		return differences(want, deployed)
	case has == wanted:
		return differences(def, deployed)
	case has && t.Transaction:
		return append([]string{"it has the columns of transactions, and scalar.db.transaction_manager is single-crud-operation"}, differences(want, deployed)...)
	case has:
		return append([]string{`it has the columns of transactions, and the schema says "transaction": false`}, differences(want, deployed)...)
	default:
		return append([]string{`it has not the columns of transactions, and the schema does not say "transaction": false`}, differences(def, deployed)...)
	}
}

// differences says what deployed has otherwise than want.
func differences(want, deployed *storage.Table) []string {
	if want.Equal(deployed) {
		return nil
	}
	d := &comparison{want: want, deployed: deployed, columns: map[string]bool{}}
	d.compareColumns()
	d.compareKey("partition key", keyNames(want, want.Partition), keyNames(deployed, deployed.Partition))
	d.compareKey("clustering key", clusteringNames(want), clusteringNames(deployed))
	d.compareIndexes()
	return d.found
}

type comparison struct {
	want, deployed *storage.Table
	columns        map[string]bool // that differ
	found          []string
}

// add reports a difference of a column. That its before image differs in the
// same way goes without saying.
func (d *comparison) add(column, format string, args ...any) {
	d.columns[column] = true
	if original, isImage := strings.CutPrefix(column, "before_"); !isImage || !d.columns[original] {
		d.found = append(d.found, fmt.Sprintf(format, args...))
	}
}

func (d *comparison) compareColumns() {
	for _, c := range d.want.Columns {
		switch i := d.deployed.Column(c.Name); {
		case i < 0:
			d.add(c.Name, "it has no column %s", c.Name)
		case d.deployed.Columns[i].Type != c.Type:
			d.add(c.Name, "its column %s is %s, and %s in the schema", c.Name, d.deployed.Columns[i].Type, c.Type)
		}
	}
	for _, c := range d.deployed.Columns {
		if d.want.Column(c.Name) < 0 {
			d.add(c.Name, "it has a column %s, which the schema has not", c.Name)
		}
	}
}

func (d *comparison) compareKey(what, want, deployed string) {
	if want != deployed {
		d.found = append(d.found, fmt.Sprintf("its %s is (%s), and (%s) in the schema", what, deployed, want))
	}
}

func (d *comparison) compareIndexes() {
	want, deployed := indexNames(d.want), indexNames(d.deployed)
	for _, name := range want {
		if !slices.Contains(deployed, name) && !d.columns[name] {
			d.found = append(d.found, "it has no index on column "+name)
		}
	}
	for _, name := range deployed {
		if !slices.Contains(want, name) && !d.columns[name] {
			d.found = append(d.found, fmt.Sprintf("it has an index on column %s, which the schema has not", name))
		}
	}
}

func keyNames(t *storage.Table, columns []int) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = t.Columns[c].Name
	}
	return strings.Join(names, ", ")
}

func clusteringNames(t *storage.Table) string {
	names := make([]string, len(t.Clustering))
	for i, c := range t.Clustering {
		names[i] = t.Columns[c.Column].Name + " " + c.Order.String()
	}
	return strings.Join(names, ", ")
}

func indexNames(t *storage.Table) []string {
	names := make([]string, len(t.Indexes))
	for i, c := range t.Indexes {
		names[i] = t.Columns[c].Name
	}
	return names
}
