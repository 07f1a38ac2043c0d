package scalar_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
	"github.com/scalargen/scalargen/runtime/scalartest"
)

// scanOrders are in clustering order: timestamp descending, seq ascending.
var scanOrders = []Order{
	{CustomerID: 1, Timestamp: 30, Seq: 1, Total: scalar.Some(int32(1))},
	{CustomerID: 1, Timestamp: 20, Seq: 1, Total: scalar.Some(int32(2)), OrderID: scalar.Some("a_b")},
	{CustomerID: 1, Timestamp: 20, Seq: 2, OrderID: scalar.Some("ab")},
	{CustomerID: 1, Timestamp: 20, Seq: 3, Total: scalar.Some(int32(4)), OrderID: scalar.Some("axb")},
	{CustomerID: 1, Timestamp: 10, Seq: 1, Total: scalar.Some(int32(5)), OrderID: scalar.Some("AB")},
}

func withOrders(t *testing.T, ctx context.Context, run scalar.Runner) {
	t.Helper()
	for _, i := range []int{3, 0, 4, 2, 1} {
		must(t, orders.Insert(ctx, run, scanOrders[i]))
	}
	must(t, orders.Insert(ctx, run, Order{CustomerID: 2, Timestamp: 20, Seq: 1, Total: scalar.Some(int32(9)), OrderID: scalar.Some("ab")}))
}

// shown renders records as timestamp/seq of their partition.
func shown(records []Order) []string {
	list := make([]string, len(records))
	for i, r := range records {
		list[i] = fmt.Sprintf("%d:%d/%d", r.CustomerID, r.Timestamp, r.Seq)
	}
	return list
}

