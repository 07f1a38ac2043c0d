package scalar_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	scalar "github.com/scalargen/scalargen/runtime"
)

// calendar compares the types that keep their number to themselves.
var calendar = cmp.Options{
	cmp.Comparer(func(a, b scalar.Date) bool { return a == b }),
	cmp.Comparer(func(a, b scalar.TimeOfDay) bool { return a == b }),
	cmp.Comparer(func(a, b scalar.DateTime) bool { return a == b }),
}

func fullKinds() Kinds {
	day := scalar.NewDate(2026, time.March, 14)
	clock := scalar.NewTimeOfDay(15, 9, 26, 535_897_000)
	wall := scalar.NewDateTime(time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC))
	instant := time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC)
	return Kinds{
		ID: "full",

		Boolean: scalar.Some(true), Int: scalar.Some(int32(math.MinInt32)), BigInt: scalar.Some(int64(1) << 53),
		Float: scalar.Some(float32(1.5)), Double: scalar.Some(math.SmallestNonzeroFloat64),
		Text: scalar.Some("grüß ’n Gott"), Blob: scalar.Some([]byte{0, 255}),
		Date: scalar.Some(day), Time: scalar.Some(clock), Timestamp: scalar.Some(wall), TimestampTZ: scalar.Some(instant),

		BooleanR: true, IntR: math.MaxInt32, BigIntR: -1, FloatR: -0.25, DoubleR: math.MaxFloat64,
		TextR: "", BlobR: []byte{}, DateR: day, TimeR: clock, TimestampR: wall, TimestampTZR: instant,

		Name: scalar.Some(CustomerName("Ann")), Status: Shipped, Ref: scalar.Some(uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
	}
}

// someKinds is as empty as a record can be: the zero time.Time is no TIMESTAMPTZ.
func someKinds(status OrderStatus) Kinds {
	return Kinds{ID: "x", Status: status, TimestampTZR: time.Unix(0, 0)}
}

func TestEveryTypeSurvivesARoundTrip(t *testing.T) {
	t.Parallel()
	empty := Kinds{ID: "empty", BlobR: []byte{}, Status: Placed, TimestampTZR: time.Unix(0, 0).UTC()}
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		for _, want := range []Kinds{fullKinds(), empty} {
			must(t, kinds.Insert(t.Context(), db, want))
			got, err := kinds.Get(t.Context(), db, KindsKey{want.ID})
			must(t, err)
			if diff := cmp.Diff(want, got, calendar); diff != "" {
				t.Errorf("stored record (-want +got):\n%s", diff)
			}
		}
	})
}

// What the database cannot hold as it is loses its finer digits, and nothing else.
func TestFinerDigitsAreCutOff(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tokyo := time.FixedZone("", 9*3600)
	r := Kinds{ID: "x", Status: Placed, TimestampTZR: time.Date(2026, 3, 14, 15, 9, 26, 535_897_932, tokyo), BlobR: nil}
	must(t, kinds.Insert(t.Context(), db, r))
	got, err := kinds.Get(t.Context(), db, KindsKey{"x"})
	must(t, err)
	if want := time.Date(2026, 3, 14, 6, 9, 26, 535_000_000, time.UTC); !got.TimestampTZR.Equal(want) || got.TimestampTZR.Location() != time.UTC {
		t.Errorf("instant %v, want %v", got.TimestampTZR, want)
	}
	if got.BlobR == nil || len(got.BlobR) != 0 {
		t.Errorf("a nil BLOB comes back as %v, want an empty one", got.BlobR)
	}
}

func TestBlobsAreCopied(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	blob := []byte{1, 2}
	r := someKinds(Placed)
	r.BlobR = blob
	must(t, kinds.Insert(t.Context(), db, r))
	blob[0] = 9
	for range 2 {
		got, err := kinds.Get(t.Context(), db, KindsKey{"x"})
		must(t, err)
		if !bytes.Equal(got.BlobR, []byte{1, 2}) {
			t.Errorf("the stored BLOB is %v", got.BlobR)
		}
		got.BlobR[0] = 9
	}
}

func TestValuesAtTheLimitsOfTheirTypes(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		for _, want := range []Kinds{
			{
				ID: "low", DateR: scalar.NewDate(1000, 1, 1), TimeR: scalar.TimeOfDay{},
				TimestampR: scalar.NewDateTime(time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)), TimestampTZR: time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC),
				IntR: math.MinInt32, BigIntR: -1 << 53, FloatR: float32(math.Inf(-1)), DoubleR: math.Copysign(0, -1),
			},
			{
				ID: "high", DateR: scalar.NewDate(9999, 12, 31), TimeR: scalar.NewTimeOfDay(23, 59, 59, 999_999_000),
				TimestampR: scalar.NewDateTime(time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)), TimestampTZR: time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
				IntR: math.MaxInt32, BigIntR: 1 << 53, FloatR: math.MaxFloat32, DoubleR: math.Inf(1),
			},
		} {
			want.Status, want.BlobR = Placed, []byte{}
			must(t, kinds.Insert(t.Context(), db, want))
			got, err := kinds.Get(t.Context(), db, KindsKey{want.ID})
			must(t, err)
			if diff := cmp.Diff(want, got, calendar); diff != "" {
				t.Errorf("stored record (-want +got):\n%s", diff)
			}
		}
	})
}

