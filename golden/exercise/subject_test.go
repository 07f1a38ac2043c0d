package exercise

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/scalargen/scalargen/golden/internal/money"
	scalar "github.com/scalargen/scalargen/runtime"
)

// subject is one generated table, as user code sees it. all_gen_test.go has
// them all.
type subject[R, K any] struct {
	repository any // transactional or plain
	keyOf      func(R) K
	all        func() scalar.Selection[R]
	vary       string // the last column of the key, in which the records of a test differ

	// Without a clustering key the following are nil. The bounds are on the last
	// clustering column of the record, those before it are fixed.
	partition               func(R) scalar.Range[R]
	from, after, to, before func(R) scalar.Scannable[R]
	lookups                 []func(context.Context, scalar.Runner, R) iter.Seq2[R, error]
	selections              []func(R) scalar.Selection[R]
	assign                  func(R) []scalar.Assign[R]          // all columns of the record but the key
	holds                   func(R) scalar.Cond[R, scalar.Data] // for records with the same columns
	same                    func(R) []scalar.Filter[R]          // likewise
	enums                   map[string][]any                    // declared values by field
}

// transactional and plain are what repositories have.
type (
	transactional[R, K any] interface {
		Get(context.Context, scalar.Runner, K) (R, error)
		GetAll(context.Context, scalar.Runner, ...K) ([]*R, error)
		Insert(context.Context, scalar.Runner, R) error
		Upsert(context.Context, scalar.Runner, R) error
		Delete(context.Context, scalar.Runner, K) error
		Scan(context.Context, scalar.Runner, scalar.Scannable[R]) iter.Seq2[R, error]
	}
	plain[R, K any] interface {
		Get(context.Context, *scalar.DB, K) (R, error)
		GetAll(context.Context, *scalar.DB, ...K) ([]*R, error)
		Insert(context.Context, *scalar.DB, R) error
		Upsert(context.Context, *scalar.DB, R) error
		Delete(context.Context, *scalar.DB, K) error
		Scan(context.Context, *scalar.DB, scalar.Scannable[R]) iter.Seq2[R, error]
	}
	// Tables of key columns alone have none of these.
	transactionalUpdates[R, K any] interface {
		Update(context.Context, scalar.Runner, K, ...scalar.Assign[R]) error
		UpdateIf(context.Context, scalar.Runner, K, scalar.Cond[R, scalar.Data], ...scalar.Assign[R]) error
		DeleteIf(context.Context, scalar.Runner, K, scalar.Cond[R, scalar.Data]) error
	}
	plainUpdates[R, K any] interface {
		Update(context.Context, *scalar.DB, K, ...scalar.Assign[R]) error
		UpdateIf(context.Context, *scalar.DB, K, scalar.Cond[R, scalar.Data], ...scalar.Assign[R]) error
		DeleteIf(context.Context, *scalar.DB, K, scalar.Cond[R, scalar.Data]) error
	}
)

// asTransactional lets a table without transactions run the same test.
type asTransactional[R, K any] struct {
	plain[R, K]
	updates plainUpdates[R, K]
}

func (a asTransactional[R, K]) Get(ctx context.Context, run scalar.Runner, k K) (R, error) {
	return a.plain.Get(ctx, run.(*scalar.DB), k)
}

func (a asTransactional[R, K]) GetAll(ctx context.Context, run scalar.Runner, k ...K) ([]*R, error) {
	return a.plain.GetAll(ctx, run.(*scalar.DB), k...)
}

func (a asTransactional[R, K]) Insert(ctx context.Context, run scalar.Runner, r R) error {
	return a.plain.Insert(ctx, run.(*scalar.DB), r)
}

func (a asTransactional[R, K]) Upsert(ctx context.Context, run scalar.Runner, r R) error {
	return a.plain.Upsert(ctx, run.(*scalar.DB), r)
}

func (a asTransactional[R, K]) Delete(ctx context.Context, run scalar.Runner, k K) error {
	return a.plain.Delete(ctx, run.(*scalar.DB), k)
}

func (a asTransactional[R, K]) Scan(ctx context.Context, run scalar.Runner, of scalar.Scannable[R]) iter.Seq2[R, error] {
	return a.plain.Scan(ctx, run.(*scalar.DB), of)
}

