package commit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage/faulty"
)

// phaseLog is an observer that notes what ends, and how.
type phaseLog struct {
	mu     sync.Mutex
	open   int
	phases []string
}

func (l *phaseLog) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open++
	return ctx, func(err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
		name := e.Phase.String()
		if err != nil {
			name += " failed"
		}
		l.phases = append(l.phases, name)
	}
}

// Every part of a transaction's work that begins ends, with its outcome.
func TestObserversSeeEveryPhaseEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		configure func(*Options)
		failing   string // the phase of a request that is a conflict
		want      string
	}{
		{name: "two phases", configure: func(*Options) {}, want: "prepare, validate, decide, complete, transaction"},
		{name: "a failed prepare", configure: func(*Options) {}, failing: "prepare", want: "prepare failed, roll_back, transaction failed"},
		{name: "a failed validation", configure: func(*Options) {}, failing: "scan", want: "prepare, validate failed, roll_back, transaction failed"},
		{name: "nothing to validate", configure: func(*Options) {}, want: "prepare, decide, complete, transaction"},
		{name: "a read before a write", configure: func(o *Options) { o.PreReads = true }, want: "pre_read, prepare, validate, decide, complete, transaction"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.item(1, 1, "t0", "v", 1)
			w.item(2, 1, "t0", "v", 1)
			log, armed := &phaseLog{}, false
			e := w.engine(func(ctx context.Context, c faulty.Call, send func(context.Context) error) error {
				if armed && phase(c) == tt.failing {
					return failVictim()
				}
				return send(ctx)
			}, tt.configure, func(o *Options) { o.Observer = log })
			tx := begin(t, e, Serializable)
			ctx := tx.Observe(t.Context(), 0)
			ref := item(t, e, 2, 1)
			switch tt.name {
			case "nothing to validate":
			case "a read before a write":
				get(t, tx, item(t, e, 8, 8))
			default:
				read(t, tx, item(t, e, 1, 1), "partition")
			}
			ok(t, tx.Upsert(ctx, ref, set(ref.Table, "v", 2)))
			armed = true
			err := tx.Commit(ctx)
			if (err != nil) != strings.Contains(tt.want, "failed") || err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrStorage) {
				t.Errorf("commit: %v", err)
			}
			ok(t, e.Close(t.Context()))
			phases := slices.DeleteFunc(log.phases, func(p string) bool { return p == "pre_read" && tt.name != "a read before a write" })
			want(t, "phases", strings.Join(phases, ", "), tt.want)
			if log.open != 0 {
				t.Errorf("%d phases have not ended", log.open)
			}
		})
	}
}
