package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// PlanAlter returns the steps that make the deployed tables what the schema says,
// in its order: they add columns and indexes, drop indexes and columns, change
// types, and rename columns and the table, all with the before images of each
// column. [Step.Danger] tells those that lose data or make running programs fail.
// Tables that the schema does not have are left alone, and so is the coordinator
// table, for which there is [Admin.PlanRepair].
//
// The error is a [schema.Diagnostics] that names all tables that cannot be
// altered, and then there is no plan: one that does not exist, has another
// primary key or is not of the kind that the schema says, with transactions or
// without; a type that the storage cannot change. No transaction may be in
// flight during the steps that have a danger.
func (a *Admin) PlanAlter(ctx context.Context, s *schema.Schema, renames Renames) (*Plan, error) {
	tables, err := a.tablesOf(s)
	if err != nil {
		return nil, err
	}
	if err := renames.check(tables); err != nil {
		return nil, err
	}
	plan := &Plan{}
	var refused schema.Diagnostics
	for _, t := range tables {
		c := schemaAlteration{admin: a, declared: t, want: userTable(t), former: map[string]string{}}
		if err := c.plan(ctx, renames); err != nil {
			return nil, err
		}
		refused = append(refused, c.refused...)
		plan.Steps = append(plan.Steps, c.steps.plan.Steps...)
	}
	if err := refused.Err(); err != nil {
		return nil, err
	}
	return plan, nil
}

// schemaAlteration plans what makes one deployed table that of the schema. Each
// change is planned on the table as the changes before it leave it. Renames come
// last, so that all others are about names that are deployed.
type schemaAlteration struct {
	admin    *Admin
	declared *schema.Table
	want     *storage.Table    // without what transactions add
	deployed *storage.Table    // as it is now
	former   map[string]string // by the names of the schema, what columns and before images are called so far
	steps    alteration
	refused  schema.Diagnostics
}

// refuse notes why the table cannot be altered.
func (c *schemaAlteration) refuse(at schema.Position, format string, args ...any) {
	c.refused = append(c.refused, schema.Diagnostic{Pos: at, Message: "table " + c.want.TableName.String() + " " + fmt.Sprintf(format, args...)})
}

// change plans one change of a column of the schema, or another one. The next one
// sees what it makes of the table.
func (c *schemaAlteration) change(column string, plan func(b *alteration)) {
	plan(&c.steps)
	if err := c.steps.err; err != nil {
		c.refuse(c.position(column), "cannot be altered: %s", reason(err))
		c.steps.err = nil
	}
	c.steps.deployment = deploymentOf(c.steps.now)
}

// position returns where the schema declares a column, or the table.
func (c *schemaAlteration) position(column string) schema.Position {
	if declared := c.declared.Column(column); declared != nil {
		return declared.Pos
	}
	return c.declared.Pos
}

