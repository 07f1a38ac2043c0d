// Package golden holds what the generator must print: each directory is a case
// of schema files, an optional scalargen.yaml, and under out the packages that
// come out, byte for byte. The packages are part of this module, so that they
// are compiled and vetted with everything else, and a test runs their methods.
//
// To add a case, add a directory with its schema and run
//
//	go test ./golden -update
//
// misuse holds programs against these packages that must not compile.
package golden
