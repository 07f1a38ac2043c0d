// Command scalarctl is the operator's tool: it creates, compares, changes, imports
// and drops the tables of a ScalarDB schema on the storages that a configuration
// names.
//
//	go install github.com/scalargen/scalargen/cmd/scalarctl@latest
//	scalarctl schema create --config scalar.properties --schema-file schema.json --coordinator
//
// Its help is its manual: scalarctl --help.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
