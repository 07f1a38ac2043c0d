package main

import (
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCommand measures the generator as its users run it: a process that
// writes a directory of new files. MB is its peak memory. gofmt/op is how often
// the same files could have been formatted in that time, on all processors and
// doing nothing else: the share of a generator's work that nobody can leave out.
func BenchmarkCommand(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "scalargen")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, size := range []struct{ tables, namespaces int }{{10, 1}, {100, 1}, {1000, 10}} {
		b.Run(fmt.Sprintf("tables=%d", size.tables), func(b *testing.B) {
			dir := b.TempDir()
			schema := filepath.Join(dir, "schema.json")
			if err := os.WriteFile(schema, wideSchema(size.tables, size.namespaces), 0o644); err != nil {
				b.Fatal(err)
			}
			largest, out := int64(0), ""
			for b.Loop() {
				out = filepath.Join(dir, fmt.Sprint("out", b.N, time.Now().UnixNano()))
				command := exec.Command(binary, "generate", schema, "-o", out)
				if text, err := command.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, text)
				}
				if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
					largest = max(largest, usage.Maxrss)
				}
			}
			b.ReportMetric(float64(largest)/1024, "MB")
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(formatAll(b, out)), "gofmt/op")
		})
	}
}

// wideSchema returns tables of ten columns: a key of two and eight more.
func wideSchema(tables, namespaces int) []byte {
	var text strings.Builder
	for i := range tables {
		fmt.Fprintf(&text, `%c"ns%d.items%d_of_stock": {"partition-key": ["customer_id"], "clustering-key": ["created_at DESC"],
  "columns": {"customer_id": "INT", "created_at": "BIGINT", "order_id": "TEXT", "amount": "BIGINT", "paid": "BOOLEAN",
    "weight": "DOUBLE", "delivered": "TIMESTAMPTZ", "day": "DATE", "label": "TEXT", "picture": "BLOB"}}
`, ",{"[max(0, 1-i)], i%namespaces, i)
	}
	return []byte(text.String() + "}")
}

// formatAll formats the Go files below dir and returns how long it took.
func formatAll(b *testing.B, dir string) time.Duration {
	var sources [][]byte
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		source, err := os.ReadFile(name)
		sources = append(sources, source)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(sources); i += workers {
				if _, err := format.Source(sources[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return time.Since(start)
}
