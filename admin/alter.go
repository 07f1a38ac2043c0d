package admin

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// Changes of a table with transactions are made twice, of the column and of its
// before image. Between the two the engine does not take the table for one with
// transactions. The order is such that planning the same change again, after
// the first, gives the second: the column is there and has no before image, or
// a before image is there whose column is gone.

// PlanCreateIndex returns the steps that create the secondary index on a column,
// and on its before image unless indexes are eventually consistent.
func (a *Admin) PlanCreateIndex(ctx context.Context, name storage.TableName, column string, options storage.Options) (*Plan, error) {
	b, err := a.alter(ctx, "create index", name, column)
	if err != nil {
		return nil, err
	}
	b.createIndex(column, options, !a.eventuallyConsistentIndexes)
	return b.end("has the index on column " + column + " already")
}

func (b *alteration) createIndex(column string, options storage.Options, both bool) {
	// That of the before image comes first: with the other one alone, reads
	// would miss records that are being written.
	if both && b.hasImage(column) {
		b.add(Step{Action: CreateIndex, Column: storage.Column{Name: beforePrefix + column}, Options: options})
	}
	b.add(Step{Action: CreateIndex, Column: storage.Column{Name: column}, Options: options})
}

// PlanDropIndex returns the steps that drop the secondary index on a column, and
// on its before image.
func (a *Admin) PlanDropIndex(ctx context.Context, name storage.TableName, column string) (*Plan, error) {
	b, err := a.alter(ctx, "drop index", name, column)
	if err != nil {
		return nil, err
	}
	b.dropIndex(column)
	return b.end("has no index on column " + column)
}

func (b *alteration) dropIndex(column string) {
	b.add(Step{Action: DropIndex, Column: storage.Column{Name: column}})
	if b.hasImage(column) {
		b.add(Step{Action: DropIndex, Column: storage.Column{Name: beforePrefix + column}})
	}
}

// PlanAddColumn returns the steps that add a column, NULL in all records, and
// its before image. The package's documentation says when it may be written.
func (a *Admin) PlanAddColumn(ctx context.Context, name storage.TableName, column storage.Column) (*Plan, error) {
	b, err := a.alter(ctx, "add column", name, column.Name)
	if err != nil {
		return nil, err
	}
	b.addColumn(column)
	return b.end("has column " + column.Name + " already")
}

func (b *alteration) addColumn(column storage.Column) {
	const op = "add column"
	b.fail(b.checkNewName(op, column.Name))
	if i := b.Column(column.Name); i >= 0 && b.InPrimaryKey(i) {
		b.fail(storage.Invalidf(op, b.TableName, "column %s is there, and belongs to the primary key", column.Name))
	}
	b.add(Step{Action: AddColumn, Column: column})
	if b.transaction {
		b.add(Step{Action: AddColumn, Column: storage.Column{Name: beforePrefix + column.Name, Type: column.Type}})
	}
}

// PlanDropColumn returns the steps that drop a column with its values and index,
// and its before image. No transaction may be in flight.
func (a *Admin) PlanDropColumn(ctx context.Context, name storage.TableName, column string) (*Plan, error) {
	b, err := a.alter(ctx, "drop column", name, column)
	if err != nil {
		return nil, err
	}
	b.dropColumn(column)
	return b.end("has no column " + column)
}

func (b *alteration) dropColumn(column string) {
	if b.hasImage(column) || b.hasOrphan(column) {
		b.add(Step{Action: DropColumn, Column: storage.Column{Name: beforePrefix + column}})
	}
	b.add(Step{Action: DropColumn, Column: storage.Column{Name: column}})
}

// PlanRenameColumn returns the steps that rename a column and its before image.
// No transaction may be in flight.
func (a *Admin) PlanRenameColumn(ctx context.Context, name storage.TableName, from, to string) (*Plan, error) {
	b, err := a.alter(ctx, "rename column", name, from)
	if err != nil {
		return nil, err
	}
	b.renameColumn(from, to)
	return b.end("has column " + to + " already")
}

func (b *alteration) renameColumn(from, to string) {
	b.fail(b.checkNewName("rename column", to))
	image := b.hasImage(from) || b.hasOrphan(from) && b.hasData(to)
	b.add(Step{Action: RenameColumn, Column: storage.Column{Name: from}, To: to})
	if image {
		b.add(Step{Action: RenameColumn, Column: storage.Column{Name: beforePrefix + from}, To: beforePrefix + to})
	}
}

// PlanAlterColumn returns the steps that change the type of a column and of its
// before image. [storage.Admin] says which changes are possible. No transaction
// may be in flight.
func (a *Admin) PlanAlterColumn(ctx context.Context, name storage.TableName, column string, typ storage.Type) (*Plan, error) {
	b, err := a.alter(ctx, "alter column", name, column)
	if err != nil {
		return nil, err
	}
	b.alterColumn(storage.Column{Name: column, Type: typ})
	return b.end("has column " + column + " of type " + typ.String() + " already")
}

