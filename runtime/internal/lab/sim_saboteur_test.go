package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/storage"
)

// saboteur lets a storage forget what the engine relies on.
type saboteur struct {
	storage.Storage
	change func(m *storage.Mutation)
	blind  bool // what a transaction has read once never changes for it

	mu   sync.Mutex
	seen map[string]storage.Row
}

func (s *saboteur) Mutate(ctx context.Context, group []storage.Mutation) error {
	group = slices.Clone(group)
	for i := range group {
		if s.change != nil {
			s.change(&group[i])
		}
	}
	return s.Storage.Mutate(ctx, group)
}

func (s *saboteur) Get(ctx context.Context, gets []storage.Get) ([]storage.Row, error) {
	rows, err := s.Storage.Get(ctx, gets)
	if err != nil || !s.blind || gets[0].Table.TableName != itemName {
		return rows, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rows {
		name := fmt.Sprint(ctx.Value(caller{}), gets[i].Key)
		if before, again := s.seen[name]; again {
			rows[i] = before
		}
		s.seen[name] = rows[i]
	}
	return rows, nil
}

// forget drops the condition of the mutations whose phase begins with the word.
func forget(phase string) func(m *storage.Mutation) {
	return func(m *storage.Mutation) {
		if m.Op != storage.Check && strings.HasPrefix(simPhase(m), phase) {
			m.Condition, m.Where = storage.Always, nil
		}
	}
}

// A simulation that cannot fail would prove nothing: each of these storages is
// found out, and what is told about it is short.
func TestSimulateFindsBrokenStorages(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		change func(m *storage.Mutation)
		blind  bool
	}{
		"prepare without a condition":      {change: forget("prepare")},
		"one phase without a condition":    {change: forget("one phase")},
		"decision without a condition":     {change: forget("decide")},
		"roll forward without a condition": {change: forget("roll forward")},
		"roll back without a condition":    {change: forget("roll back")},
		"validation sees nothing":          {blind: true},
		"records lose their before image": {change: func(m *storage.Mutation) {
			if at := slices.Index(m.Columns, m.Table.Column("before_v")); at >= 0 && simPhase(m) == "prepare" {
				m.Values = slices.Clone(m.Values)
				m.Values[at] = storage.IntValue(1)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sabotage := func(s storage.Storage) storage.Storage {
				return &saboteur{Storage: s, change: broken.change, blind: broken.blind, seen: map[string]storage.Row{}}
			}
			const most = 1000
			var smallest *simulation
			for seed, found := uint64(1), 0; seed <= most && found < 3; seed++ {
				s := drawPlan(seed).run(t, sabotage)
				if s.problem == "" {
					continue
				}
				found++
				if s = s.shrink(t, sabotage); smallest == nil || len(s.net.trace) < len(smallest.net.trace) {
					smallest = s
				}
			}
			if smallest == nil {
				t.Fatalf("%d seeds have not found it", most)
			}
			t.Log(smallest.report())
			if calls := len(smallest.net.trace); calls > 25 {
				t.Errorf("the trace is of %d calls, which is not short", calls)
			}
		})
	}
}
