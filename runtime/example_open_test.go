package scalar_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
	_ "github.com/scalargen/scalargen/storage/memory"
)

func ExampleOpen() {
	ctx := context.Background()
	db, err := scalar.Open(ctx, storage.Properties{
		"scalar.db.storage":                          "memory",
		"scalar.db.consensus_commit.isolation_level": "SERIALIZABLE",
	}, scalar.DefaultIsolation(scalar.Snapshot)) // options win over properties
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
	fmt.Println(db.Storage().Info("").Name)
	// Output: memory
}

func ExampleOpenFile() {
	ctx := context.Background()
	db, err := scalar.OpenFile(ctx, "scalar.properties")
	if errors.Is(err, scalar.ErrInvalid) {
		log.Fatal(err) // scalar.properties:3: scalar.db.contact_point: there is no such key: did you mean …
	}
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close(ctx)
}

func ExampleParseConfig() {
	_, err := scalar.ParseConfig(storage.Properties{
		"scalar.db.contact_point":                             "app.db",
		"scalar.db.consensus_commit.include_metadata.enabled": "true",
	})
	fmt.Println(err)
	// Output:
	// scalar.db.consensus_commit.include_metadata.enabled: showing the columns of the transactions is not supported by this version: remove the line, or set it to false
	// scalar.db.contact_point: there is no such key: did you mean scalar.db.contact_points?
}

func ExampleParseProperties() {
	properties, err := scalar.ParseProperties("scalar.properties", []byte(`
# where the tables are
scalar.db.storage        = sqlite
scalar.db.contact_points = ${env:EXAMPLE_DATABASE:-app.db}
`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(properties["scalar.db.contact_points"])
	// Output: app.db
}
