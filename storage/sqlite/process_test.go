package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// childVariable makes the test binary run childWriter instead of the tests.
const childVariable = "SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childVariable); role != "" {
		if err := children[role](os.Getenv("SQLITE_TEST_PATH"), os.Getenv("SQLITE_TEST_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var children = map[string]func(path, name string) error{
	"transfer": transferChild,
}

const accounts = 8

func accountsTable() *storage.Table {
	return &storage.Table{
		TableName:  storage.TableName{Namespace: "ns", Name: "account"},
		Columns:    []storage.Column{{Name: "owner", Type: storage.Text}, {Name: "id", Type: storage.Int}, {Name: "balance", Type: storage.Int}},
		Partition:  []int{0},
		Clustering: []storage.ClusteringColumn{{Column: 1}},
	}
}

func account(t *storage.Table, owner string, id, balance int32) storage.Mutation {
	return storage.Mutation{
		Table: t, Key: []storage.Value{storage.TextValue(owner), storage.IntValue(id)},
		Columns: []int{2}, Values: []storage.Value{storage.IntValue(balance)},
	}
}

// transferChild moves money between two accounts at a time, each move a group
// conditional on both balances, and appends a ledger record per move, until it
// is killed. It prints a line after every acknowledged move.
func transferChild(path, name string) error {
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	table, err := s.Table(ctx, accountsTable().TableName)
	if err != nil {
		return err
	}
	balance := table.Column("balance")
	for move := int32(0); ; move++ {
		from, to := rand.Int32N(accounts), rand.Int32N(accounts)
		if from == to {
			continue
		}
		var gets []storage.Get
		for _, id := range []int32{from, to} {
			gets = append(gets, storage.Get{Table: table, Key: []storage.Value{storage.TextValue("bank"), storage.IntValue(id)}})
		}
		rows, err := s.Get(ctx, gets)
		if err != nil {
			return err
		}
		group := []storage.Mutation{account(table, "ledger "+name, move, move)}
		group[0].Condition = storage.IfNotExists
		for i, change := range []int32{-1, 1} {
			before := rows[i][balance]
			m := account(table, "bank", []int32{from, to}[i], int32(before.Int64())+change)
			m.Condition = storage.If
			m.Where = []storage.Predicate{{Column: balance, Operator: storage.Eq, Value: before}}
			group = append(group, m)
		}
		switch err := s.Mutate(ctx, group); {
		case err == nil:
			fmt.Println(move)
		case errors.Is(err, storage.ErrCondition):
			move-- // another process was faster
		default:
			return err
		}
	}
}

// child starts the test binary in a role; it is killed when the test ends.
func child(t *testing.T, role, path, name string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+role, "SQLITE_TEST_PATH="+path, "SQLITE_TEST_NAME="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// TestKilledProcessesLoseNothing runs two processes on one file and kills one
// of them, again and again, in the midst of its writes.
func TestKilledProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	table := accountsTable()
	create(t, s, table)
	for id := range int32(accounts) {
		if err := s.Mutate(t.Context(), []storage.Mutation{account(table, "bank", id, 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	survivor, lines := child(t, "transfer", path, "survivor")
	if !lines.Scan() {
		t.Fatal("the other process made no move")
	}
	for round := range 5 {
		name := fmt.Sprintf("victim %d", round)
		victim, moves := child(t, "transfer", path, name)
		acknowledged := -1
		for range 3 + round*7 {
			if !moves.Scan() {
				t.Fatal("the victim stopped by itself")
			}
			acknowledged++
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for moves.Scan() {
			acknowledged++
		}
		checkBank(t, s, table, name, acknowledged)
	}
	if err := survivor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines.Scan() {
		acknowledged++
	}
	checkBank(t, s, table, "survivor", acknowledged)
}

// checkBank looks for torn groups and lost moves.
func checkBank(t *testing.T, s *Storage, table *storage.Table, name string, acknowledged int) {
	t.Helper()
	bank, _ := collect(t, s, storage.Scan{Table: table, Partition: []storage.Value{storage.TextValue("bank")}})
	sum := int64(0)
	for _, row := range bank {
		sum += row[2].Int64()
	}
	if len(bank) != accounts || sum != accounts*1000 {
		t.Errorf("%d accounts hold %d, want %d", len(bank), sum, accounts*1000)
	}
	ledger, _ := collect(t, s, storage.Scan{Table: table, Partition: []storage.Value{storage.TextValue("ledger " + name)}})
	// One more may have been applied without having been printed.
	if moves := len(ledger); moves < acknowledged+1 || moves > acknowledged+2 {
		t.Errorf("%s: %d moves in the file, %d were acknowledged", name, moves, acknowledged+1)
	}
}
