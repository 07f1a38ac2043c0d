// Package admin creates, compares, changes, repairs, imports and drops the tables
// of a schema on a storage.
//
// Work is planned first and done after: a Plan method such as
// [Admin.PlanCreate] or [Admin.PlanAlter] looks at what is deployed and returns
// the steps that are missing, for people to read; [Admin.Preview] adds the
// statements that the storage would execute, and [Admin.Apply] takes the steps
// one by one. There is no transaction around them. A run that was cut off has
// taken some of its steps, and planning again gives the others.
//
// [Admin.Compare] says how what is deployed differs from a schema, and
// [Admin.Verify] whether programs find what they need.
//
//	config, err := scalar.LoadConfig("scalar.properties")
//	s, err := config.OpenStorage(ctx)
//	a := admin.New(s, config)
//	plan, err := a.PlanCreate(ctx, tables, true)
//	err = a.Apply(ctx, plan, nil)
//
// What a table with transactions has beside the columns and indexes of its
// schema follows every change and is never shown: the columns of transactions,
// the before image of each column outside the primary key, and the indexes on
// before images (spec consensus-commit.md, sections 1.2 and 1.5 to 1.7). The
// namespace of the coordinator table is reserved.
//
// Running programs keep definitions of tables for a while (a minute unless
// scalar.db.metadata.cache_expiration_time_secs says otherwise). Columns and
// indexes may be added meanwhile, at the cost of single transactions that fail
// between the two steps. But let that time pass before a program writes a new
// column: a transaction that does not know the column cannot keep its before
// image, and rolling it back would clear the value. Other changes need programs
// that stand still.
//
// The tables, their columns and the order of work are those of Java ScalarDB's
// Schema Loader (spec schema.md, sections 2 and 4), so that both find what the
// other has made.
package admin