func TestValuesThatNoColumnHolds(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	key := KindsKey{"x"}
	early, late := time.Date(999, 12, 31, 23, 59, 59, 999_000_000, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	set := func(a scalar.Assign[Kinds]) error { return kinds.Update(t.Context(), db, key, a) }
	cond := func(c scalar.Cond[Kinds, scalar.Data]) error { return kinds.DeleteIf(t.Context(), db, key, c) }
	filter := func(f scalar.Filter[Kinds]) error {
		_, err := scalar.Collect(kinds.Scan(t.Context(), db, scalar.SelectAll[Kinds]().Where(f)))
		return err
	}
	for name, test := range map[string]struct {
		err   error
		parts []string
	}{
		"date too early": {
			set(scalar.Set(kindsColumns.Date, scalar.DateOf(early))),
			[]string{`test.kinds(id="x"): column date_n is out of range: a DATE must lie between 1000-01-01 and 9999-12-31`},
		},
		"date too late":              {set(scalar.Set(kindsColumns.Date, scalar.DateOf(late))), []string{"date_n is out of range"}},
		"time negative":              {set(scalar.Set(kindsColumns.Time, scalar.NewTimeOfDay(-1, 0, 0, 0))), []string{"a TIME must lie between 00:00:00 and 23:59:59.999999"}},
		"time 24:00":                 {set(scalar.Set(kindsColumns.Time, scalar.NewTimeOfDay(24, 0, 0, 0))), []string{"time_n is out of range"}},
		"timestamp early":            {set(scalar.Set(kindsColumns.DateTime, scalar.NewDateTime(early))), []string{"a TIMESTAMP must lie between"}},
		"timestamp late":             {set(scalar.Set(kindsColumns.DateTime, scalar.NewDateTime(late))), []string{"timestamp_n is out of range"}},
		"timestamptz early":          {set(scalar.Set(kindsColumns.Instant, early)), []string{"a TIMESTAMPTZ must lie between"}},
		"timestamptz late":           {set(scalar.Set(kindsColumns.Instant, late)), []string{"timestamptz_n is out of range"}},
		"timestamptz zero":           {set(scalar.Set(kindsColumns.Instant, time.Time{})), []string{"timestamptz_n is out of range"}},
		"text no UTF-8":              {set(scalar.Set(kindsColumns.Text, "a\xff")), []string{"column text_n is TEXT, but the value is not valid UTF-8"}},
		"enum undeclared":            {set(scalar.Set(kindsColumns.Status, OrderStatus("lost"))), []string{`column status has no value: "lost" is not a declared OrderStatus`}},
		"in a condition":             {cond(scalar.Eq(kindsColumns.Status, OrderStatus("lost"))), []string{`column status has no value: "lost"`}},
		"in a filter":                {filter(scalar.Lt(kindsColumns.Date, scalar.DateOf(early))), []string{"column date_n is out of range"}},
		"in a filter, text":          {filter(scalar.Eq(kindsColumns.Text, "a\xff")), []string{"not valid UTF-8"}},
		"in a record":                {kinds.Insert(t.Context(), db, someKinds("lost")), []string{`test.kinds(id="x"): column status has no value`}},
		"in a record, upsert":        {kinds.Upsert(t.Context(), db, someKinds("")), []string{`column status has no value: "" is not a declared OrderStatus`}},
		"zero assignment":            {set(scalar.Assign[Kinds]{}), []string{"an assignment or a condition is the zero value"}},
		"zero condition":             {cond(scalar.Cond[Kinds, scalar.Data]{}), []string{"an assignment or a condition is the zero value"}},
		"zero condition in all":      {cond(scalar.All(scalar.Eq(kindsColumns.Int, 1), scalar.Cond[Kinds, scalar.Data]{})), []string{"an assignment or a condition is the zero value"}},
		"zero condition first":       {cond(scalar.All(scalar.Cond[Kinds, scalar.Data]{}, scalar.Eq(kindsColumns.Int, 1))), []string{"an assignment or a condition is the zero value"}},
		"zero condition, no tx":      {audit.DeleteIf(t.Context(), db, AuditKey{}, scalar.Cond[Audit, scalar.Data]{}), []string{"an assignment or a condition is the zero value"}},
		"zero condition, no tx, set": {audit.UpdateIf(t.Context(), db, AuditKey{}, scalar.Cond[Audit, scalar.Data]{}, scalar.SetNull(auditColumns.Text)), []string{"an assignment or a condition is the zero value"}},
		"zero condition, update":     {kinds.UpdateIf(t.Context(), db, key, scalar.Cond[Kinds, scalar.Data]{}, scalar.SetNull(kindsColumns.Int)), []string{"an assignment or a condition is the zero value"}},
		"zero condition, scan":       {filter(scalar.Cond[Kinds, scalar.Data]{}), []string{"an assignment or a condition is the zero value"}},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, test.err, scalar.ErrInvalid, test.parts...) })
	}
}

