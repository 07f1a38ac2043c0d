//go:build linux

package soak

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scalargen/scalargen/internal/history"
	"github.com/scalargen/scalargen/storage"
)

// openCloser returns a closer on a new SQLite file with one open epoch.
func openCloser(t *testing.T) *closer {
	t.Helper()
	c, err := newCloser(t.Context(), sqliteTarget(t), t.TempDir(), newClock(10))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.end)
	if err := c.open(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return c
}

// overwrite changes columns of an account behind the back of the transactions.
func (c *closer) overwrite(t *testing.T, columns map[string]storage.Value) {
	t.Helper()
	table, err := c.storage.Table(t.Context(), c.tables.registers.Def.TableName)
	if err != nil {
		t.Fatal(err)
	}
	m := storage.Mutation{Table: table, Op: storage.Put, Key: (&key{accounts(1), 3}).values(), Condition: storage.IfExists}
	for name, value := range columns {
		m.Columns, m.Values = append(m.Columns, table.Column(name)), append(m.Values, value)
	}
	if err := c.storage.Mutate(t.Context(), []storage.Mutation{m}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrongInTheStorageIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		columns map[string]storage.Value
		want    string // "" if it is fine
	}{
		"nothing": {nil, ""},
		"what a transaction that has died left prepared": {map[string]storage.Value{
			"tx_state": storage.IntValue(1), "tx_id": storage.TextValue("dead"), "tx_prepared_at": storage.BigIntValue(1), "n": storage.BigIntValue(999),
			"before_n": storage.BigIntValue(4), "before_tag": storage.IntValue(0), "before_amount": storage.IntValue(opening), "before_tx_id": storage.TextValue("opener"),
			"before_tx_state": storage.IntValue(stateCommitted), "before_tx_version": storage.IntValue(1),
			"before_tx_prepared_at": storage.BigIntValue(1), "before_tx_committed_at": storage.BigIntValue(1),
		}, "written by transaction opener, which nobody has begun"}, // it was taken back first
		"an amount":                  {map[string]storage.Value{"amount": storage.IntValue(opening - 1)}, "hold 799 together"},
		"another writer":             {map[string]storage.Value{"tx_id": storage.TextValue("nobody")}, "by transaction nobody, which nobody has begun"},
		"a before image":             {map[string]storage.Value{"before_n": storage.BigIntValue(1)}, "is committed and has a before image"},
		"a moment":                   {map[string]storage.Value{"tx_committed_at": storage.BigIntValue(1)}, "was committed at 1, and it was decided at"},
		"a number that nobody wrote": {map[string]storage.Value{"n": storage.BigIntValue(12345)}, "garbage read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closer := openCloser(t)
			if c.columns != nil {
				closer.overwrite(t, c.columns)
			}
			_, err := closer.close(t.Context(), 1, history.Serializable)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
				if files, _ := os.ReadDir(closer.dir); len(files) > 0 {
					t.Errorf("%d files are left", len(files))
				}
				if rows, err := closer.scan(t.Context(), storage.Scan{Kind: storage.FullScan}, closer.tables.registers.Def.TableName); err != nil || len(rows) > 0 {
					t.Errorf("%d records are left, error %v", len(rows), err)
				}
			case !errors.Is(err, errWrong) || !strings.Contains(err.Error(), c.want):
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestDecisionsThatContradictAreFound(t *testing.T) {
	t.Parallel()
	record := func(prepared, committed int64) *stored {
		return &stored{
			&storage.Table{
				TableName: storage.TableName{Namespace: "ns", Name: "t"}, Partition: []int{0},
				Columns: []storage.Column{{Name: "p", Type: storage.Int}, {Name: "tx_prepared_at", Type: storage.BigInt}, {Name: "tx_committed_at", Type: storage.BigInt}},
			},
			storage.Row{storage.IntValue(1), storage.BigIntValue(prepared), storage.BigIntValue(committed)},
		}
	}
	decision := func(state int32, at int64) stored {
		return stored{
			&storage.Table{Columns: []storage.Column{{Name: "tx_state", Type: storage.Int}, {Name: "tx_created_at", Type: storage.BigInt}}},
			storage.Row{storage.IntValue(state), storage.BigIntValue(at)},
		}
	}
	const aborted = 4
	for name, c := range map[string]struct {
		told     history.Type
		decision stored
		record   *stored
		fine     bool
	}{
		"one phase":                       {history.Committed, stored{}, record(5, 5), true},
		"two phases without a decision":   {history.Committed, stored{}, record(5, 7), false},
		"two phases":                      {history.Committed, decision(stateCommitted, 7), record(5, 7), true},
		"another moment":                  {history.Committed, decision(stateCommitted, 8), record(5, 7), false},
		"told committed, decided aborted": {history.Committed, decision(aborted, 7), nil, false},
		"told failed, decided committed":  {history.Failed, decision(stateCommitted, 7), nil, false},
		"told failed, decided aborted":    {history.Failed, decision(aborted, 7), nil, true},
		"unknown, decided aborted":        {history.Unknown, decision(aborted, 7), nil, true},
		"unknown, aborted and written":    {history.Unknown, decision(aborted, 7), record(5, 7), false},
		"no outcome, committed":           {history.Invoke, decision(stateCommitted, 7), record(5, 7), true},
		"nothing known":                   {history.Failed, stored{}, nil, true},
	} {
		var written []*stored
		if c.record != nil {
			written = append(written, c.record)
		}
		if why := contradiction(c.told, c.decision, written); (why == "") != c.fine {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func TestLinesThatAKillHasCutOffAreRemoved(t *testing.T) {
	t.Parallel()
	c := &closer{dir: t.TempDir()}
	name := filepath.Join(c.dir, journal(7, 3))
	const whole = `{"index":0,"type":"invoke","process":0,"time":1,"tx":"a","value":[["append","L/p/01",5]]}` + "\n"
	if err := os.WriteFile(name, []byte(whole+`{"index":1,"type":"o`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := c.records(7)
	if err != nil {
		t.Fatal(err)
	}
	if r.outcomes["a"] != history.Invoke || !r.keys["L/p"]["L/p/01"] || len(r.files) != 1 {
		t.Errorf("read %+v", r)
	}
	if content, _ := os.ReadFile(name); string(content) != whole {
		t.Errorf("the file holds %q", content)
	}
}

func TestPointsAreToldByTheirNames(t *testing.T) {
	t.Parallel()
	for _, want := range Points() {
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Point
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s became %s, error %v", want, got, err)
		}
	}
	if err := new(Point).UnmarshalText([]byte("before dinner")); err == nil {
		t.Error("an unknown point was taken")
	}
}

func TestWhatCannotBeRightIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	times := 0
	err := until(t.Context(), func(context.Context) error {
		if times++; times < 3 {
			return errors.New("not yet")
		}
		return errWrong
	})
	if !errors.Is(err, errWrong) || times != 3 {
		t.Errorf("tried %d times, error %v", times, err)
	}
}
