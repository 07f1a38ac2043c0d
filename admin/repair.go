package admin

import (
	"context"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// PlanRepair returns the steps that create what is missing of the tables of s,
// in the order of the schema, and then of the coordinator table if asked for:
// namespaces, tables, columns with their before images, indexes and those of
// before images, metadata. s may be nil and must be free of errors.
//
// Every table has a step, since a definition does not tell what of the table
// itself is missing; Differences say what of it does. Nothing is ever removed. A
// table that contradicts the schema is kept: one that has a column of another
// type, another primary key, or the columns of transactions where the schema has
// none. So is a table without transactions where the schema has them, for which
// there is [Admin.PlanImport].
func (a *Admin) PlanRepair(ctx context.Context, s *schema.Schema, coordinator bool) (*Plan, error) {
	tables, err := a.tablesOf(s)
	if err != nil {
		return nil, err
	}
	r := creation{admin: a, namespaces: map[string]bool{}}
	for _, t := range tables {
		deployed, err := a.deployed(ctx, nameOf(t))
		if err != nil {
			return nil, err
		}
		if err := r.addNamespace(ctx, t.Namespace, optionsOf(t)); err != nil {
			return nil, err
		}
		step := repairStep(a.definition(t), deployed)
		if deployed != nil {
			if otherKind(t, a.transactional(t), deployed) {
				step = Step{Action: Keep, Name: nameOf(t), Reason: cannotRepair}
			}
			step.Differences = a.compare(t, deployed)
		}
		step.Options = optionsOf(t)
		r.plan.Steps = append(r.plan.Steps, step)
	}
	switch {
	case coordinator && a.direct:
		r.plan.Steps = append(r.plan.Steps, a.unneeded())
	case coordinator:
		deployed, err := a.deployed(ctx, a.coordinator.TableName)
		if err != nil {
			return nil, err
		}
		if err := r.addNamespace(ctx, a.coordinator.Namespace, nil); err != nil {
			return nil, err
		}
		step := repairStep(a.coordinatorLike(deployed), deployed)
		if deployed != nil {
			step.Differences = a.compareCoordinator(deployed)
		}
		r.plan.Steps = append(r.plan.Steps, step)
	}
	return &r.plan, nil
}

const cannotRepair = "is kept, a repair cannot make it what the schema says"

// repairStep returns the step that repairs a table, or keeps one that
// contradicts the definition.
func repairStep(want, deployed *storage.Table) Step {
	if deployed != nil {
		if _, err := deployed.WithMissing(want); err != nil {
			return Step{Action: Keep, Name: want.TableName, Reason: cannotRepair}
		}
	}
	return Step{Action: RepairTable, Name: want.TableName, Table: want}
}

// otherKind reports whether a deployed table is one with transactions and that
// of the schema is to be none, or the other way round. Metadata that were cut off lack
// also columns of the schema.
func otherKind(t *schema.Table, transactional bool, deployed *storage.Table) bool {
	if !transactional {
		return deploymentOf(deployed).transaction
	}
	for _, c := range addedColumns {
		if deployed.Column(c.Name) >= 0 {
			return false
		}
	}
	for _, c := range t.Columns {
		if deployed.Column(c.Name) < 0 {
			return false
		}
	}
	return true
}