func (a asTransactional[R, K]) Update(ctx context.Context, run scalar.Runner, k K, set ...scalar.Assign[R]) error {
	return a.updates.Update(ctx, run.(*scalar.DB), k, set...)
}

func (a asTransactional[R, K]) UpdateIf(ctx context.Context, run scalar.Runner, k K, cond scalar.Cond[R, scalar.Data], set ...scalar.Assign[R]) error {
	return a.updates.UpdateIf(ctx, run.(*scalar.DB), k, cond, set...)
}

func (a asTransactional[R, K]) DeleteIf(ctx context.Context, run scalar.Runner, k K, cond scalar.Cond[R, scalar.Data]) error {
	return a.updates.DeleteIf(ctx, run.(*scalar.DB), k, cond)
}

// exercise runs every method of one table on every storage.
func exercise[R, K any](t *testing.T, name string, schema scalar.Schema, s subject[R, K]) {
	for storage, open := range storages {
		t.Run(name+"/"+storage, func(t *testing.T) {
			t.Parallel()
			exerciseOn(t, open(t, schema), s)
		})
	}
}

func exerciseOn[R, K any](t *testing.T, db *scalar.DB, s subject[R, K]) {
	table, transactions := s.repository.(transactional[R, K])
	updates, _ := s.repository.(transactionalUpdates[R, K])
	if !transactions {
		p := s.repository.(plain[R, K])
		adapted := asTransactional[R, K]{plain: p}
		adapted.updates, _ = s.repository.(plainUpdates[R, K])
		table = adapted
		if adapted.updates != nil {
			updates = adapted
		}
	}
	if (updates != nil) != (s.assign != nil) {
		t.Fatalf("updates: %v, columns to assign: %v", updates != nil, s.assign != nil)
	}
	x := exerciser[R, K]{t, db, s, table, updates, s.records(t)}
	x.insert(transactions)
	x.read()
	x.scan()
	x.lookUp()
	if updates != nil {
		x.update()
	}
	x.upsertAndDelete()
}

type exerciser[R, K any] struct {
	*testing.T
	db      *scalar.DB
	subject subject[R, K]
	table   transactional[R, K]
	updates transactionalUpdates[R, K]
	records []R
}

func (x *exerciser[R, K]) key(i int) K { return x.subject.keyOf(x.records[i]) }

func (x *exerciser[R, K]) must(what string, err error) {
	x.Helper()
	if err != nil {
		x.Fatalf("%s: %v", what, err)
	}
}

func (x *exerciser[R, K]) mustBe(what string, err, want error) {
	x.Helper()
	if !errors.Is(err, want) {
		x.Fatalf("%s: %v, want %v", what, err, want)
	}
}

func (x *exerciser[R, K]) collect(what string, found iter.Seq2[R, error]) []R {
	x.Helper()
	records, err := scalar.Collect(found)
	x.must(what, err)
	return records
}

// equal compares records as a set.
func (x *exerciser[R, K]) equal(what string, got []R, want ...R) {
	x.Helper()
	missing := slices.Clone(want)
	for _, r := range got {
		i := slices.IndexFunc(missing, func(m R) bool { return reflect.DeepEqual(m, r) })
		if i < 0 {
			x.Fatalf("%s: %+v is not expected among\n%+v", what, r, want)
		}
		missing = slices.Delete(missing, i, i+1)
	}
	if len(missing) > 0 {
		x.Fatalf("%s: missing %+v among\n%+v", what, missing, got)
	}
}

func (x *exerciser[R, K]) insert(transactions bool) {
	ctx := x.Context()
	if transactions {
		x.must("Transact", x.db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
			for _, r := range x.records {
				if err := x.table.Insert(ctx, tx, r); err != nil {
					return err
				}
			}
			_, err := x.table.Get(ctx, tx, x.key(0))
			return err
		}))
	} else {
		for _, r := range x.records {
			x.must("Insert", x.table.Insert(ctx, x.db, r))
		}
	}
	x.mustBe("second Insert", x.table.Insert(ctx, x.db, x.records[0]), scalar.ErrAlreadyExists)
}

