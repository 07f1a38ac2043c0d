package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

func init() { children["limited"] = limitedChild }

// limitedChild writes until the limit on the size of files makes a write fail,
// and prints how each of its attempts was reported.
func limitedChild(path, shape string) error {
	signal.Ignore(syscall.SIGXFSZ)
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	table := simpleTable("ns", "t", "i")
	if err := s.CreateTable(ctx, table, nil); err != nil {
		return err
	}
	limit := syscall.Rlimit{Cur: 200_000, Max: 200_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	text := storage.TextValue(strings.Repeat("x", 10_000))
	for k := int32(0); k < 100; k++ {
		m := storage.Mutation{Table: table, Key: []storage.Value{storage.IntValue(k)}, Columns: []int{2}, Values: []storage.Value{text}}
		other := m
		other.Key = []storage.Value{storage.IntValue(k + 1000)}
		var err error
		switch shape {
		case "single":
			err = s.Mutate(ctx, []storage.Mutation{m})
		case "group":
			err = s.Mutate(ctx, []storage.Mutation{m, other})
		default:
			errs := s.MutateBatch(ctx, [][]storage.Mutation{{m}, {other}})
			if err = errs[0]; errors.Is(err, storage.ErrUnknown) != errors.Is(errs[1], storage.ErrUnknown) {
				return fmt.Errorf("one commit, two outcomes: %v", errs)
			}
		}
		switch {
		case err == nil:
			fmt.Println(k, "applied")
		case errors.Is(err, storage.ErrUnknown):
			fmt.Println(k, "unknown")
			return nil
		default:
			fmt.Println(k, "failed", err)
			return nil
		}
	}
	return errors.New("no write failed")
}

// TestIOErrorWhileCommittingIsUnknown lets the write of a commit fail.
func TestIOErrorWhileCommittingIsUnknown(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"single", "group", "batch"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "test.db")
			_, lines := child(t, "limited", path, shape)
			applied, last := 0, ""
			for lines.Scan() {
				last = lines.Text()
				if strings.HasSuffix(last, "applied") {
					applied++
				}
			}
			if !strings.HasSuffix(last, "unknown") || applied == 0 {
				t.Fatalf("after %d writes: %s", applied, last)
			}
			// What was acknowledged is there, and what was unknown is whole or absent.
			records := 1
			if shape != "single" {
				records = 2
			}
			rows, _ := collect(t, openFile(t, path), storage.Scan{Table: simpleTable("ns", "t", "i"), Kind: storage.FullScan, Columns: []int{0}})
			if n := len(rows); n != applied*records && n != (applied+1)*records {
				t.Errorf("%d records, %d writes of %d were acknowledged", n, applied, records)
			}
		})
	}
}
