package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/storage"
)

// Progress tells how far Apply is. Each change is told twice: when it begins
// and when it is done.
type Progress struct {
	Step   Step
	Number int // of the step among the changes of the plan, from 1
	Of     int // changes in the plan
	Done   bool
	// Note says why the step had nothing to do after all, "" if it had.
	Note string
}

// Apply takes the steps of a plan. progress, which may be nil, is called before
// and after each change.
//
// At the first failure it stops and returns the error, which names the step. The
// steps before it stay. To go on, plan again: the new plan has what is missing.
// What another program has done since the plan was made is no failure.
func (a *Admin) Apply(ctx context.Context, p *Plan, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	now := Progress{Of: p.Changes()}
	for _, step := range p.Steps {
		if step.Action == Keep {
			continue
		}
		now.Number++
		now.Step, now.Done, now.Note = step, false, ""
		progress(now)
		note, err := a.take(ctx, step)
		if err != nil {
			return fmt.Errorf("step %d of %d: %w", now.Number, now.Of, err)
		}
		now.Done, now.Note = true, note
		progress(now)
	}
	return nil
}

// take makes one change. It returns why there was nothing to do.
func (a *Admin) take(ctx context.Context, step Step) (note string, err error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", step, err)
	}
	admin := a.storage.Admin()
	switch step.Action {
	case CreateNamespace:
		return "", admin.CreateNamespace(ctx, step.Name.Namespace, step.Options)
	case CreateTable:
		err = admin.CreateTable(ctx, step.Table, step.Options)
		if errors.Is(err, storage.ErrTableExists) {
			return existsAlready, nil
		}
	case DropTable:
		err = admin.DropTable(ctx, step.Name)
		if errors.Is(err, storage.ErrTableNotFound) {
			return "is gone already", nil
		}
	case DropNamespace:
		err = admin.DropNamespace(ctx, step.Name.Namespace)
		if errors.Is(err, storage.ErrNotEmpty) {
			return "is kept, it has other tables", nil
		}
	case RepairTable, ExtendTable:
		err = admin.RepairTable(ctx, step.Table, step.Options)
	case ImportTable:
		err = admin.ImportTable(ctx, step.Name, step.Types)
		if errors.Is(err, storage.ErrTableExists) {
			return "is imported already", nil
		}
	case TruncateTable:
		err = admin.TruncateTable(ctx, step.Name)
	case RenameTable:
		err = admin.RenameTable(ctx, step.Name, step.To)
		if errors.Is(err, storage.ErrTableNotFound) {
			renamed, lookErr := a.deployed(ctx, storage.TableName{Namespace: step.Name.Namespace, Name: step.To})
			if renamed != nil && lookErr == nil {
				return "is renamed already", nil
			}
		}
	case CreateIndex:
		err = admin.CreateIndex(ctx, step.Name, step.Column.Name, step.Options)
	case DropIndex:
		err = admin.DropIndex(ctx, step.Name, step.Column.Name)
	case AddColumn:
		err = admin.AddColumn(ctx, step.Name, step.Column)
	case DropColumn:
		err = admin.DropColumn(ctx, step.Name, step.Column.Name)
	case RenameColumn:
		err = admin.RenameColumn(ctx, step.Name, step.Column.Name, step.To)
	case AlterColumn:
		err = admin.AlterColumnType(ctx, step.Name, step.Column.Name, step.Column.Type)
	}
	return "", err
}
