package admin

import (
	"slices"
	"strings"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// compare says how a deployed table differs from the schema.
func (a *Admin) compare(t *schema.Table, deployed *storage.Table) []Difference {
	def := userTable(t)
	want := scalar.TransactionTable(def, a.eventuallyConsistentIndexes)
	wanted := a.transactional(t)
	switch has := deployed.Column("tx_id") >= 0 && deployed.Column("before_tx_id") >= 0; {
	case has == wanted && has:
		return differences(want, deployed)
	case has == wanted:
		return differences(def, deployed)
	case has && t.Transaction:
		return append([]Difference{{Kind: TransactionsExtra, Schema: "scalar.db.transaction_manager is " + a.manager}}, differences(want, deployed)...)
	case has:
		return append([]Difference{{Kind: TransactionsExtra, Schema: `the schema says "transaction": false`}}, differences(want, deployed)...)
	default:
		return append([]Difference{{Kind: TransactionsMissing, Schema: `the schema does not say "transaction": false`}}, differences(def, deployed)...)
	}
}

// differences says what deployed has otherwise than want.
func differences(want, deployed *storage.Table) []Difference {
	if want.Equal(deployed) {
		return nil
	}
	d := &comparison{want: want, deployed: deployed, columns: map[string]bool{}}
	d.compareColumns()
	d.compareKey(PartitionKey, keyNames(want, want.Partition), keyNames(deployed, deployed.Partition))
	d.compareKey(ClusteringKey, clusteringNames(want), clusteringNames(deployed))
	d.compareIndexes()
	return d.found
}

type comparison struct {
	want, deployed *storage.Table
	columns        map[string]bool // that differ
	found          []Difference
}

// add reports a difference of a column. That its before image differs in the
// same way goes without saying.
func (d *comparison) add(difference Difference) {
	d.columns[difference.Column] = true
	if original, isImage := strings.CutPrefix(difference.Column, beforePrefix); !isImage || !d.columns[original] {
		d.found = append(d.found, difference)
	}
}

func (d *comparison) compareColumns() {
	for _, c := range d.want.Columns {
		switch i := d.deployed.Column(c.Name); {
		case i < 0:
			d.add(Difference{Kind: ColumnMissing, Column: c.Name, Schema: c.Type.String()})
		case d.deployed.Columns[i].Type != c.Type:
			d.add(Difference{Kind: ColumnType, Column: c.Name, Deployed: d.deployed.Columns[i].Type.String(), Schema: c.Type.String()})
		}
	}
	for _, c := range d.deployed.Columns {
		if d.want.Column(c.Name) < 0 {
			d.add(Difference{Kind: ColumnExtra, Column: c.Name, Deployed: c.Type.String()})
		}
	}
}

func (d *comparison) compareKey(kind DifferenceKind, want, deployed string) {
	if want != deployed {
		d.found = append(d.found, Difference{Kind: kind, Deployed: deployed, Schema: want})
	}
}

func (d *comparison) compareIndexes() {
	want, deployed := indexNames(d.want), indexNames(d.deployed)
	for _, name := range want {
		if !slices.Contains(deployed, name) && !d.columns[name] {
			d.found = append(d.found, Difference{Kind: IndexMissing, Column: name})
		}
	}
	for _, name := range deployed {
		if !slices.Contains(want, name) && !d.columns[name] {
			d.found = append(d.found, Difference{Kind: IndexExtra, Column: name})
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
