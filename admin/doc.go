// Package admin creates and drops the tables of a schema on a storage.
//
// Work is planned first and done after: [Admin.PlanCreate] and [Admin.PlanDrop]
// look at what is deployed and return the steps that are missing, for people to
// read; [Admin.Apply] takes them one by one. There is no transaction around
// them. A run that was cut off has taken some of its steps, and planning again
// gives the others.
//
//	config, err := scalar.LoadConfig("scalar.properties")
//	s, err := config.OpenStorage(ctx)
//	a := admin.New(s, config)
//	plan, err := a.PlanCreate(ctx, tables, true)
//	err = a.Apply(ctx, plan, nil)
//
// The tables, their columns and the order of work are those of Java ScalarDB's
// Schema Loader (spec schema.md, sections 2 and 4), so that both find what the
// other has made.
package admin