func (x *exerciser[R, K]) read() {
	ctx := x.Context()
	var keys []K
	for i, want := range x.records {
		got, err := x.table.Get(ctx, x.db, x.key(i))
		x.must("Get", err)
		x.equal("Get", []R{got}, want)
		keys = append(keys, x.key(i))
	}
	all, err := x.table.GetAll(ctx, x.db, keys...)
	x.must("GetAll", err)
	for i, want := range x.records {
		if !reflect.DeepEqual(all[i], &want) {
			x.Fatalf("GetAll: %+v, want %+v", all[i], want)
		}
	}
}

func (x *exerciser[R, K]) scan() {
	ctx, s := x.Context(), x.subject
	x.equal("scan of all", x.collect("scan of all", x.table.Scan(ctx, x.db, s.all())), x.records...)
	for _, r := range x.records {
		x.equal("scan with filters", x.collect("scan with filters", x.table.Scan(ctx, x.db, s.all().Where(s.same(r)...))), r)
	}
	if limited := x.collect("Limit", x.table.Scan(ctx, x.db, s.all().Limit(1))); len(limited) != 1 {
		x.Fatalf("Limit(1) yields %d records", len(limited))
	}
	if s.partition == nil {
		return
	}
	ordered := x.collect("partition", x.table.Scan(ctx, x.db, s.partition(x.records[0])))
	x.equal("partition", ordered, x.records...)
	reversed := x.collect("Reverse", x.table.Scan(ctx, x.db, s.partition(x.records[0]).Reverse()))
	slices.Reverse(reversed)
	if !reflect.DeepEqual(ordered, reversed) {
		x.Fatalf("Reverse yields, reversed again,\n%+v, want\n%+v", reversed, ordered)
	}
	// Whatever the order, each bound and its complement make the partition.
	for _, r := range x.records {
		from, before := x.collect("From", x.table.Scan(ctx, x.db, s.from(r))), x.collect("Before", x.table.Scan(ctx, x.db, s.before(r)))
		after, to := x.collect("After", x.table.Scan(ctx, x.db, s.after(r))), x.collect("To", x.table.Scan(ctx, x.db, s.to(r)))
		x.equal("From and Before", slices.Concat(from, before), x.records...)
		x.equal("After and To", slices.Concat(after, to), x.records...)
		x.equal("From and After", append(slices.Clone(after), r), from...)
	}
}

func (x *exerciser[R, K]) lookUp() {
	ctx := x.Context()
	for i, lookUp := range x.subject.lookups {
		for _, r := range x.records {
			found := lookUp(ctx, x.db, r)
			if found == nil {
				continue // NULL
			}
			got := x.collect("By", found)
			if !slices.ContainsFunc(got, func(g R) bool { return reflect.DeepEqual(g, r) }) {
				x.Fatalf("lookup %d does not find %+v", i, r)
			}
			x.equal("selection", x.collect("selection", x.table.Scan(ctx, x.db, x.subject.selections[i](r))), got...)
		}
	}
}

func (x *exerciser[R, K]) update() {
	ctx, s := x.Context(), x.subject
	first, other := 0, 1
	x.must("UpdateIf", x.updates.UpdateIf(ctx, x.db, x.key(first), s.holds(x.records[first]), s.assign(x.records[other])...))
	x.mustBe("UpdateIf", x.updates.UpdateIf(ctx, x.db, x.key(first), s.holds(x.records[first]), s.assign(x.records[other])...), scalar.ErrCondition)
	x.must("UpdateIf", x.updates.UpdateIf(ctx, x.db, x.key(first), s.holds(x.records[other]), s.assign(x.records[other])...))
	x.must("Update", x.updates.Update(ctx, x.db, x.key(first), s.assign(x.records[first])...))
	got, err := x.table.Get(ctx, x.db, x.key(first))
	x.must("Get", err)
	x.equal("Update and back", []R{got}, x.records[first])
	x.mustBe("DeleteIf", x.updates.DeleteIf(ctx, x.db, x.key(first), s.holds(x.records[other])), scalar.ErrCondition)
	x.must("DeleteIf", x.updates.DeleteIf(ctx, x.db, x.key(first), s.holds(x.records[first])))
	_, err = x.table.Get(ctx, x.db, x.key(first))
	x.mustBe("Get", err, scalar.ErrNotFound)
	x.must("Update of nothing", x.updates.Update(ctx, x.db, x.key(first), s.assign(x.records[first])...))
}

