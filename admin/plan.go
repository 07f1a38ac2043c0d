package admin

import (
	"fmt"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// Action is what a step does.
type Action uint8

// The actions.
const (
	CreateNamespace Action = iota
	CreateTable
	DropTable
	DropNamespace
	RepairTable
	ExtendTable
	ImportTable
	TruncateTable
	RenameTable
	CreateIndex
	DropIndex
	AddColumn
	DropColumn
	RenameColumn
	AlterColumn
	Keep // nothing: things are as they should be, or must stay as they are
)

var actionNames = [...]string{
	CreateNamespace: "create namespace", CreateTable: "create table", DropTable: "drop table", DropNamespace: "drop namespace",
	RepairTable: "repair table", ExtendTable: "extend table", ImportTable: "import table", TruncateTable: "truncate table", RenameTable: "rename table",
	CreateIndex: "create index", DropIndex: "drop index", AddColumn: "add column", DropColumn: "drop column",
	RenameColumn: "rename column", AlterColumn: "alter column", Keep: "keep",
}

// String returns what is done to what, such as "create table".
func (a Action) String() string { return actionNames[a] }

// Step is one step of a plan.
type Step struct {
	Action Action
	Name   storage.TableName // its Name is "" if the step is about a namespace

	// Table is the table to create, repair or extend, with the columns and
	// indexes that transactions need.
	Table *storage.Table
	// Additions name what ExtendTable adds.
	Additions []string
	// Column is the column to add, drop, rename or alter, or whose index is
	// created or dropped. Its type, the new one, matters to AddColumn and
	// AlterColumn.
	Column storage.Column
	// To is the new name of a table or column.
	To string
	// Types are the types chosen for columns of a table to import.
	Types map[string]storage.Type
	// Options are those that the schema gives for the table, or for the first
	// table of the namespace, or those of a new index.
	Options storage.Options

	// Reason says why nothing is to be done.
	Reason string
	// Differences say how a table that is there differs from the schema. A
	// repair creates what is missing; else the table is not changed.
	Differences []Difference
}

// Object returns namespace.table, or the namespace.
func (s Step) Object() string {
	if s.Name.Name == "" {
		return s.Name.Namespace
	}
	return s.Name.String()
}

// String returns the action and the object; for [Keep] the object and the
// reason.
func (s Step) String() string {
	column := s.Column.Name
	switch s.Action {
	case Keep:
		return s.Object() + ": " + s.Reason
	case CreateIndex, DropIndex:
		return fmt.Sprintf("%s on column %s of %s", s.Action, column, s.Object())
	case AddColumn:
		return fmt.Sprintf("add column %s %s to %s", column, s.Column.Type, s.Object())
	case DropColumn:
		return fmt.Sprintf("drop column %s of %s", column, s.Object())
	case RenameColumn:
		return fmt.Sprintf("rename column %s of %s to %s", column, s.Object(), s.To)
	case AlterColumn:
		return fmt.Sprintf("alter column %s of %s to %s", column, s.Object(), s.Column.Type)
	case ExtendTable:
		return fmt.Sprintf("extend table %s by %s", s.Object(), strings.Join(s.Additions, ", "))
	case RenameTable:
		return fmt.Sprintf("rename table %s to %s", s.Object(), s.To)
	default:
		return fmt.Sprintf("%s %s", s.Action, s.Object())
	}
}

// Danger says what harm the step does to records or to programs that run, ""
// for none. Columns and indexes may be added beside them.
func (s Step) Danger() string {
	switch s.Action {
	case DropTable, TruncateTable:
		return "its records are lost"
	case DropColumn:
		return "its values are lost"
	case DropIndex:
		return "programs that scan by it fail"
	case RenameTable, RenameColumn:
		return "programs that use the old name fail"
	case AlterColumn:
		return "programs that know the old type fail, and there is no way back"
	}
	return ""
}

// Plan is what is to be done, in order.
type Plan struct {
	Steps []Step
}

// Count returns how many steps take the action.
func (p *Plan) Count(action Action) int {
	n := 0
	for _, s := range p.Steps {
		if s.Action == action {
			n++
		}
	}
	return n
}

// Dangers returns how many steps do harm.
func (p *Plan) Dangers() int {
	n := 0
	for _, s := range p.Steps {
		if s.Danger() != "" {
			n++
		}
	}
	return n
}

// Changes returns how many steps change something.
func (p *Plan) Changes() int { return len(p.Steps) - p.Count(Keep) }
