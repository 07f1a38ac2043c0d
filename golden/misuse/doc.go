// Package misuse holds, in testdata, programs against generated packages that
// must not compile. Each line that is refused ends in a comment with the error
// that its author sees:
//
//	scalar.Set(order.StatementColumns.ItemID, 3) // ERROR "…"
//
// All other lines must be right. To add a program, write it with comments
// // ERROR "" and run
//
//	go test ./golden/misuse -update
package misuse
