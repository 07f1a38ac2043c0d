package admin

import (
	"context"
	"errors"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

const (
	existsAlready = "exists already"
	doesNotExist  = "does not exist"
)

// PlanCreate returns the steps that create the tables of s in the order of the
// schema, each after its namespace, and then the coordinator table if asked for.
// s may be nil and must be free of errors.
//
// A table that exists is kept. If it differs from the schema, its step says how.
// The error is a [schema.Diagnostics] if the schema declares tables in the
// namespace of the coordinator.
func (a *Admin) PlanCreate(ctx context.Context, s *schema.Schema, coordinator bool) (*Plan, error) {
	tables, err := a.tablesOf(s)
	if err != nil {
		return nil, err
	}
	c := creation{admin: a, namespaces: map[string]bool{}}
	for _, t := range tables {
		differences := func(deployed *storage.Table) []Difference { return a.compare(t, deployed) }
		if err := c.add(ctx, a.definition(t), optionsOf(t), differences); err != nil {
			return nil, err
		}
	}
	switch {
	case coordinator && a.direct:
		c.plan.Steps = append(c.plan.Steps, a.unneeded())
	case coordinator:
		if err := c.add(ctx, a.coordinator, nil, a.compareCoordinator); err != nil {
			return nil, err
		}
	}
	return &c.plan, nil
}

// creation collects the steps of a PlanCreate.
type creation struct {
	admin      *Admin
	plan       Plan
	namespaces map[string]bool // that exist or will
}

func (c *creation) add(ctx context.Context, t *storage.Table, options storage.Options, differences func(*storage.Table) []Difference) error {
	if err := c.addNamespace(ctx, t.Namespace, options); err != nil {
		return err
	}
	step := Step{Action: CreateTable, Name: t.TableName, Table: t, Options: options}
	deployed, err := c.admin.deployed(ctx, t.TableName)
	if err != nil {
		return err
	}
	if deployed != nil {
		step = Step{Action: Keep, Name: t.TableName, Reason: existsAlready, Differences: differences(deployed)}
	}
	c.plan.Steps = append(c.plan.Steps, step)
	return nil
}

func (c *creation) addNamespace(ctx context.Context, namespace string, options storage.Options) error {
	if c.namespaces[namespace] {
		return nil
	}
	exists, err := c.admin.storage.Admin().NamespaceExists(ctx, namespace)
	if err != nil {
		return err
	}
	if !exists {
		name := storage.TableName{Namespace: namespace}
		c.plan.Steps = append(c.plan.Steps, Step{Action: CreateNamespace, Name: name, Options: options})
	}
	c.namespaces[namespace] = true
	return nil
}

// deployed returns the definition of a deployed table, nil if there is none.
func (a *Admin) deployed(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	t, err := a.storage.Table(ctx, name)
	if errors.Is(err, storage.ErrTableNotFound) {
		return nil, nil
	}
	return t, err
}
