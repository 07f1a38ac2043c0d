package gen

import "github.com/scalargen/scalargen/schema"

// natural is how a column type appears in Go when nothing else is asked for.
type natural struct {
	word     string // in the runtime's names: IntValue, Row.Int, Row.NullInt, TypeInt
	typ      GoType
	operator string // the operators that its values have: Bool, Ordered or Text
	verb     string // for error messages about its Go values
}

var naturals = [...]natural{
	schema.Boolean:     {"Boolean", builtin("bool"), "Bool", "%t"},
	schema.Int:         {"Int", builtin("int32"), "Ordered", "%d"},
	schema.BigInt:      {"BigInt", builtin("int64"), "Ordered", "%d"},
	schema.Float:       {"Float", builtin("float32"), "Ordered", "%g"},
	schema.Double:      {"Double", builtin("float64"), "Ordered", "%g"},
	schema.Text:        {"Text", builtin("string"), "Text", "%q"},
	schema.Blob:        {"Blob", builtin("[]byte"), "Ordered", "%x"},
	schema.Date:        {"Date", GoType{scalarImport, "Date"}, "Ordered", "%s"},
	schema.Time:        {"Time", GoType{scalarImport, "TimeOfDay"}, "Ordered", "%s"},
	schema.Timestamp:   {"Timestamp", GoType{scalarImport, "DateTime"}, "Ordered", "%s"},
	schema.TimestampTZ: {"TimestampTZ", GoType{timeImport, "Time"}, "Ordered", "%s"},
}

// GoType names a Go type.
type GoType struct {
	Import *Import // nil for builtin types and those of the generated package
	Name   string
}

func builtin(name string) GoType { return GoType{Name: name} }

// String returns the type as generated code writes it.
func (t GoType) String() string {
	if t.Import == nil {
		return t.Name
	}
	return t.Import.Name + "." + t.Name
}

// Import is an imported package.
type Import struct {
	Path string
	Name string // what the file calls it
	// Explicit is set where Name must be written out, because the last element
	// of Path need not be the package's name.
	Explicit bool
}

var (
	contextImport = &Import{Path: "context", Name: "context"}
	fmtImport     = &Import{Path: "fmt", Name: "fmt"}
	iterImport    = &Import{Path: "iter", Name: "iter"}
	timeImport    = &Import{Path: "time", Name: "time"}
	scalarImport  = &Import{Path: runtimePath, Name: "scalar", Explicit: true}
)

// ownImports are the packages that generated code uses by itself.
var ownImports = map[string]*Import{
	"context": contextImport, "fmt": fmtImport, "iter": iterImport, "time": timeImport, runtimePath: scalarImport,
}

const runtimePath = "github.com/scalargen/scalargen/runtime"