func (b *alteration) alterColumn(column storage.Column) {
	b.add(Step{Action: AlterColumn, Column: column})
	if b.hasImage(column.Name) {
		b.add(Step{Action: AlterColumn, Column: storage.Column{Name: beforePrefix + column.Name, Type: column.Type}})
	}
}

// PlanRenameTable returns the step that renames a table within its namespace. No
// transaction may be in flight.
func (a *Admin) PlanRenameTable(ctx context.Context, name storage.TableName, to string) (*Plan, error) {
	const op = "rename table"
	renamed := storage.TableName{Namespace: name.Namespace, Name: to}
	_, err := a.find(ctx, op, name)
	if err != nil && !errors.Is(err, storage.ErrTableNotFound) {
		return nil, err
	}
	other, otherErr := a.deployed(ctx, renamed)
	step := Step{Action: RenameTable, Name: name, To: to}
	switch {
	case otherErr != nil:
		return nil, otherErr
	case err != nil && other != nil:
		step = Step{Action: Keep, Name: renamed, Reason: existsAlready}
	case err != nil:
		return nil, err
	case other != nil && to != name.Name:
		return nil, &storage.Error{Op: op, Table: renamed, Class: storage.ErrTableExists}
	case other != nil:
		step = Step{Action: Keep, Name: name, Reason: existsAlready}
	}
	return &Plan{Steps: []Step{step}}, nil
}

// PlanTruncate returns the step that removes all records of a table. No
// transaction may be in flight.
func (a *Admin) PlanTruncate(ctx context.Context, name storage.TableName) (*Plan, error) {
	if _, err := a.find(ctx, "truncate table", name); err != nil {
		return nil, err
	}
	return &Plan{Steps: []Step{{Action: TruncateTable, Name: name}}}, nil
}

// alteration collects the steps that change one table.
type alteration struct {
	*deployment
	now  *storage.Table // the table after the steps
	plan Plan
	err  error // of the first step that cannot be
}

// alter begins a change of a column, which must not be one of transactions.
func (a *Admin) alter(ctx context.Context, op string, name storage.TableName, column string) (*alteration, error) {
	d, err := a.find(ctx, op, name)
	if err != nil {
		return nil, err
	}
	if err := d.checkName(op, column); err != nil {
		return nil, err
	}
	return &alteration{deployment: d, now: d.Table}, nil
}

// fail remembers why a step cannot be, of which the first one counts.
func (b *alteration) fail(err error) { b.err = cmp.Or(b.err, err) }

// add adds a step unless the table is already as the step makes it.
func (b *alteration) add(step Step) {
	if b.err != nil {
		return
	}
	changed, err := step.change(b.now)
	if err != nil || changed == b.now {
		b.err = err
		return
	}
	step.Name = b.TableName
	b.plan.Steps = append(b.plan.Steps, step)
	b.now = changed
}

// extend adds the step that gives a table what it lacks of want.
func (b *alteration) extend(want *storage.Table, options storage.Options, additions []string) {
	b.add(Step{Action: ExtendTable, Table: want, Options: options, Additions: additions})
}

// additions names what deployed lacks of want. That what is added has its before
// image goes without saying.
func additions(want, deployed *storage.Table) []string {
	var found []string
	added := map[string]bool{}
	add := func(column, what, ofImage string) {
		added[column] = true
		original, prefixed := strings.CutPrefix(column, beforePrefix)
		isImage := prefixed && want.Column(original) >= 0
		switch {
		case !isImage:
			found = append(found, what)
		case !added[original]:
			found = append(found, ofImage+original)
		}
	}
	for _, c := range want.Columns {
		if deployed.Column(c.Name) < 0 {
			add(c.Name, "column "+c.Name+" "+c.Type.String(), "before image of ")
		}
	}
	for _, i := range want.Indexes {
		name := want.Columns[i].Name
		if at := deployed.Column(name); at < 0 || !deployed.Indexed(at) {
			add(name, "index on "+name, "index on before image of ")
		}
	}
	return found
}

// end returns the plan, for which nothing may be left to do.
func (b *alteration) end(nothing string) (*Plan, error) {
	if b.err != nil {
		return nil, b.err
	}
	if len(b.plan.Steps) == 0 {
		b.plan.Steps = []Step{{Action: Keep, Name: b.TableName, Reason: nothing}}
	}
	return &b.plan, nil
}

// change returns what the step makes of a definition.
func (s Step) change(t *storage.Table) (*storage.Table, error) {
	switch s.Action {
	case CreateIndex:
		return t.WithIndex(s.Column.Name)
	case DropIndex:
		return t.WithoutIndex(s.Column.Name)
	case AddColumn:
		return t.WithColumn(s.Column)
	case DropColumn:
		return t.WithoutColumn(s.Column.Name)
	case RenameColumn:
		return t.WithColumnRenamed(s.Column.Name, s.To)
	case ExtendTable:
		return t.WithMissing(s.Table)
	case RenameTable:
		renamed := *t
		renamed.Name = s.To
		return &renamed, nil
	default:
		return t.WithColumnType(s.Column.Name, s.Column.Type)
	}
}
