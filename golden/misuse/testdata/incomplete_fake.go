package misuse

import (
	store "github.com/scalargen/scalargen/golden/interfaces/out/shop"
)

// A fake has all methods of the interface.
func incompleteFake() {
	var _ store.ProductStore = fake{} // ERROR "cannot use fake{} (value of struct type fake) as shop.ProductStore value in variable declaration: fake does not implement shop.ProductStore (missing method Delete)"
}

type fake struct{}
