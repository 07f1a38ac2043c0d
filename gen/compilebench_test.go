package gen

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// BenchmarkCompile measures what the Go compiler needs for generated packages
// of one namespace, with the runtime already compiled: MB is the largest
// process. The packages exist in an overlay only, as if they lay beside gen.
func BenchmarkCompile(b *testing.B) {
	if out, err := exec.Command("go", "build", "../runtime").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, tables := range []int{10, 100, 300} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			s, found := schema.Parse(schema.File{Name: "schema.json", Data: synthetic(tables, 1)})
			if err := found.Err(); err != nil {
				b.Fatal(err)
			}
			plan, found := NewPlan(s, &config.Config{})
			if err := found.Err(); err != nil {
				b.Fatal(err)
			}
			files, err := Generate(plan)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			if _, err := Write(dir, files); err != nil {
				b.Fatal(err)
			}
			largest := int64(0)
			for b.Loop() {
				b.StopTimer()
				overlay := overlay(b, dir, files)
				b.StartTimer()
				build := exec.Command("go", "build", "-overlay", overlay, "./overlaid/ns0")
				if out, err := build.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				if usage, ok := build.ProcessState.SysUsage().(*syscall.Rusage); ok {
					largest = max(largest, usage.Maxrss)
				}
			}
			b.ReportMetric(float64(largest)/1024, "MB")
		})
	}
}

// overlay writes the file that places the generated files in this module, with
// one more that is new each time, so that no cached result serves.
func overlay(b *testing.B, dir string, files []File) string {
	here, err := filepath.Abs("overlaid")
	if err != nil {
		b.Fatal(err)
	}
	replace := map[string]string{}
	for _, f := range files {
		replace[filepath.Join(here, f.Path)] = filepath.Join(dir, f.Path)
	}
	nonce := filepath.Join(dir, "nonce.go")
	if err := os.WriteFile(nonce, fmt.Appendf(nil, "package ns0\n\nconst nonce = %d\n", rand.Int64()), 0o644); err != nil {
		b.Fatal(err)
	}
	replace[filepath.Join(here, "ns0", "nonce.go")] = nonce
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		b.Fatal(err)
	}
	return name
}
