package lab

import (
	"testing"
	"time"

	"github.com/scalargen/scalargen/runtime/internal/commit"
)

func increment(k Key, by int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, found := tx.Get(k)
			tx.Put(k, v+by)
			return found
		})
	}
}

func TestTwoIncrements(t *testing.T) {
	for _, level := range []commit.Isolation{commit.Snapshot, commit.Serializable} {
		s := &Scenario{
			Name: "lost update", Isolation: level, Records: []Record{{Key: Key{1, 1}, V: 1}},
			Clients: []Actor{{Name: "A", Run: increment(Key{1, 1}, 10)}, {Name: "B", Run: increment(Key{1, 1}, 100)}},
			Faults:  Faults{Crashes: 1},
			Reach:   map[string]func(*Outcome) bool{"both": func(o *Outcome) bool { return o.Committed() == 2 }},
		}
		begun := time.Now()
		r := Explore(t, s, Options{Most: 20000})
		t.Logf("%v: %+v in %v", level, r, time.Since(begun))
		if r.Failure != "" {
			t.Error(r.Failure)
		}
	}
}