// reason returns the cause of a storage's error, without what the reader of a
// message about the table knows.
func reason(err error) string {
	if e := new(storage.Error); errors.As(err, &e) && e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

func (c *schemaAlteration) plan(ctx context.Context, renames Renames) error {
	if err := c.find(ctx, renames); err != nil || c.deployed == nil {
		return err
	}
	c.steps.deployment, c.steps.now = deploymentOf(c.deployed), c.deployed
	if !c.checkKind() || !c.findFormerNames(renames) || !c.checkKey() {
		return nil
	}
	current := c.currentDefinition()
	if !c.extend(current) {
		return nil
	}
	c.dropIndexes()
	c.dropColumns(current)
	if err := c.alterColumns(ctx); err != nil {
		return err
	}
	c.rename(renames)
	if len(c.steps.plan.Steps) == 0 {
		c.steps.plan.Steps = []Step{{Action: Keep, Name: c.want.TableName, Reason: "is as the schema says"}}
	}
	return nil
}

// find looks for the deployed table, which may have another name so far.
func (c *schemaAlteration) find(ctx context.Context, renames Renames) (err error) {
	name := c.want.TableName
	if c.deployed, err = c.admin.deployed(ctx, name); err != nil {
		return err
	}
	i := slices.IndexFunc(renames.Tables, func(r TableRename) bool {
		return r.From.Namespace == name.Namespace && r.To == name.Name
	})
	if i < 0 {
		if c.deployed == nil {
			c.refuse(c.declared.Pos, "does not exist: create it, or say which table is to be renamed so")
		}
		return nil
	}
	from := renames.Tables[i].From
	old, err := c.admin.deployed(ctx, from)
	switch {
	case err != nil:
		return err
	case old == nil && c.deployed == nil:
		c.refuse(c.declared.Pos, "does not exist, and neither does %s, which is to be renamed so", from)
	case old != nil && c.deployed != nil:
		c.refuse(c.declared.Pos, "exists already, and %s, which is to be renamed so, does too: drop one of them", from)
		c.deployed = nil
	case old != nil:
		c.deployed = old
	}
	return nil
}

// checkKind refuses a table with transactions where there are to be none, and
// the other way round.
func (c *schemaAlteration) checkKind() bool {
	want, has := c.admin.transactional(c.declared), c.steps.transaction
	switch {
	case has && !want:
		c.refuse(c.declared.Pos, "has the columns of transactions, and is to be one without them: create another table, copy the records, and drop this one")
	case want && !has && otherKind(c.declared, want, c.deployed):
		c.refuse(c.declared.Pos, `has not the columns of transactions: import it, which adds them, or say "transaction": false`)
	case want && !has:
		c.refuse(c.declared.Pos, "has a part of the columns of transactions: repair it first")
	}
	return has == want
}

// findFormerNames notes which columns, and which before images, have other names
// so far, and refuses renames that cannot be. One that was cut off has left the
// name of the before image.
func (c *schemaAlteration) findFormerNames(renames Renames) bool {
	for _, r := range renames.Columns {
		if r.Table != c.want.TableName {
			continue
		}
		from, to := c.steps.Column(r.From) >= 0, c.steps.Column(r.To) >= 0
		reserved := cmp.Or(c.steps.checkName("rename column", r.From), c.steps.checkNewName("rename column", r.To))
		switch {
		case reserved != nil:
			c.refuse(c.position(r.To), "cannot be altered: %s", reason(reserved))
		case !from && !to:
			c.refuse(c.position(r.To), "has no column %s, which is to be renamed to %s", r.From, r.To)
		case from && to:
			c.refuse(c.position(r.To), "has a column %s already, to which %s is to be renamed: drop one of them", r.To, r.From)
		case from:
			c.former[r.To] = r.From
		}
		if (c.steps.hasImage(r.From) || c.steps.hasOrphan(r.From)) && !c.steps.hasData(beforePrefix+r.To) {
			c.former[beforePrefix+r.To] = beforePrefix + r.From
		}
	}
	return len(c.refused) == 0
}

// current returns what a column, or a before image, is called so far.
func (c *schemaAlteration) current(name string) string { return cmp.Or(c.former[name], name) }

// currentDefinition returns the table of the schema, with what transactions add,
// under the names and with the types that its parts have so far.
func (c *schemaAlteration) currentDefinition() *storage.Table {
	current := c.admin.definition(c.declared)
	current.TableName = c.deployed.TableName
	for i := range current.Columns {
		column := &current.Columns[i]
		column.Name = c.current(column.Name)
		if at := c.deployed.Column(column.Name); at >= 0 {
			column.Type = c.deployed.Columns[at].Type
		}
	}
	return current
}

// checkKey refuses another primary key.
func (c *schemaAlteration) checkKey() bool {
	const advice = ", and a key cannot change: create a table of another name, copy the records, and drop this one"
	want, same := *c.want, true
	want.Columns = slices.Clone(c.want.Columns)
	for i := range want.Columns {
		want.Columns[i].Name = c.current(want.Columns[i].Name)
	}
	for _, key := range []struct{ what, now, want string }{
		{"partition key", keyNames(c.deployed, c.deployed.Partition), keyNames(&want, want.Partition)},
		{"clustering key", clusteringNames(c.deployed), clusteringNames(&want)},
	} {
		if key.now != key.want {
			c.refuse(c.declared.Pos, "has the %s (%s), and (%s) in the schema"+advice, key.what, key.now, key.want)
			same = false
		}
	}
	for _, i := range want.PrimaryKey() {
		name, typ := want.Columns[i].Name, want.Columns[i].Type
		if at := c.deployed.Column(name); at >= 0 && c.deployed.Columns[at].Type != typ {
			c.refuse(c.position(c.want.Columns[i].Name), "has the key column %s of type %s, and %s in the schema"+advice, name, c.deployed.Columns[at].Type, typ)
			same = false
		}
	}
	return same
}

// extend adds the columns and indexes that are missing, also those that only
// before images lack, in one step.
func (c *schemaAlteration) extend(current *storage.Table) bool {
	for _, column := range c.want.Columns {
		if name := c.current(column.Name); c.steps.Column(name) < 0 {
			c.change(column.Name, func(b *alteration) { b.fail(b.checkNewName("add column", name)) })
		}
	}
	c.change("", func(b *alteration) { b.extend(current, optionsOf(c.declared), additions(current, b.now)) })
	return len(c.refused) == 0
}

// dropIndexes drops the indexes that the schema does not have, also that of a
// before image whose column has lost its own already.
func (c *schemaAlteration) dropIndexes() {
	for i, column := range c.want.Columns {
		name := c.current(column.Name)
		switch {
		case !c.want.Indexed(i):
			c.change(column.Name, func(b *alteration) { b.dropIndex(name) })
		case c.admin.eventuallyConsistentIndexes && c.steps.hasImage(name):
			c.change(column.Name, func(b *alteration) {
				b.add(Step{Action: DropIndex, Column: storage.Column{Name: beforePrefix + name}})
			})
		}
	}
}

func (c *schemaAlteration) dropColumns(current *storage.Table) {
	for _, column := range c.steps.user.Columns {
		if current.Column(column.Name) < 0 {
			c.change("", func(b *alteration) { b.dropColumn(column.Name) })
		}
	}
}

func (c *schemaAlteration) alterColumns(ctx context.Context) error {
	for i, column := range c.want.Columns {
		if c.want.InPrimaryKey(i) {
			continue
		}
		column.Name = c.current(column.Name)
		for _, name := range []string{column.Name, beforePrefix + column.Name} {
			at := c.deployed.Column(name)
			isOwn := name == column.Name || c.steps.hasImage(column.Name)
			if at < 0 || !isOwn || c.deployed.Columns[at].Type == column.Type {
				continue
			}
			possible, err := c.possible(ctx, c.position(c.want.Columns[i].Name), name, column.Type)
			if err != nil {
				return err
			}
			if possible {
				c.change(c.want.Columns[i].Name, func(b *alteration) { b.alterColumn(column) })
			}
			break
		}
	}
	return nil
}

// possible asks the storage whether it can give a deployed column another type:
// it must be known before the first step is taken.
func (c *schemaAlteration) possible(ctx context.Context, declared schema.Position, name string, typ storage.Type) (bool, error) {
	at := c.deployed.Column(name)
	has := fmt.Sprintf("has column %s of type %s, and %s in the schema", name, c.deployed.Columns[at].Type, typ)
	if c.deployed.Indexed(at) {
		c.refuse(declared, "%s, and it has an index: alter the table without the index first", has)
		return false, nil
	}
	err := c.admin.storage.Admin().AlterColumnType(storage.WithDryRun(ctx, func(string) {}), c.deployed.TableName, name, typ)
	if errors.Is(err, storage.ErrInvalid) {
		c.refuse(declared, "%s, which cannot be altered: %s", has, reason(err))
		return false, nil
	}
	return err == nil, err
}

// rename gives columns and the table the names of the schema.
func (c *schemaAlteration) rename(renames Renames) {
	for _, r := range renames.Columns {
		if r.Table == c.want.TableName {
			c.change(r.To, func(b *alteration) { b.renameColumn(r.From, r.To) })
		}
	}
	if c.deployed.Name != c.want.Name {
		c.change("", func(b *alteration) { b.add(Step{Action: RenameTable, To: c.want.Name}) })
	}
}
