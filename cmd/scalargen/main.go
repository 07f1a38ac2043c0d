// Command scalargen generates typed Go code for transactional data access from
// a ScalarDB schema.
//
//	go get -tool github.com/scalargen/scalargen/cmd/scalargen
//	go tool scalargen init
//
// Its help is its manual: scalargen --help.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
