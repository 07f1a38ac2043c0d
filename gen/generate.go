package gen

import (
	"cmp"
	"errors"
	"go/types"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// File is one generated file.
type File struct {
	Path string // below the output directory, with slashes
	Data []byte

	sources []string // base names of the schema files of its package
}

// Generate returns the files of a plan by path, formatted and type-checked.
// An error is a defect of scalargen: whatever the user's input can cause,
// [NewPlan] has reported.
func Generate(plan *Plan) ([]File, error) {
	defer runtime.KeepAlive(make([]byte, ballast))
	var shared, tables, schemas []*job
	for _, pkg := range plan.Packages {
		check := newPackageCheck(pkg)
		if len(pkg.Shared) > 0 {
			shared = append(shared, &job{check: check, name: typesFile, emit: func() []byte { return emitTypes(pkg) }, use: check.enterTypes})
		}
		for _, t := range pkg.Tables {
			tables = append(tables, &job{check: check, name: t.File, emit: func() []byte { return emitTable(pkg, t) }})
		}
		schemas = append(schemas, &job{check: check, name: schemaFile, emit: func() []byte { return emitSchema(pkg) }, begin: check.enterTables})
	}
	var files []File
	for _, jobs := range [][]*job{shared, tables, schemas} {
		parallel(jobs, (*job).run)
		var errs []error
		for _, j := range jobs {
			errs = append(errs, cmp.Or(j.err, j.check.enter(j.name, j.declared)))
			files = append(files, File{Path: path.Join(j.check.pkg.Dir, j.name), Data: j.data, sources: j.check.pkg.Sources})
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// ballast is memory that is allocated and never touched, so that it takes
// addresses only. Little of what a run allocates is alive at a time, and the
// collector, which waits for the heap to double, would run every few files: this
// saves a sixth of the time.
const ballast = 24 << 20

// job is the work for one file.
type job struct {
	check    *packageCheck
	name     string
	emit     func() []byte
	begin    func()             // before, or nil
	use      func(*types.Scope) // what it declares, or nil
	data     []byte
	declared []string
	err      error
}

func (j *job) run() {
	if j.begin != nil {
		j.begin()
	}
	var scope *types.Scope
	if j.data, scope, j.err = j.check.finish(j.name, j.emit()); j.err != nil {
		return
	}
	j.declared = slices.DeleteFunc(scope.Names(), func(ident string) bool {
		return slices.ContainsFunc(j.check.known, func(o types.Object) bool { return o.Name() == ident })
	})
	if j.use != nil {
		j.use(scope)
	}
}

// parallel calls f for all items on as many goroutines as there are processors.
func parallel[T any](items []T, f func(T)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(items)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
				f(items[i])
			}
		})
	}
	workers.Wait()
}
