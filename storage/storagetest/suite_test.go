package storagetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/memory"
)

// recorder takes the failures of a check that is expected to fail.
type recorder struct {
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(string, ...any) { runtime.Goexit() }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

// record runs one check of the suite and returns its failures.
func record(s storage.Storage, c check, options ...Option) []string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		newSuite(r, s, func() storage.Storage { return s }, options...).run(r, c)
	}()
	<-done
	return r.failures
}

func checkNamed(t *testing.T, name string) check {
	t.Helper()
	i := slices.IndexFunc(checks(), func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no check %q", name)
	}
	return checks()[i]
}

func TestChecksHaveDistinctNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range checks() {
		if seen[c.name] {
			t.Errorf("two checks are named %q", c.name)
		}
		seen[c.name] = true
	}
}

// TestSuiteCatchesFaults runs single checks of the suite against storages with
// one fault each. Every check named here must go red.
func TestSuiteCatchesFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range append(changeFaults(), []fault{
		{"a condition is ignored", eachMutation(func(m *storage.Mutation) {
			if m.Condition == storage.If {
				m.Condition, m.Where = storage.IfExists, nil
			}
		}), []string{"precondition/every operation on every state", "condition/INT", "condition/BLOB", "concurrency/counter by compare-and-set", "group/one partition, all or nothing", "random/same as memory"}},
		{"only the first predicate of a condition counts", eachMutation(func(m *storage.Mutation) {
			m.Where = m.Where[:min(1, len(m.Where))]
		}), []string{"precondition/several predicates"}},
		{"IF NOT EXISTS overwrites", eachMutation(func(m *storage.Mutation) {
			if m.Op == storage.Put && m.Condition == storage.IfNotExists {
				m.Condition = storage.Always
			}
		}), []string{"precondition/every operation on every state", "concurrency/one of many inserts wins", "partition key/TEXT", "put/no columns"}},
		{"IF EXISTS creates the record", eachMutation(func(m *storage.Mutation) {
			if m.Op == storage.Put && m.Condition == storage.IfExists {
				m.Condition = storage.Always
			}
		}), []string{"precondition/every operation on every state", "put/no columns"}},
		{"a delete ignores its precondition", eachMutation(func(m *storage.Mutation) {
			if m.Op == storage.Delete {
				m.Condition, m.Where = storage.Always, nil
			}
		}), []string{"precondition/every operation on every state", "group/many mutations"}},
		{"a condition of IS NULL holds for absent records", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			for i, m := range group {
				if m.Condition == storage.If && m.Op == storage.Put && !slices.ContainsFunc(m.Where, func(p storage.Predicate) bool { return p.Operator != storage.IsNull }) {
					if rows, err := s.Get(ctx, []storage.Get{{Table: m.Table, Key: m.Key}}); err == nil && rows[0] == nil {
						group[i].Condition, group[i].Where = storage.Always, nil
					}
				}
			}
			return s.Mutate(ctx, group)
		}}, []string{"precondition/every operation on every state"}},
		{">= in conditions is >", eachOperator(storage.Ge, storage.Gt), []string{"condition/INT", "condition/TIMESTAMPTZ", "precondition/several predicates"}},
		{"< in conditions is <=", eachOperator(storage.Lt, storage.Le), []string{"condition/BIGINT", "condition/TEXT"}},
		{"check mutations are dropped", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			return s.Mutate(ctx, slices.DeleteFunc(group, func(m storage.Mutation) bool { return m.Op == storage.Check && m.Condition != storage.Always }))
		}}, []string{"precondition/every operation on every state", "group/one table, all or nothing", "concurrency/a checked record cannot change"}},
		{"groups are applied one by one", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			for _, m := range group {
				if err := s.Mutate(ctx, []storage.Mutation{m}); err != nil {
					return err
				}
				runtime.Gosched()
			}
			return nil
		}}, []string{"group/one partition, all or nothing", "group/several tables, all or nothing", "group/many mutations", "refuse/mutations", "random/same as memory"}},
		{"preconditions are checked before, without a lock", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			for i, m := range group {
				if m.Op == storage.Check || m.Condition == storage.Always || ctx.Err() != nil {
					continue
				}
				verify := storage.Mutation{Table: m.Table, Op: storage.Check, Key: m.Key, Condition: m.Condition, Where: m.Where}
				if err := s.Mutate(ctx, []storage.Mutation{verify}); err != nil {
					return err
				}
				group[i].Condition, group[i].Where = storage.Always, nil
			}
			for range 100 {
				runtime.Gosched()
			}
			return s.Mutate(ctx, group)
		}}, []string{"concurrency/counter by compare-and-set", "concurrency/transfers keep the sum"}},
		{"a put writes NULL to the columns it does not name", eachMutation(func(m *storage.Mutation) {
			if m.Op != storage.Put || m.Table == nil {
				return
			}
			for i, c := range m.Table.Columns {
				if !m.Table.InPrimaryKey(i) && !slices.Contains(m.Columns, i) {
					m.Columns, m.Values = append(m.Columns[:len(m.Columns):len(m.Columns)], i), append(m.Values[:len(m.Values):len(m.Values)], storage.Null(c.Type))
				}
			}
		}), []string{"put/partial", "put/no columns", "random/same as memory"}},
		{"a failed condition is called a conflict", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			err := s.Mutate(ctx, group)
			if err != nil && strings.Contains(err.Error(), storage.ErrCondition.Error()) {
				return &storage.Error{Class: storage.ErrConflict}
			}
			return err
		}}, []string{"precondition/every operation on every state", "partition key/INT"}},
		{"a failed condition is unknown too", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			err := s.Mutate(ctx, group)
			if err != nil {
				return &storage.Error{Class: storage.ErrUnknown, Err: err}
			}
			return nil
		}}, []string{"precondition/every operation on every state", "group/one partition, all or nothing"}},
		{"writes are acknowledged and dropped now and then", &saboteur{mutate: func() func(storage.Storage, context.Context, []storage.Mutation) error {
			var n int
			var mu sync.Mutex
			return func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
				mu.Lock()
				n++
				dropped := n%17 == 0
				mu.Unlock()
				if dropped && storage.CheckGroup(s.Info(""), group) == nil && ctx.Err() == nil {
					return nil
				}
				return s.Mutate(ctx, group)
			}
		}()}, []string{"concurrency/counter by compare-and-set", "concurrency/readers and writers of many records", "paging/every page size"}},
		{"a cancelled context is ignored", &saboteur{
			mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
				return s.Mutate(context.WithoutCancel(ctx), group)
			},
		}, []string{"cancellation/before every call"}},
		{"empty text becomes NULL", eachValue(func(v storage.Value) storage.Value {
			if v == storage.TextValue("") {
				return storage.Null(storage.Text)
			}
			return v
		}), []string{"value/TEXT"}},
		{"-0.0 becomes 0.0", eachValue(func(v storage.Value) storage.Value {
			if v == storage.DoubleValue(negativeZero()) {
				return storage.DoubleValue(0)
			}
			return v
		}), []string{"value/DOUBLE", "filter/DOUBLE"}},
		{"timestamps are kept to the second", eachValue(func(v storage.Value) storage.Value {
			if v.Type() == storage.Timestamp && !v.IsNull() {
				return storage.TimestampValue(v.Int64() / 1000 * 1000)
			}
			return v
		}), []string{"value/TIMESTAMP"}},
		{"BIGINT passes through a DOUBLE", eachValue(func(v storage.Value) storage.Value {
			if v.Type() == storage.BigInt && !v.IsNull() {
				return storage.BigIntValue(int64(float64(v.Int64())))
			}
			return v
		}), []string{"value/BIGINT"}},
		{"TEXT keys are trimmed", eachMutation(func(m *storage.Mutation) {
			m.Key = slices.Clone(m.Key)
			for i, v := range m.Key {
				if trimmed := strings.TrimRight(v.Text(), " "); v.Type() == storage.Text && trimmed != "" {
					m.Key[i] = storage.TextValue(trimmed)
				}
			}
		}), []string{"partition key/TEXT", "clustering key/TEXT ASC"}},
		{"big values are cut", eachValue(func(v storage.Value) storage.Value {
			if v.Type() == storage.Text && len(v.Text()) > 65535 {
				return storage.TextValue(v.Text()[:65535])
			}
			return v
		}), []string{"value/big"}},
		{"NULL passes <>", eachScan(func(scan *storage.Scan) {
			var filter storage.Filter
			for _, conjunction := range scan.Where {
				filter = append(filter, conjunction)
				for i, p := range conjunction {
					if p.Operator == storage.Ne {
						loose := slices.Clone(conjunction)
						loose[i] = storage.Predicate{Column: p.Column, Operator: storage.IsNull}
						filter = append(filter, loose)
					}
				}
			}
			scan.Where = filter
		}), []string{"filter/INT", "filter/BOOLEAN", "filter/DNF", "random/same as memory"}},
		{"OR is read as AND", eachScan(func(scan *storage.Scan) {
			if len(scan.Where) > 1 {
				scan.Where = storage.Filter{slices.Concat(scan.Where...)}
			}
		}), []string{"filter/DNF", "filter/key columns"}},
		{"<= in filters is <", eachScan(func(scan *storage.Scan) {
			for i := range scan.Where {
				scan.Where[i] = replaceOperator(scan.Where[i], storage.Le, storage.Lt)
			}
		}), []string{"filter/DATE", "filter/TIME", "filter/FLOAT"}},
		{"LIKE ignores letter case", eachScan(func(scan *storage.Scan) {
			if len(scan.Where) == 1 && scan.Where[0][0].Operator == storage.Like {
				upper := scan.Where[0][0]
				upper.Value = storage.TextValue(strings.ToUpper(upper.Value.Text()))
				scan.Where = storage.Filter{scan.Where[0], {upper}}
			}
		}), []string{"filter/LIKE"}},
		{"LIKE forgets its escape", eachScan(func(scan *storage.Scan) {
			for i := range scan.Where {
				scan.Where[i] = slices.Clone(scan.Where[i])
				for j := range scan.Where[i] {
					if storage.CheckLike(scan.Where[i][j].Value.Text(), scan.Where[i][j].Escape) == "" {
						scan.Where[i][j].Escape = ""
					}
				}
			}
		}), []string{"filter/LIKE"}},
		{"the bounds of a DESC range are swapped", eachScan(func(scan *storage.Scan) {
			if n := max(len(scan.Start.Values), len(scan.End.Values)); n > 0 && n <= len(scan.Table.Clustering) && scan.Table.Clustering[n-1].Order == storage.Desc {
				scan.Start, scan.End = scan.End, scan.Start
			}
		}), []string{"clustering key/INT DESC", "clustering key/TEXT DESC", "range/prefixes of mixed orders", "range/random", "random/same as memory"}},
		{"an exclusive start is inclusive", eachScan(func(scan *storage.Scan) { scan.Start.Inclusive = true }), []string{"clustering key/BIGINT ASC", "range/prefixes of mixed orders"}},
		{"an inclusive end is exclusive", eachScan(func(scan *storage.Scan) { scan.End.Inclusive = false }), []string{"clustering key/DOUBLE DESC", "range/prefixes of mixed orders"}},
		{"Backward is ignored", eachScan(func(scan *storage.Scan) { scan.Backward = scan.Backward && scan.Kind != storage.PartitionScan }), []string{"clustering key/INT ASC", "paging/every page size", "range/partitions are apart"}},
		{"a range that fixes one column forgets it", eachScan(func(scan *storage.Scan) {
			if len(scan.Start.Values) > 1 && len(scan.End.Values) == 0 {
				scan.Start.Values = scan.Start.Values[:1]
			}
		}), []string{"range/prefixes of mixed orders", "range/random"}},
		{"a page has one row too many", eachScan(func(scan *storage.Scan) {
			if scan.Limit > 0 {
				scan.Limit++
			}
		}), []string{"paging/every page size", "range/random"}},
		{"the last row of a page is lost", eachPage(func(_ *storage.Scan, page *storage.Page) {
			if page.Next != nil && len(page.Rows) > 1 {
				page.Rows = page.Rows[:len(page.Rows)-1]
			}
		}), []string{"paging/every page size", "paging/many rows", "paging/writes between pages"}},
		{"the first row of a page comes twice", eachPage(func(scan *storage.Scan, page *storage.Page) {
			if scan.After != nil && len(page.Rows) > 0 && (scan.Limit == 0 || len(page.Rows) < scan.Limit) {
				page.Rows = slices.Insert(page.Rows, 0, page.Rows[0])
			}
		}), []string{"paging/every page size", "paging/many rows"}},
		{"an empty page ends the scan", eachPage(func(_ *storage.Scan, page *storage.Page) {
			if len(page.Rows) == 0 {
				page.Next = nil
			}
		}), []string{"paging/with a filter"}},
		{"a scan's cursor moves on by itself", &saboteur{scan: func() func(storage.Storage, context.Context, storage.Scan) (*storage.Page, error) {
			type shared struct{ next storage.Cursor }
			return func(s storage.Storage, ctx context.Context, scan storage.Scan) (*storage.Page, error) {
				state, _ := scan.After.(*shared)
				if state != nil {
					scan.After = state.next
				}
				page, err := s.Scan(ctx, &scan)
				if err != nil || page.Next == nil {
					return page, err
				}
				if state == nil {
					state = &shared{}
				}
				state.next = page.Next
				page.Next = state
				return page, nil
			}
		}()}, []string{"paging/a page may be read again"}},
		{"an index scan ignores the value", eachScan(func(scan *storage.Scan) {
			if scan.Kind == storage.IndexScan && scan.Table.Indexed(scan.Index) && !scan.IndexValue.IsNull() && scan.IndexValue.Type() == scan.Table.Columns[scan.Index].Type {
				scan.Kind, scan.Index = storage.FullScan, 0
			}
		}), []string{"index/INT", "index/follows writes", "index/several in one table"}},
		{"a projection returns the columns in table order", eachScan(func(scan *storage.Scan) { scan.Columns = slices.Sorted(slices.Values(scan.Columns)) }), []string{"get/projection", "random/same as memory"}},
		{"repeated keys are read once", &saboteur{get: func(s storage.Storage, ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
			return s.Get(ctx, slices.CompactFunc(gets, func(a, b storage.Get) bool { return a.Table == b.Table && slices.Equal(a.Key, b.Key) }))
		}}, []string{"random/same as memory"}},
		{"absent records are left out of the result", &saboteur{get: func(s storage.Storage, ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
			rows, err := s.Get(ctx, gets)
			if len(gets) > 1 {
				rows = slices.DeleteFunc(rows, func(r storage.Row) bool { return r == nil })
			}
			return rows, err
		}}, []string{"get/many keys", "get/several tables"}},
		{"a record of NULLs is taken for none", &saboteur{get: func(s storage.Storage, ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
			rows, err := s.Get(ctx, gets)
			for i, r := range rows {
				if r != nil && len(r) > len(gets[i].Key) && !slices.ContainsFunc(r[len(gets[i].Key):], func(v storage.Value) bool { return !v.IsNull() }) {
					rows[i] = nil
				}
			}
			return rows, err
		}}, []string{"put/no columns", "precondition/every operation on every state"}},
		{"columns are taken by position, not by name", &saboteur{mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			for i := range group {
				if t := group[i].Table; t != nil {
					if deployed, err := s.Table(ctx, t.TableName); err == nil && len(deployed.Columns) == len(t.Columns) {
						group[i].Table = deployed
					}
				}
			}
			return s.Mutate(ctx, group)
		}}, []string{"get/own definition with columns in another order"}},
		{"the clustering order is lost", &saboteur{table: func(t storage.Table) storage.Table {
			t.Clustering = slices.Clone(t.Clustering)
			for i := range t.Clustering {
				t.Clustering[i].Order = storage.Asc
			}
			return t
		}}, []string{"admin/definition comes back"}},
		{"the order of key columns is lost", &saboteur{table: func(t storage.Table) storage.Table {
			t.Partition = slices.Clone(t.Partition)
			slices.Reverse(t.Partition)
			return t
		}}, []string{"admin/definition comes back"}},
		{"truncate does nothing", &saboteur{admin: func(a storage.Admin) storage.Admin {
			return &brokenAdmin{Admin: a, truncate: func() error { return nil }}
		}}, []string{"admin/truncate", "admin/table not found everywhere"}},
		{"tables are listed in no order", &saboteur{admin: func(a storage.Admin) storage.Admin {
			return &brokenAdmin{Admin: a, listed: func(names []string) []string { slices.Reverse(names); return names }}
		}}, []string{"admin/listing"}},
		{"a batch is all or nothing", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			errs := b.MutateBatch(ctx, [][]storage.Mutation{slices.Concat(groups...)})
			return slices.Repeat(errs, len(groups))
		}}, []string{"batch/independent outcomes", "batch/one failure among many", "batch/groups are all or nothing", "batch/unknown table", "batch/invalid group", "batch/many groups", "batch/same as groups on memory"}},
		{"a batch ends at the first failure", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			errs := make([]error, len(groups))
			for i := range groups {
				if errs[i] = b.MutateBatch(ctx, groups[i:i+1])[0]; errs[i] != nil {
					break
				}
			}
			return errs
		}}, []string{"batch/independent outcomes", "batch/one failure among many", "batch/many groups", "batch/unknown table"}},
		{"outcomes of a batch are told in another order", eachBatch(func(errs []error) []error {
			slices.Reverse(errs)
			return errs
		}), []string{"batch/independent outcomes", "batch/one failure among many", "batch/each of many inserts wins once"}},
		{"one outcome of a batch stands for all", eachBatch(func(errs []error) []error {
			return slices.Repeat([]error{errors.Join(errs...)}, len(errs))
		}), []string{"batch/one failure among many", "batch/invalid group"}},
		{"outcomes that are good are left out", eachBatch(func(errs []error) []error {
			return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
		}), []string{"batch/empty", "batch/one failure among many", "batch/many groups"}},
		{"failures within a batch are not told", eachBatch(func(errs []error) []error { return make([]error, len(errs)) }),
			[]string{"batch/one failure among many", "batch/each of many inserts wins once", "batch/cancellation", "batch/invalid group", "batch/record named twice"}},
		{"groups of a batch fall apart", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			errs := make([]error, len(groups))
			for i, group := range groups {
				for _, m := range group {
					errs[i] = errors.Join(errs[i], b.MutateBatch(ctx, [][]storage.Mutation{{m}})[0])
				}
			}
			return errs
		}}, []string{"batch/groups are all or nothing", "batch/unknown table", "batch/same as groups on memory"}},
		{"a batch drops what is beyond its size", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			errs := b.MutateBatch(ctx, groups[:min(len(groups), 500)])
			return append(errs, make([]error, len(groups)-len(errs))...)
		}}, []string{"batch/many groups"}},
		{"groups of a batch may name one record", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			var errs []error
			for i := range groups {
				errs = append(errs, b.MutateBatch(ctx, groups[i:i+1])...)
			}
			return errs
		}}, []string{"batch/record named twice"}},
		{"batches look at conditions before, without a lock", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			looks := make([][]storage.Mutation, len(groups))
			for i, group := range groups {
				for _, m := range group {
					if m.Condition != storage.Always {
						looks[i] = append(looks[i], storage.Mutation{Table: m.Table, Op: storage.Check, Key: m.Key, Condition: m.Condition, Where: m.Where})
					}
				}
			}
			errs := b.MutateBatch(ctx, looks)
			for range 100 {
				runtime.Gosched()
			}
			for i, group := range groups {
				if errs[i] != nil {
					continue
				}
				group = slices.Clone(group)
				for j := range group {
					if group[j].Op != storage.Check {
						group[j].Condition, group[j].Where = storage.Always, nil
					}
				}
				errs[i] = b.MutateBatch(ctx, [][]storage.Mutation{group})[0]
			}
			return errs
		}}, []string{"batch/each of many inserts wins once"}},
		{"a cancelled batch goes on", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			return b.MutateBatch(context.WithoutCancel(ctx), groups)
		}}, []string{"batch/cancellation"}},
		{"a closed storage runs batches", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			errs := b.MutateBatch(ctx, groups)
			for i, err := range errs {
				if errors.Is(err, storage.ErrClosed) {
					errs[i] = nil
				}
			}
			return errs
		}}, []string{"batch/close"}},
		{"a batch must lie in one atomicity unit", &saboteur{batch: func(b storage.Batcher, ctx context.Context, groups [][]storage.Mutation) []error {
			if err := storage.CheckGroup(storage.Info{Atomicity: storage.AtomicPartition}, slices.Concat(groups...)); err != nil {
				return slices.Repeat([]error{err}, len(groups))
			}
			return b.MutateBatch(ctx, groups)
		}}, []string{"batch/beyond the atomicity unit"}},
		{"a namespace with tables may be dropped", &saboteur{admin: func(a storage.Admin) storage.Admin {
			return &brokenAdmin{Admin: a, drop: func(error) error { return nil }}
		}}, []string{"admin/namespace"}},
	}...) {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range fault.checks {
				var failures []string
				for attempt := 0; attempt < 5 && len(failures) == 0; attempt++ { // a race may be won by luck
					sabotaged := *fault.storage
					sabotaged.Storage = memory.New(memory.WithPageSize(5))
					failures = record(&sabotaged, checkNamed(t, name), foreignInMemory)
				}
				if len(failures) == 0 {
					t.Errorf("check %q passes", name)
				} else {
					t.Logf("check %q: %d failures, the first: %s", name, len(failures), failures[0])
				}
			}
		})
	}
}

