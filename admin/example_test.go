package admin_test

import (
	"context"
	"fmt"
	"log"

	"github.com/scalargen/scalargen/admin"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/schema"
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
