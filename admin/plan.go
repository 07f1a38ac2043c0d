package admin

import (
	"fmt"

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
	Keep // nothing: things are as they should be, or must stay as they are
)

// String returns what is done to what, such as "create table".
func (a Action) String() string {
	return [...]string{"create namespace", "create table", "drop table", "drop namespace", "keep"}[a]
}

// Step is one step of a plan.
type Step struct {
	Action Action
	Name   storage.TableName // its Name is "" if the step is about a namespace

	// Table is the table to create, with the columns and indexes that
	// transactions need.
	Table *storage.Table
	// Options are those that the schema gives for the table, or for the first
	// table of the namespace.
	Options storage.Options

	// Reason says why nothing is to be done.
	Reason string
	// Differences say how a table that is there differs from the schema. It is
	// not changed.
	Differences []string
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
	if s.Action == Keep {
		return s.Object() + ": " + s.Reason
	}
	return fmt.Sprintf("%s %s", s.Action, s.Object())
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

// Changes returns how many steps change something.
func (p *Plan) Changes() int { return len(p.Steps) - p.Count(Keep) }
