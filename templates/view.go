package templates

// App is what the pages of a new repository are given.
type App struct {
	Module string // path of the Go module, github.com/acme/app
	Name   string // last element of it, app
	Go     string // version for the go line of go.mod, 1.26.0
}

// Table is a table in a description.
type Table struct {
	Name        string // namespace.table, as in the schema
	Package     string // Go package
	Record      string // Go name of a record, without the package
	Repository  string // Go name of the table value, without the package
	Key         string // Go name of the key, without the package
	Transaction bool   // false: no transactions
	Doc         string // from scalargen.yaml
	Columns     []Column
	Paths       []Path  // ways to the records, cheapest first
	Limits      []Limit // what storages cannot serve
}

// Column is a column of a [Table].
type Column struct {
	Name  string
	Type  string // TEXT
	Field string // Go name
	Go    string // Go type
	Key   bool
	Role  string // partition key; clustering key, descending; index; "" for others
}

// Path is a way to records.
type Path struct {
	What string // what is reached: one record, the partition
	Call string // the Go call
	Note string // order, cost
}

// Limit is something that one storage cannot serve.
type Limit struct {
	Storage string
	Message string
}
