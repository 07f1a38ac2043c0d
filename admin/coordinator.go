package admin

import (
	"context"
	"fmt"
	"slices"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// The columns that a coordinator table has if its users need them, and in
// ScalarDB 4.0 always (spec consensus-commit.md 1.9).
var (
	childIDs = storage.Column{Name: "tx_child_ids", Type: storage.Text}
	writeSet = storage.Column{Name: "tx_write_set", Type: storage.Blob}
)

// coordinatorTable returns the coordinator table with its columns in the order
// of ScalarDB 3.19.
func coordinatorTable(namespace string, groupCommit, writeSetLogging bool) *storage.Table {
	t := *scalar.CoordinatorTable(namespace)
	t.Columns = slices.Clone(t.Columns)
	if groupCommit {
		t.Columns = slices.Insert(t.Columns, 1, childIDs)
	}
	if writeSetLogging {
		t.Columns = append(t.Columns, writeSet)
	}
	return &t
}

// coordinatorLike returns the coordinator table with the optional columns that
// are asked for or deployed.
func (a *Admin) coordinatorLike(deployed *storage.Table) *storage.Table {
	has := func(c storage.Column) bool { return deployed != nil && deployed.Column(c.Name) >= 0 }
	return coordinatorTable(a.coordinator.Namespace, a.groupCommit || has(childIDs), a.writeSetLogging || has(writeSet))
}

// compareCoordinator says what makes a deployed table unfit for a coordinator.
func (a *Admin) compareCoordinator(deployed *storage.Table) []string {
	return differences(a.coordinatorLike(deployed), deployed)
}

// CoordinatorExists reports whether there is a coordinator table. [Admin.PlanCreate],
// [Admin.PlanRepair] and [Admin.PlanDrop] without a schema create, repair and
// drop it.
func (a *Admin) CoordinatorExists(ctx context.Context) (bool, error) {
	deployed, err := a.deployed(ctx, a.coordinator.TableName)
	return deployed != nil, err
}

// PlanTruncateCoordinator returns the step that removes all decisions. No
// transaction may be in flight, and none may have been interrupted: records that
// it has prepared would be rolled back though it had committed.
func (a *Admin) PlanTruncateCoordinator(ctx context.Context) (*Plan, error) {
	deployed, err := a.deployed(ctx, a.coordinator.TableName)
	if err != nil {
		return nil, err
	}
	step := Step{Action: Keep, Name: a.coordinator.TableName, Reason: doesNotExist}
	if deployed != nil {
		step = Step{Action: TruncateTable, Name: a.coordinator.TableName}
	}
	return &Plan{Steps: []Step{step}}, nil
}

// reserved refuses the coordinator's namespace: its table has operations of its
// own.
func (a *Admin) reserved(op string, name storage.TableName) error {
	if name.Namespace != a.coordinator.Namespace {
		return nil
	}
	return &storage.Error{Op: op, Table: name, Class: storage.ErrInvalid, Err: fmt.Errorf(
		"namespace %s belongs to the coordinator table, which is created, repaired, truncated and dropped as a whole (DB-CORE-10096)", name.Namespace)}
}