// A value that is refused must not reach the transaction: it goes on without it.
func TestRefusedValuesLeaveTheTransactionAlone(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tx, err := db.Begin(t.Context())
	must(t, err)
	err = kinds.Insert(t.Context(), tx, someKinds("lost"))
	wantError(t, err, scalar.ErrInvalid, "transaction "+tx.ID())
	must(t, kinds.Insert(t.Context(), tx, someKinds(Placed)))
	must(t, tx.Commit(t.Context()))
	if _, err := kinds.Get(t.Context(), db, KindsKey{"x"}); err != nil {
		t.Error(err)
	}
}

func TestKeysThatNoTableHolds(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	tooLate := AuditKey{scalar.NewDate(10000, 1, 1), 1}
	for name, err := range map[string]error{
		"insert": kinds.Insert(t.Context(), db, Kinds{Status: Placed}),
		"upsert": kinds.Upsert(t.Context(), db, Kinds{Status: Placed}),
		"update": kinds.Update(t.Context(), db, KindsKey{}, scalar.Set(kindsColumns.TextR, "")),
		"delete": kinds.Delete(t.Context(), db, KindsKey{}),
		"get":    second(kinds.Get(t.Context(), db, KindsKey{})),
		"getall": second(kinds.GetAll(t.Context(), db, []KindsKey{{"x"}, {}})),
		"scan":   second(scalar.Collect(kinds.Scan(t.Context(), db, scalar.RangeOf[Kinds](scalar.TextValue(""))))),
	} {
		wantError(t, err, scalar.ErrInvalid, "test.kinds", "column id belongs to the primary key and cannot be empty")
		if t.Failed() {
			t.Fatalf("operation %s", name)
		}
	}
	for _, err := range []error{
		second(audit.Get(t.Context(), db, tooLate)),
		audit.Delete(t.Context(), db, tooLate),
		second(scalar.Collect(audit.Scan(t.Context(), db, auditOf(tooLate.Day)))),
	} {
		wantError(t, err, scalar.ErrInvalid, "test.audit", "column day is out of range")
	}
	_, err := kinds.Get(t.Context(), db, KindsKey{"\xff"})
	wantError(t, err, scalar.ErrInvalid, "not valid UTF-8")
	_, err = scalar.Collect(kinds.Scan(t.Context(), db, scalar.RangeOf[Kinds](scalar.NullValue(scalar.TypeText, scalar.Null[string]{}, scalar.TextValue))))
	wantError(t, err, scalar.ErrInvalid, "column id belongs to the primary key and cannot be NULL")
}

// second returns the error of a call with a result.
func second[T any](_ T, err error) error { return err }

func TestANULLInARequiredColumnIsReported(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	must(t, rawKinds.Insert(t.Context(), db, map[string]string{"id": "raw"}))
	want := []string{`test.kinds(id="raw")`, "column boolean_r is NULL, but scalargen.yaml declares the column required"}
	wantError(t, second(kinds.Get(t.Context(), db, KindsKey{"raw"})), scalar.ErrInvalid, want...)
	wantError(t, second(kinds.GetAll(t.Context(), db, []KindsKey{{"raw"}})), scalar.ErrInvalid, want...)
	wantError(t, second(scalar.Collect(kinds.Scan(t.Context(), db, scalar.SelectAll[Kinds]()))), scalar.ErrInvalid, want...)
}

func TestAStoredValueThatCannotBeConvertedIsReported(t *testing.T) {
	t.Parallel()
	for column, message := range map[string]string{
		"status": `column status cannot be converted: "lost" is not a declared OrderStatus`,
		"ref":    "column ref cannot be converted: invalid UUID length: 4",
	} {
		db := openDB(t)
		must(t, kinds.Insert(t.Context(), db, someKinds(Placed)))
		must(t, rawKinds.Upsert(t.Context(), db, map[string]string{"id": "x", "status": "placed", column: "lost"}))
		_, err := kinds.Get(t.Context(), db, KindsKey{"x"})
		wantError(t, err, scalar.ErrInvalid, `test.kinds(id="x")`, message)
	}
}

func TestLongValuesAreCutInMessages(t *testing.T) {
	t.Parallel()
	_, err := kinds.Get(t.Context(), openDB(t), KindsKey{strings.Repeat("k", 10_000)})
	wantError(t, err, scalar.ErrNotFound, "(10000 bytes)")
	if len(err.Error()) > 200 {
		t.Errorf("the message has %d bytes", len(err.Error()))
	}
}
