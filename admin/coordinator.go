package admin

import (
	"context"
	"fmt"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// coordinatorTable returns the coordinator table, with the columns that it has if
// its users need them, and in ScalarDB 4.0 always (spec consensus-commit.md 1.9).
func coordinatorTable(namespace string, groupCommit, writeSetLogging bool) *storage.Table {
	var optional []scalar.CoordinatorColumn
	if groupCommit {
		optional = append(optional, scalar.GroupMembers)
	}
	if writeSetLogging {
		optional = append(optional, scalar.WriteSets)
	}
	return scalar.CoordinatorTable(namespace, optional...)
}

// coordinatorLike returns the coordinator table with the optional columns that
// are asked for or deployed.
func (a *Admin) coordinatorLike(deployed *storage.Table) *storage.Table {
	has := func(column string) bool { return deployed != nil && deployed.Column(column) >= 0 }
	return coordinatorTable(a.coordinator.Namespace, a.groupCommit || has("tx_child_ids"), a.writeSetLogging || has("tx_write_set"))
}

// compareCoordinator says what makes a deployed table unfit for a coordinator.
func (a *Admin) compareCoordinator(deployed *storage.Table) []Difference {
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
