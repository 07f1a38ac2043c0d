package admin

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// Preview is what the storage would do for one step of a plan.
type Preview struct {
	Step Step
	// Statements are what the storage would execute, with their parameters
	// written out as literals. A storage without statements of its own has none.
	Statements []string
	// Note says why the step would have nothing to do, "" if it had.
	Note string
	// Err says why the storage would refuse the step.
	Err error
	// Follows says that an earlier step changes the same table or namespace.
	// Statements and Note are about what is there now, without that change.
	Follows bool
}

// Preview returns what the storage would do for each step of a plan that changes
// something, and changes nothing.
func (a *Admin) Preview(ctx context.Context, p *Plan) ([]Preview, error) {
	var previews []Preview
	changed := map[storage.TableName]bool{} // without Name: something in the namespace
	for _, step := range p.Steps {
		if step.Action == Keep {
			continue
		}
		preview := Preview{Step: step, Follows: changed[step.Name]}
		preview.Note, preview.Err = a.take(storage.WithDryRun(ctx, func(statement string) {
			preview.Statements = append(preview.Statements, statement)
		}), step)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		previews = append(previews, preview)
		changed[step.Name] = true
		changed[storage.TableName{Namespace: step.Name.Namespace}] = true
	}
	return previews, nil
}
