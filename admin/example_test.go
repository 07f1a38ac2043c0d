package admin_test

import (
	"context"
	"fmt"
	"log"

	"github.com/scalargen/scalargen/admin"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

func ExampleAdmin_PlanCreate() {
	ctx := context.Background()
	tables, found := schema.Parse(schema.File{Name: "schema.json", Data: []byte(`{
		"shop.items": {"partition-key": ["id"], "columns": {"id": "INT", "name": "TEXT"}}
	}`)})
	if err := found.Err(); err != nil {
		log.Fatal(err)
	}
	a := admin.New(memory.New(), scalar.Config{})
	plan, err := a.PlanCreate(ctx, tables, true)
	if err != nil {
		log.Fatal(err)
	}
	err = a.Apply(ctx, plan, func(p admin.Progress) {
		if p.Done {
			fmt.Printf("%d/%d %s\n", p.Number, p.Of, p.Step)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1/4 create namespace shop
	// 2/4 create table shop.items
	// 3/4 create namespace coordinator
	// 4/4 create table coordinator.state
}

// items is a schema with one table, which has the given columns.
func items(columns string) *schema.Schema {
	tables, found := schema.Parse(schema.File{Name: "schema.json", Data: []byte(`{
		"shop.items": {"partition-key": ["id"], "columns": {` + columns + `}}
	}`)})
	if err := found.Err(); err != nil {
		log.Fatal(err)
	}
	return tables
}

// exampleAdmin returns an Admin of a storage that has the table shop.items.
func exampleAdmin(ctx context.Context) *admin.Admin {
	a := admin.New(memory.New(), scalar.Config{})
	plan, err := a.PlanCreate(ctx, items(`"id": "INT", "name": "TEXT"`), true)
	if err == nil {
		err = a.Apply(ctx, plan, nil)
	}
	if err != nil {
		log.Fatal(err)
	}
	return a
}

// Repair adds what a table lacks, here a column that the schema has since.
func ExampleAdmin_PlanRepair() {
	ctx := context.Background()
	a := exampleAdmin(ctx)

	plan, err := a.PlanRepair(ctx, items(`"id": "INT", "name": "TEXT", "price": "BIGINT"`), false)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps {
		fmt.Println(step)
		for _, difference := range step.Differences {
			fmt.Println(" ", difference)
		}
	}
	if err := a.Apply(ctx, plan, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// repair table shop.items
	//   it has no column price
}

// A change of a table with transactions has a step for the column and one for its
// before image. Cut off between the two, planning it again gives the second.
func ExampleAdmin_PlanAddColumn() {
	ctx := context.Background()
	a := exampleAdmin(ctx)

	plan, err := a.PlanAddColumn(ctx, storage.TableName{Namespace: "shop", Name: "items"}, storage.Column{Name: "price", Type: storage.BigInt})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps {
		fmt.Println(step)
	}
	if err := a.Apply(ctx, plan, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// add column price BIGINT to shop.items
	// add column before_price BIGINT to shop.items
}
