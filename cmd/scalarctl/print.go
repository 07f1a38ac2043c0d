package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/scalargen/scalargen/admin"
	"github.com/scalargen/scalargen/storage"
)

// printer writes plans and progress to out and warnings to errOut.
type printer struct {
	out, errOut io.Writer
	verbose     bool
	err         error // the first error of out

	done     map[admin.Action]int
	altered  map[storage.TableName]bool
	imported storage.TableName // the last one
	begun    time.Time
	inLine   bool // a step has begun, and its line has no end yet
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); p.err == nil && err != nil {
		p.err = fmt.Errorf("writing the output: %w", err)
	}
}

var signs = map[admin.Action]string{
	admin.CreateNamespace: "+", admin.CreateTable: "+", admin.ImportTable: "+", admin.ExtendTable: "+", admin.AddColumn: "+", admin.CreateIndex: "+",
	admin.RepairTable: "~", admin.RenameTable: "~", admin.RenameColumn: "~", admin.AlterColumn: "~",
	admin.DropTable: "-", admin.DropNamespace: "-", admin.TruncateTable: "-", admin.DropColumn: "-", admin.DropIndex: "-", admin.Keep: "=",
}

// plan prints what will be done, of a dry run with the statements, and warns of
// tables that differ.
func (p *printer) plan(plan *admin.Plan, previews []admin.Preview) {
	p.printf("Plan: %s\n", count(plan.Changes(), "change"))
	for _, s := range plan.Steps {
		danger := s.Danger()
		if danger != "" {
			danger = "  ! " + danger
		}
		p.printf("  %s %s%s\n", signs[s.Action], s, danger)
		if s.Action != admin.Keep && len(previews) > 0 {
			p.statements(&previews[0])
			previews = previews[1:]
		}
	}
	for _, s := range plan.Steps {
		if len(s.Differences) == 0 {
			continue
		}
		then := "it stays as it is"
		switch s.Action {
		case admin.DropTable:
			then = "it is dropped all the same"
		case admin.RepairTable:
			then = "it gets what is missing"
		}
		fmt.Fprintf(p.errOut, "scalarctl: warning: the table %s that exists differs from the schema, and %s:\n", s.Object(), then)
		for _, d := range s.Differences {
			fmt.Fprintf(p.errOut, "  %s\n", d)
		}
	}
}

// statements prints what the database would execute for a step.
func (p *printer) statements(preview *admin.Preview) {
	switch {
	case preview.Follows && preview.Note != "":
		p.printf("      -- what it executes depends on the steps above\n")
		return
	case preview.Follows && len(preview.Statements) > 0:
		p.printf("      -- for the table as it is now, before the steps above:\n")
	}
	for _, s := range preview.Statements {
		p.printf("      %s;\n", s)
	}
	switch {
	case preview.Err != nil:
		p.printf("      -- it would fail: %v\n", preview.Err)
	case preview.Note != "":
		p.printf("      -- %s\n", preview.Note)
	}
}

// refusal returns an error if a dry run has found a step that would fail.
func refusal(previews []admin.Preview) error {
	for i, preview := range previews {
		if preview.Err != nil {
			return fmt.Errorf("step %d of %d would fail: %w", i+1, len(previews), preview.Err)
		}
	}
	return nil
}

// progress prints a step when it begins and when it is done, on one line.
func (p *printer) progress(now admin.Progress) {
	if !now.Done {
		p.begun, p.inLine = time.Now(), true
		p.printf("[%d/%d] %s ... ", now.Number, now.Of, now.Step)
		return
	}
	p.inLine = false
	result := "done"
	if now.Note != "" {
		result = now.Note
	} else {
		p.remember(now.Step)
	}
	if p.verbose {
		result += fmt.Sprintf(" (%v)", time.Since(p.begun).Round(time.Millisecond))
	}
	p.printf("%s\n", result)
}

// interrupted ends the line of a step that failed.
func (p *printer) interrupted() {
	if p.inLine {
		p.printf("failed\n")
	}
	p.summary()
}

// summary prints what was done.
func (p *printer) summary() {
	changed := false
	for _, a := range []struct {
		verb              string
		tables, namespace int
	}{
		{"Created", p.done[admin.CreateTable], p.done[admin.CreateNamespace]},
		{"Imported", p.done[admin.ImportTable], 0},
		{"Altered", len(p.altered), 0},
		{"Repaired", p.done[admin.RepairTable], 0},
		{"Dropped", p.done[admin.DropTable], p.done[admin.DropNamespace]},
	} {
		var done []string
		if a.tables > 0 {
			done = append(done, count(a.tables, "table"))
		}
		if a.namespace > 0 {
			done = append(done, count(a.namespace, "namespace"))
		}
		if len(done) > 0 {
			changed = true
			p.printf("%s %s.\n", a.verb, strings.Join(done, " and "))
		}
	}
	if !changed {
		p.printf("Nothing was changed.\n")
	}
}

// remember notes what the summary will tell of a step that is done.
func (p *printer) remember(s admin.Step) {
	if p.done == nil {
		p.done, p.altered = map[admin.Action]int{}, map[storage.TableName]bool{}
	}
	p.done[s.Action]++
	switch s.Action {
	case admin.ImportTable:
		p.imported = s.Name
	case admin.RenameTable: // the last step about a table
		delete(p.altered, s.Name)
		p.altered[storage.TableName{Namespace: s.Name.Namespace, Name: s.To}] = true
	case admin.ExtendTable, admin.CreateIndex, admin.DropIndex, admin.AddColumn, admin.DropColumn, admin.RenameColumn, admin.AlterColumn:
		if s.Name != p.imported { // what belongs to the import
			p.altered[s.Name] = true
		}
	}
}

// count returns "no changes", "1 change", "2 changes".
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return fmt.Sprintf("%d %ss", n, noun)
	}
}