// TestSuiteFollowsOptions: what is declared as lacking is skipped or expected,
// what is not declared is not.
func TestSuiteFollowsOptions(t *testing.T) {
	t.Parallel()
	noNaN := func(_ Use, v storage.Value) bool {
		return v.Type() == storage.Double && v.Float64() != v.Float64()
	}
	refusing := func() storage.Storage {
		return &saboteur{Storage: memory.New(), mutate: func(s storage.Storage, ctx context.Context, group []storage.Mutation) error {
			for _, m := range group {
				if slices.ContainsFunc(slices.Concat(m.Key, m.Values), func(v storage.Value) bool { return noNaN(AsValue, v) }) {
					return storage.Invalidf("mutate", m.Table.TableName, "no NaN")
				}
			}
			return s.Mutate(ctx, group)
		}}
	}
	folding := func() storage.Storage {
		s := eachValue(func(v storage.Value) storage.Value {
			if v == storage.FloatValue(float32(negativeZero())) {
				return storage.FloatValue(0)
			}
			return v
		})
		s.Storage = memory.New()
		return s
	}
	fold := Folds("no −0.0", func(v storage.Value) storage.Value {
		if v == storage.FloatValue(float32(negativeZero())) {
			return storage.FloatValue(0)
		}
		return v
	})
	for _, c := range []struct {
		name    string
		storage storage.Storage
		check   string
		options []Option
		passes  bool
	}{
		{"declared refusal", refusing(), "value/DOUBLE", []Option{Refuses("no NaN", noNaN)}, true},
		{"undeclared refusal", refusing(), "value/DOUBLE", nil, false},
		{"refusal that does not happen", memory.New(), "value/DOUBLE", []Option{Refuses("no NaN", noNaN)}, false},
		{"declared folding", folding(), "value/FLOAT", []Option{fold}, true},
		{"undeclared folding", folding(), "value/FLOAT", nil, false},
		{"folding that does not happen", memory.New(), "value/FLOAT", []Option{fold}, false},
		{"refused name that is held", memory.New(), "names/tables", []Option{RefusesName("no dots", func(_ NameKind, name string) bool { return name == "do.t" })}, false},
		{"case that is not folded", memory.New(), "names/letter case", []Option{FoldsCase("names are folded")}, false},
		{"skipped check", refusing(), "value/DOUBLE", []Option{Skip("value/DOUBLE", "no NaN")}, true},
		{"type left out", refusing(), "value/DOUBLE", []Option{Without("no floating point", AsValue, storage.Double)}, true},
		{"namespace that stays", memory.New(), "admin/namespace", []Option{ImplicitNamespaces("prefixes")}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := record(c.storage, checkNamed(t, c.check), c.options...)
			if (len(failures) == 0) != c.passes {
				t.Errorf("check %q passes: %t, want %t: %q", c.check, len(failures) == 0, c.passes, failures)
			}
		})
	}
}

func TestExtremesAreDistinctAndOfTheirType(t *testing.T) {
	t.Parallel()
	for _, typ := range storage.Types() {
		seen := map[storage.Value]bool{}
		for _, v := range Extremes(typ) {
			if v.Type() != typ || v.IsNull() || seen[v] {
				t.Errorf("%s: %s (%s) is of another type, NULL or there twice", typ, v, v.Type())
			}
			seen[v] = true
		}
		if len(seen) < 2 {
			t.Errorf("%s: %d values", typ, len(seen))
		}
	}
}
