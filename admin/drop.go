package admin

import (
	"context"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// PlanDrop returns the steps that drop the tables of s with all their records,
// in the order of the schema, then the namespaces that are empty without them,
// and then the coordinator table and its namespace if asked for. s may be nil
// and must be free of errors.
//
// A table is dropped even if it differs from the schema; its step says how. A
// namespace with other tables is kept. Without the decisions in the coordinator
// table, transactions that a crash has interrupted are no longer completed: drop
// it together with the last tables that use it.
func (a *Admin) PlanDrop(ctx context.Context, s *schema.Schema, coordinator bool) (*Plan, error) {
	tables, err := a.tablesOf(s)
	if err != nil {
		return nil, err
	}
	var d dropping
	d.admin = a
	for _, t := range tables {
		differences := func(deployed *storage.Table) []Difference { return a.compare(t, deployed) }
		if err := d.add(ctx, nameOf(t), differences); err != nil {
			return nil, err
		}
	}
	if err := d.addNamespaces(ctx); err != nil {
		return nil, err
	}
	switch {
	case coordinator && a.direct:
		d.plan.Steps = append(d.plan.Steps, a.unneeded())
	case coordinator:
		if err := d.add(ctx, a.coordinator.TableName, a.compareCoordinator); err != nil {
			return nil, err
		}
		if err := d.addNamespaces(ctx); err != nil {
			return nil, err
		}
	}
	return &d.plan, nil
}

// dropping collects the steps of a PlanDrop.
type dropping struct {
	admin  *Admin
	plan   Plan
	tables []storage.TableName // named since the last addNamespaces
}

func (d *dropping) add(ctx context.Context, name storage.TableName, differences func(*storage.Table) []Difference) error {
	deployed, err := d.admin.deployed(ctx, name)
	if err != nil {
		return err
	}
	step := Step{Action: Keep, Name: name, Reason: doesNotExist}
	if deployed != nil {
		step = Step{Action: DropTable, Name: name, Differences: differences(deployed)}
	}
	d.plan.Steps = append(d.plan.Steps, step)
	d.tables = append(d.tables, name)
	return nil
}

// addNamespaces adds a step for each namespace of the tables. Also those of
// which no table is left are dropped, since an earlier run may have come so far.
func (d *dropping) addNamespaces(ctx context.Context) error {
	done := map[string]bool{}
	for _, t := range d.tables {
		if done[t.Namespace] {
			continue
		}
		done[t.Namespace] = true
		if err := d.addNamespace(ctx, t.Namespace); err != nil {
			return err
		}
	}
	d.tables = nil
	return nil
}

func (d *dropping) addNamespace(ctx context.Context, namespace string) error {
	exists, err := d.admin.storage.Admin().NamespaceExists(ctx, namespace)
	if err != nil || !exists {
		return err
	}
	others, err := d.admin.storage.Admin().Tables(ctx, namespace)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(table string) bool {
		return slices.Contains(d.tables, storage.TableName{Namespace: namespace, Name: table})
	})
	step := Step{Action: DropNamespace, Name: storage.TableName{Namespace: namespace}}
	if len(others) > 0 {
		step.Action, step.Reason = Keep, "kept, it has other tables: "+enumerate(others)
	}
	d.plan.Steps = append(d.plan.Steps, step)
	return nil
}

// enumerate lists names, the first of them if they are many.
func enumerate(names []string) string {
	const most = 5
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return strings.Join(names, ", ")
}