func TestRanges(t *testing.T) {
	t.Parallel()
	all := []string{"1:30/1", "1:20/1", "1:20/2", "1:20/3", "1:10/1"}
	cases := map[string]struct {
		of   scalar.Scannable[Order]
		want []string
	}{
		"partition":               {ordersOf(1), all},
		"backwards":               {ordersOf(1).Reverse(), []string{"1:10/1", "1:20/3", "1:20/2", "1:20/1", "1:30/1"}},
		"reversed twice":          {ordersOf(1).Reverse().Reverse(), all},
		"empty partition":         {ordersOf(3), []string{}},
		"from":                    {ordersOf(1).TimestampFrom(20), all[:4]},
		"after":                   {ordersOf(1).TimestampAfter(20), all[:1]},
		"to":                      {ordersOf(1).TimestampTo(20), all[1:]},
		"before":                  {ordersOf(1).TimestampBefore(20), all[4:]},
		"between":                 {ordersOf(1).TimestampFrom(20).TimestampTo(20), all[1:4]},
		"nothing between":         {ordersOf(1).TimestampAfter(20).TimestampBefore(30), []string{}},
		"the wrong way round":     {ordersOf(1).TimestampFrom(30).TimestampTo(10), []string{}},
		"limit":                   {ordersOf(1).TimestampTo(20).Limit(2), all[1:3]},
		"limit backwards":         {ordersOf(1).Reverse().Limit(2), []string{"1:10/1", "1:20/3"}},
		"limit beyond the end":    {ordersOf(1).Limit(99), all},
		"one timestamp":           {ordersOf(1).TimestampIs(20), all[1:4]},
		"one timestamp backwards": {ordersOf(1).TimestampIs(20).Reverse(), []string{"1:20/3", "1:20/2", "1:20/1"}},
		"seq from":                {ordersOf(1).TimestampIs(20).SeqFrom(2), all[2:4]},
		"seq from, before":        {ordersOf(1).TimestampIs(20).SeqFrom(2).SeqBefore(3), all[2:3]},
		"filtered":                {ordersOf(1).Where(scalar.Gt(orderColumns.Total, 1)).Limit(2), []string{"1:20/1", "1:20/3"}},
		"filtered twice": {
			ordersOf(1).Where(scalar.Gt(orderColumns.Total, 1)).Where(scalar.Lt(orderColumns.Total, 5)),
			[]string{"1:20/1", "1:20/3"},
		},
		"filtered by key": {ordersOf(1).Where(scalar.Eq(orderColumns.Seq, 2)), all[2:3]},
	}
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		withOrders(t, ctx, run)
		for name, test := range cases {
			got, err := scalar.Collect(orders.Scan(ctx, run, test.of))
			must(t, err)
			if diff := cmp.Diff(test.want, shown(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestSelections(t *testing.T) {
	t.Parallel()
	total, orderID := orderColumns.Total, orderColumns.OrderID
	everything := []string{"1:10/1", "1:20/1", "1:20/2", "1:20/3", "1:30/1", "2:20/1"}
	cases := map[string]struct {
		of   scalar.Scannable[Order]
		want []string
	}{
		"all":                 {allOrders(), everything},
		"index":               {ordersByOrderID("ab"), []string{"1:20/2", "2:20/1"}},
		"index, none":         {ordersByOrderID("zz"), []string{}},
		"index, filtered":     {ordersByOrderID("ab").Where(scalar.IsNull(total)), []string{"1:20/2"}},
		"null":                {allOrders().Where(scalar.IsNull(total)), []string{"1:20/2"}},
		"not null":            {allOrders().Where(scalar.IsNotNull(orderID)), []string{"1:10/1", "1:20/1", "1:20/2", "1:20/3", "2:20/1"}},
		"equal, never NULL":   {allOrders().Where(scalar.Eq(total, 1)), []string{"1:30/1"}},
		"unequal, never NULL": {allOrders().Where(scalar.Ne(total, 1)), []string{"1:10/1", "1:20/1", "1:20/3", "2:20/1"}},
		"less or greater":     {allOrders().Where(scalar.Or[Order](scalar.Lt(total, 2), scalar.Ge(total, 9))), []string{"1:30/1", "2:20/1"}},
		"and of or": {
			allOrders().Where(scalar.And(scalar.Or[Order](scalar.Eq(total, 1), scalar.Eq(total, 2)), scalar.Or[Order](scalar.IsNull(orderID), scalar.IsNotNull(total)))),
			[]string{"1:20/1", "1:30/1"},
		},
		"or of and":          {allOrders().Where(scalar.Or(scalar.And[Order](scalar.Eq(total, 1), scalar.IsNull(orderID)), scalar.And[Order](scalar.Eq(total, 2), scalar.IsNull(orderID)))), []string{"1:30/1"}},
		"all of conditions":  {allOrders().Where(scalar.All(scalar.Gt(total, 1), scalar.Lt(total, 5))), []string{"1:20/1", "1:20/3"}},
		"and of nothing":     {allOrders().Where(scalar.And[Order]()), everything},
		"or with everything": {allOrders().Where(scalar.Or(scalar.Eq(total, 1), scalar.And[Order]())), everything},
		"everything or":      {allOrders().Where(scalar.Or(scalar.And[Order](), scalar.Eq(total, 1))), everything},
		"no filter":          {allOrders().Where(), everything},
		"like one":           {allOrders().Where(scalar.Like(orderID, "a_b")), []string{"1:20/1", "1:20/3"}},
		"like literal":       {allOrders().Where(scalar.Like(orderID, `a\_b`)), []string{"1:20/1"}},
		"like other escape":  {allOrders().Where(scalar.LikeEscape(orderID, `a!_b`, "!")), []string{"1:20/1"}},
		"like no escape":     {allOrders().Where(scalar.LikeEscape(orderID, `a\_b`, "")), []string{}},
		"like many":          {allOrders().Where(scalar.Like(orderID, "a%")), []string{"1:20/1", "1:20/2", "1:20/3", "2:20/1"}},
		"not like":           {allOrders().Where(scalar.NotLike(orderID, "a%")), []string{"1:10/1"}},
		"not like escape":    {allOrders().Where(scalar.NotLikeEscape(orderID, "A!%", "!"), scalar.Like(orderID, "A%")), []string{"1:10/1"}},
		"by key column":      {allOrders().Where(scalar.Or[Order](scalar.Eq(orderColumns.CustomerID, 2), scalar.Eq(orderColumns.Timestamp, 30))), []string{"1:30/1", "2:20/1"}},
	}
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		withOrders(t, ctx, run)
		for name, test := range cases {
			got, err := scalar.Collect(orders.Scan(ctx, run, test.of))
			must(t, err)
			list := shown(got)
			slices.Sort(list)
			if diff := cmp.Diff(test.want, list); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		got, err := scalar.Collect(orders.Scan(ctx, run, allOrders().Where(scalar.IsNotNull(total)).Limit(4)))
		if must(t, err); len(got) != 4 {
			t.Errorf("limit 4 after the filter: %v", shown(got))
		}
	})
}

func TestScansThatAreRefused(t *testing.T) {
	t.Parallel()
	total := orderColumns.Total
	var atMost, tooMany []scalar.Filter[Order]
	for range 8 { // 2⁸ alternatives are allowed
		atMost = append(atMost, scalar.Or[Order](scalar.Eq(total, 1), scalar.Eq(total, 2)))
	}
	tooMany = append(tooMany, atMost...)
	for range 30 {
		tooMany = append(tooMany, scalar.Or[Order](scalar.Eq(total, 1), scalar.Eq(total, 2)))
	}
	bounded := ordersOf(1).TimestampFrom(1)
	for name, test := range map[string]struct {
		of   scalar.Scannable[Order]
		want string
	}{
		"nil":                  {nil, "zero value: start from the functions of the generated package"},
		"zero range":           {orderRange{}, "zero value"},
		"zero range, bounded":  {orderRange{}.TimestampFrom(1), "zero value"},
		"zero inner range":     {orderTimestampRange{}.SeqFrom(1), "zero value"},
		"zero selection":       {scalar.Selection[Order]{}, "zero value"},
		"limit 0":              {ordersOf(1).Limit(0), "the limit of a scan must be positive"},
		"limit below 0":        {allOrders().Limit(-1), "the limit of a scan must be positive"},
		"limit twice":          {ordersOf(1).Limit(1).Limit(2), "the limit of a scan is given twice"},
		"limit twice, all":     {allOrders().Limit(1).Limit(1), "the limit of a scan is given twice"},
		"from twice":           {bounded.TimestampFrom(2), "the lower bound of the range is given twice"},
		"from and after":       {bounded.TimestampAfter(2), "the lower bound of the range is given twice"},
		"to and before":        {ordersOf(1).TimestampTo(1).TimestampBefore(2), "the upper bound of the range is given twice"},
		"bound, then fixed":    {bounded.TimestampIs(1), "a range that is bounded on one clustering column cannot fix it or a later one"},
		"seq from twice":       {ordersOf(1).TimestampIs(1).SeqFrom(1).SeqFrom(1), "the lower bound of the range is given twice"},
		"nil filter":           {allOrders().Where(nil), "zero value"},
		"nil filter in Or":     {allOrders().Where(scalar.Or[Order](nil)), "zero value"},
		"too many ANDs of ORs": {allOrders().Where(tooMany...), "more than 256 alternatives"},
		"too many ORs":         {allOrders().Where(scalar.Or(scalar.And(atMost...), scalar.And(atMost...))), "more than 256 alternatives"},
		"pattern":              {allOrders().Where(scalar.Like(orderColumns.OrderID, `a\b`)), "column order_id is matched against an invalid pattern"},
		"pattern's end":        {allOrders().Where(scalar.NotLike(orderColumns.OrderID, `a\`)), "the pattern ends in its escape character"},
		"escape too long":      {allOrders().Where(scalar.LikeEscape(orderColumns.OrderID, "a", "!!")), "the escape must be one character or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
				got, err := scalar.Collect(orders.Scan(ctx, run, test.of))
				wantError(t, err, scalar.ErrInvalid, "test.orders: ", test.want)
				if got != nil {
					t.Errorf("records came before the error: %v", shown(got))
				}
			})
		})
	}
	if _, err := scalar.Collect(orders.Scan(t.Context(), openDB(t), allOrders().Where(atMost...))); err != nil {
		t.Errorf("256 alternatives: %v", err)
	}
}

// Ranges and selections are values: what is derived from one leaves it as it is.
func TestRangesDoNotShare(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	withOrders(t, t.Context(), db)
	base := ordersOf(1).Where(scalar.Gt(orderColumns.Total, 0), scalar.Lt(orderColumns.Total, 9))
	a := base.Where(scalar.Eq(orderColumns.Total, 1))
	b := base.Where(scalar.Eq(orderColumns.Total, 5)).Reverse()
	at := ordersOf(1).TimestampIs(20)
	from, before := at.SeqFrom(3), at.SeqBefore(2)
	for _, test := range []struct {
		of   scalar.Scannable[Order]
		want []string
	}{
		{base, []string{"1:30/1", "1:20/1", "1:20/3", "1:10/1"}},
		{a, []string{"1:30/1"}},
		{b, []string{"1:10/1"}},
		{from, []string{"1:20/3"}},
		{before, []string{"1:20/1"}},
		{at, []string{"1:20/1", "1:20/2", "1:20/3"}},
	} {
		got, err := scalar.Collect(orders.Scan(t.Context(), db, test.of))
		must(t, err)
		if diff := cmp.Diff(test.want, shown(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Deep is a record of a table whose key has five clustering columns.
type Deep [6]int32

var deep = handtable.Table[Deep, Deep]{
	Table: scalar.Table{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "test", Name: "deep"},
		Columns: []scalar.ColumnDef{
			{Name: "p", Type: scalar.TypeInt}, {Name: "c1", Type: scalar.TypeInt}, {Name: "c2", Type: scalar.TypeInt},
			{Name: "c3", Type: scalar.TypeInt}, {Name: "c4", Type: scalar.TypeInt}, {Name: "c5", Type: scalar.TypeInt},
		},
		Partition:  []int{0},
		Clustering: []scalar.ClusteringDef{{Column: 1}, {Column: 2}, {Column: 3}, {Column: 4}, {Column: 5}},
	}},
	Codec: handtable.Codec[Deep, Deep]{
		Key:    encodeDeep,
		Encode: encodeDeep,
		Decode: func(from *scalar.Row, r *Deep) {
			for i := range r {
				r[i] = from.Int(i)
			}
		},
	},
}

func encodeDeep(r *Deep, to []scalar.Value) {
	for i, v := range r {
		to[i] = scalar.IntValue(v)
	}
}

// Ranges that fix one column more than their common beginning must not write
// into it.
func TestRangesOfManyColumnsDoNotShare(t *testing.T) {
	t.Parallel()
	db := scalartest.Open(t, scalar.Schema{&deep})
	begin := scalar.RangeOf[Deep](scalar.IntValue(1))
	for _, v := range []int32{1, 1, 1} {
		begin = scalar.RangeIs(begin, scalar.IntValue(v))
	}
	var ranges []scalar.Range[Deep]
	for v := range int32(3) {
		must(t, deep.Insert(t.Context(), db, Deep{1, 1, 1, 1, v, 7}))
		ranges = append(ranges, scalar.RangeIs(begin, scalar.IntValue(v)))
	}
	for v, of := range ranges {
		got, err := scalar.Collect(deep.Scan(t.Context(), db, of))
		must(t, err)
		if diff := cmp.Diff([]Deep{{1, 1, 1, 1, int32(v), 7}}, got); diff != "" {
			t.Errorf("c4 = %d (-want +got):\n%s", v, diff)
		}
	}
}

// Nor must conditions and filters that have a beginning in common.
func TestConditionsDoNotShare(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	withOrders(t, t.Context(), db)
	total := orderColumns.Total
	begin := scalar.All(scalar.Gt(total, 0), scalar.Gt(total, 0), scalar.Gt(total, 0), scalar.Gt(total, 0))
	nothing := scalar.Or[Order](scalar.Lt(total, 0), scalar.Lt(total, 0), scalar.Lt(total, 0))
	for name, pair := range map[string][2]scalar.Filter[Order]{
		"all": {scalar.All(begin, scalar.Eq(total, 1)), scalar.All(begin, scalar.Eq(total, 9))},
		"or":  {scalar.Or[Order](nothing, scalar.Eq(total, 1)), scalar.Or[Order](nothing, scalar.Eq(total, 9))},
	} {
		for i, want := range []string{"1:30/1", "2:20/1"} {
			got, err := scalar.Collect(orders.Scan(t.Context(), db, allOrders().Where(pair[i])))
			must(t, err)
			if diff := cmp.Diff([]string{want}, shown(got)); diff != "" {
				t.Errorf("%s %d (-want +got):\n%s", name, i, diff)
			}
		}
	}
}

func TestScanSeesOwnWrites(t *testing.T) {
	t.Parallel()
	onEachStorage(t, func(t *testing.T, db *scalar.DB) {
		withOrders(t, t.Context(), db)
		must(t, db.Transact(t.Context(), func(ctx context.Context, tx *scalar.Tx) error {
			must(t, orders.Delete(ctx, tx, OrderKey{1, 20, 2}))
			must(t, orders.Insert(ctx, tx, Order{CustomerID: 1, Timestamp: 25, Seq: 1}))
			must(t, orders.Update(ctx, tx, OrderKey{1, 10, 1}, scalar.Set(orderColumns.Total, 50)))
			got, err := scalar.Collect(orders.Scan(ctx, tx, ordersOf(1)))
			must(t, err)
			if diff := cmp.Diff([]string{"1:30/1", "1:25/1", "1:20/1", "1:20/3", "1:10/1"}, shown(got)); diff != "" {
				t.Errorf("partition (-want +got):\n%s", diff)
			}
			got, err = scalar.Collect(orders.Scan(ctx, tx, allOrders().Where(scalar.Gt(orderColumns.Total, 9))))
			must(t, err)
			if diff := cmp.Diff([]string{"1:10/1"}, shown(got)); diff != "" {
				t.Errorf("whole table (-want +got):\n%s", diff)
			}
			return nil
		}))
	})
}

func TestAScanMayBeLeftAndWrittenIn(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		withOrders(t, ctx, run)
		seen := 0
		for r, err := range orders.Scan(ctx, run, ordersOf(1)) {
			must(t, err)
			seen++
			must(t, orders.Update(ctx, run, keyOfOrder(r), scalar.Set(orderColumns.Total, 100)))
			must(t, orders.Insert(ctx, run, Order{CustomerID: 7, Timestamp: r.Timestamp, Seq: r.Seq}))
			if seen == 4 {
				break
			}
		}
		changed, err := scalar.Collect(orders.Scan(ctx, run, ordersOf(1).Where(scalar.Eq(orderColumns.Total, 100))))
		must(t, err)
		added, err := scalar.Collect(orders.Scan(ctx, run, ordersOf(7)))
		must(t, err)
		if len(changed) != 4 || len(added) != 4 {
			t.Errorf("%d records changed, %d added, want 4", len(changed), len(added))
		}
	})
}

func TestAnIteratorMayBeUsedTwice(t *testing.T) {
	t.Parallel()
	eachRunner(t, func(t *testing.T, ctx context.Context, run scalar.Runner) {
		withOrders(t, ctx, run)
		records := orders.Scan(ctx, run, ordersOf(1).Limit(2))
		for range 2 {
			got, err := scalar.Collect(records)
			if must(t, err); len(got) != 2 {
				t.Errorf("%d records, want 2", len(got))
			}
		}
	})
}

func TestAFailingScanYieldsOneErrorLast(t *testing.T) {
	t.Parallel()
	for _, level := range []scalar.Isolation{scalar.Snapshot, scalar.Serializable} {
		db := openDB(t, scalartest.Isolation(level))
		withOrders(t, t.Context(), db)
		ctx, cancel := context.WithCancel(t.Context())
		scalartest.Inject(db, scalartest.FailNext(scalartest.Scan, nil))
		yields := 0
		for r, err := range orders.Scan(ctx, db, allOrders()) {
			yields++
			wantError(t, err, scalar.ErrStorage, "test.orders", "DB-CORE-30040", "injected failure")
			if r != (Order{}) {
				t.Errorf("with the error came %+v", r)
			}
		}
		if yields != 1 {
			t.Errorf("%d yields, want the error only", yields)
		}
		cancel()
		_, err := scalar.Collect(orders.Scan(ctx, db, allOrders()))
		wantError(t, err, context.Canceled)
	}
}