func (x *exerciser[R, K]) upsertAndDelete() {
	ctx := x.Context()
	for i, r := range x.records {
		x.must("Upsert", x.table.Upsert(ctx, x.db, r))
		got, err := x.table.Get(ctx, x.db, x.key(i))
		x.must("Get", err)
		x.equal("Upsert", []R{got}, r)
	}
	for i := range x.records {
		x.must("Delete", x.table.Delete(ctx, x.db, x.key(i)))
		x.must("Delete of nothing", x.table.Delete(ctx, x.db, x.key(i)))
	}
	x.equal("scan at the end", x.collect("scan at the end", x.table.Scan(ctx, x.db, x.subject.all())))
	none, err := x.table.GetAll(ctx, x.db, x.key(0))
	x.must("GetAll", err)
	if len(none) != 1 || none[0] != nil {
		x.Fatalf("GetAll of nothing: %+v", none)
	}
}

// records returns up to three records that differ in the column to vary and,
// where their types have enough values, in those outside the key. Every second
// has NULLs.
func (s subject[R, K]) records(t *testing.T) []R {
	t.Helper()
	key := reflect.TypeFor[K]()
	var records []R
	for i := range 3 {
		var r R
		v := reflect.ValueOf(&r).Elem()
		ok := true
		for f := range v.NumField() {
			field, name := v.Field(f), v.Type().Field(f).Name
			n := i
			if _, isKey := key.FieldByName(name); isKey && name != s.vary {
				n = 0
			}
			if declared := s.enums[name]; declared != nil {
				ok = ok && (name != s.vary || n < len(declared))
				n %= len(declared)
			}
			ok = s.fill(t, field, name, n) && ok || name != s.vary && ok
		}
		if ok {
			records = append(records, r)
		}
	}
	return records
}

// fill sets a field to its n-th value, false if there are not so many.
func (s subject[R, K]) fill(t *testing.T, field reflect.Value, name string, n int) bool {
	t.Helper()
	if valid := field; valid.Kind() == reflect.Struct && valid.NumField() == 2 && valid.Type().Field(1).Name == "Valid" {
		field.FieldByName("Valid").SetBool(n%2 == 1)
		if n%2 == 0 {
			return true
		}
		field = field.FieldByName("V")
	}
	if declared := s.enums[name]; declared != nil {
		field.Set(reflect.ValueOf(declared[n]))
		return true
	}
	currency, err := money.ParseCurrency([]string{"EUR", "JPY", "USD"}[n])
	if err != nil {
		t.Fatal(err)
	}
	flags, err := money.FlagsOf(int32(n))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2024, 2, 28+n, 23, 59, 59-n, 123_000_000, time.UTC)
	for _, v := range []any{
		n%2 == 1, int32(7 - 7*n), int64(-1) << (62 - n), float32(n) + 0.5, float64(n)*1e100 - 0.1, fmt.Sprintf("v%d'\"\\%%", n), []byte{byte(n), 0xff},
		scalar.DateOf(day), scalar.TimeOfDayOf(day), scalar.NewDateTime(day), day,
		uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(n)}), currency, flags,
	} {
		value := reflect.ValueOf(v)
		if value.Kind() == field.Kind() && value.CanConvert(field.Type()) {
			field.Set(value.Convert(field.Type()))
			return field.Kind() != reflect.Bool || n < 2
		}
	}
	t.Fatalf("no value for %s of type %s", name, field.Type())
	return false
}

// equalOrNull is the condition that a nullable column is as v says.
func equalOrNull[R, T, O any](c scalar.Column[R, T, scalar.Data, O], v scalar.Null[T]) scalar.Cond[R, scalar.Data] {
	if !v.Valid {
		return scalar.IsNull(c)
	}
	return scalar.Eq(c, v.V)
}
