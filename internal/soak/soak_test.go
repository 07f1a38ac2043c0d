//go:build linux

package soak

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/scalargen/scalargen/internal/history"
)

var (
	storages     = flag.String("soak.storage", "sqlite,postgres,mariadb", "storages to run on, in turn")
	transactions = flag.Int("soak.transactions", 0, "how many transactions are checked; 0 for as many as make test has time for")
	seed         = flag.Uint64("soak.seed", 0, "what transactions and faults follow from; 0 for the time")
	clients      = flag.Int("soak.clients", 4, "client processes")
	workers      = flag.Int("soak.workers", 4, "transactions that each client runs at a time")
	epochSize    = flag.Int("soak.epoch", 4000, "transactions of an epoch, about")
	levels       = flag.String("soak.levels", "serializable,serializable,snapshot,serializable,read-committed", "isolation levels of the epochs, in turn")
	faultEvery   = flag.Duration("soak.faults", time.Second, "time between two faults, on average; 0 for no faults")
	crashEvery   = flag.Duration("soak.crashes", 30*time.Second, "time between two crashes of the server, on average; 0 for none")
	speed        = flag.Int64("soak.clock", 10, "how many times as fast as real ones the clocks of clients run")
	directory    = flag.String("soak.dir", "", "where histories are kept if something is wrong; the default is a new temporary directory")
)

func TestMain(m *testing.M) {
	Client()
	silenceDrivers()
	os.Exit(m.Run())
}

// config returns what the flags ask for.
func config(t *testing.T) Config {
	c := Config{
		Seed: *seed, Clients: *clients, Workers: *workers, Transactions: *transactions, Epoch: *epochSize,
		Modes: Modes(), Faults: *faultEvery, Crashes: *crashEvery, Speed: *speed, Timeout: 3 * time.Second,
		Dir: *directory,
	}
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano())
	}
	for name := range strings.SplitSeq(*levels, ",") {
		level, err := history.ParseLevel(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Levels = append(c.Levels, level)
	}
	if c.Dir == "" {
		dir, err := os.MkdirTemp("", "soak-")
		if err != nil {
			t.Fatal(err)
		}
		c.Dir = dir
		// Kept if there is something in it.
		t.Cleanup(func() { _ = os.Remove(dir) })
	}
	return c
}

// TestSoak is long if flags say so.
func TestSoak(t *testing.T) {
	for name := range strings.SplitSeq(*storages, ",") {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			if c.Transactions == 0 {
				c.small()
			} else {
				c.Progress = os.Stdout
			}
			target := targetOf(t, name)
			result, err := Run(t.Context(), target, c)
			if result != nil {
				t.Logf("seed %d\n%s", c.Seed, result)
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Faults == 0 {
				return
			}
			if result.Committed == 0 || result.KilledAnywhere+len(result.Killed) == 0 {
				t.Error("nothing was committed, or no client was killed")
			}
			// A long run comes to each point. If it does not, clients are not killed there.
			if missed := result.Missed(); *transactions >= 100_000 && len(missed) > 0 {
				t.Errorf("no client was killed %s", missed)
			}
		})
	}
}

// small is what make test has time for.
func (c *Config) small() {
	c.Transactions, c.Epoch, c.Duration = 5000, 1000, 10*time.Second
	c.Faults, c.Crashes = c.Faults/4, c.Crashes/5
	if testing.Short() {
		c.Transactions, c.Epoch, c.Duration = 1000, 300, 3*time.Second
	}
}

// TestSabotageIsFoundOut breaks promises of the storage, each of which a soak must
// notice.
func TestSabotageIsFoundOut(t *testing.T) {
	t.Parallel()
	for _, b := range sabotages() {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			c := config(t)
			c.Dir = t.TempDir()
			c.Transactions, c.Epoch, c.Faults, c.Clients = 20_000, 400, 0, 2
			c.Sabotage = string(b)
			_, err := Run(t.Context(), targetOf(t, "sqlite"), c)
			if !errors.Is(err, errWrong) {
				t.Fatalf("not noticed: %v", err)
			}
			text, _, _ := strings.Cut(err.Error(), "\n\n")
			t.Log(text)
		})
	}
}
