// Package gen turns a schema into Go source: per namespace a package, per table
// a file with its record, key, columns, ranges and repository.
//
// The work has four steps, each in files of its own:
//
//   - [NewPlan] decides every name, Go type and import, and reports everything
//     that is wrong with them, with the line of scalargen.yaml that helps;
//   - [Generate] prints the plan (emit*.go), which cannot fail, then formats
//     and type-checks the result (finish*.go);
//   - [Compare] tells what differs from a directory;
//   - [Write] replaces what differs.
//
// The type check needs no module and no network: the parts of the runtime and
// of the standard library that generated code names are declared in
// package stubs below, which a test compares with the real ones.
//
// The output depends on the schema and the configuration alone: not on the
// machine, the directory, the order of the schema files, or GOMAXPROCS.
package gen
