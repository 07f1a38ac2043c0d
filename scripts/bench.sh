#!/usr/bin/env bash
# Prints the figures that the design promises. The machine should be idle.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n# %s\n' "$*"; }
bench() { go test -run '^$' "$@" | grep -E '^Benchmark|^cpu:' || true; }

say "Generator, whole process, new directory (bar: 10 tables 20 ms; 1,000 tables 1.0 s and 128 MB)"
bench ./cmd/scalargen -bench BenchmarkCommand -benchtime 5x
say "Generator, in process, parse to checked files"
bench ./gen -bench BenchmarkGenerate -benchtime 5x
say "Compiling the output, runtime compiled (bar: 100 tables 2.5 s and 400 MB, 300 tables 7 s)"
bench ./gen -bench BenchmarkCompile -benchtime 2x
say "Transactions on the memory storage, beside the same storage calls by hand"
bench ./runtime/internal/commit -bench . -benchmem
say "Requests on the critical path, R dependent reads"
go test ./runtime/internal/commit -run 'TestRoundTrips|TestAllocations' -v -count=1 | grep -vE '^(===|---|PASS|ok)'
say "Group commit: members per row and latency, 1 ms a write"
bench ./runtime/internal/groupcommit -bench .
say "What an observer costs, by phase"
bench ./runtime/scalarotel -bench . -benchmem
say "The same through generated code (allocations of the typed layer included)"
bench ./runtime -bench . -benchmem
say "SQLite, the storage alone"
bench ./storage/sqlite -bench . -benchmem
