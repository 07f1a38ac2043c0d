package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/scalargen/scalargen/admin"
)

// printer writes plans and progress to out and warnings to errOut.
type printer struct {
	out, errOut io.Writer
	verbose     bool
	err         error // the first error of out

	done   map[admin.Action]int
	begun  time.Time
	inLine bool // a step has begun, and its line has no end yet
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); p.err == nil && err != nil {
		p.err = fmt.Errorf("writing the output: %w", err)
	}
}

var signs = map[admin.Action]string{
	admin.CreateNamespace: "+", admin.CreateTable: "+", admin.RepairTable: "~", admin.DropTable: "-", admin.DropNamespace: "-", admin.Keep: "=",
}

// plan prints what will be done, and warns of tables that differ.
func (p *printer) plan(plan *admin.Plan) {
	p.printf("Plan: %s\n", count(plan.Changes(), "change"))
	for _, s := range plan.Steps {
		p.printf("  %s %s\n", signs[s.Action], s)
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
		fmt.Fprintf(p.errOut, "scalarctl: warning: the table %s that exists differs from the schema, and %s:\n  %s\n",
			s.Object(), then, strings.Join(s.Differences, "\n  "))
	}
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
		if p.done == nil {
			p.done = map[admin.Action]int{}
		}
		p.done[now.Step.Action]++
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
		tables, namespace admin.Action
	}{
		{"Created", admin.CreateTable, admin.CreateNamespace},
		{"Repaired", admin.RepairTable, admin.Keep},
		{"Dropped", admin.DropTable, admin.DropNamespace},
	} {
		var done []string
		if n := p.done[a.tables]; n > 0 {
			done = append(done, count(n, "table"))
		}
		if n := p.done[a.namespace]; n > 0 {
			done = append(done, count(n, "namespace"))
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
