package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestL01FullID(t *testing.T) {
	t.Parallel()
	c := New(Options{}, func(context.Context, string, bool, []Member[int]) (int64, error) { return 0, nil })
	var ids []string
	for i := range 40 {
		id, err := c.Reserve(fmt.Sprintf("tx-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(fmt.Sprintf(`^[0-9A-Za-z]{24}\$tx-%d$`, i)).MatchString(id) {
			t.Errorf("id %q of tx-%d", id, i)
		}
		if same := i%20 == 0 || id[:24] == ids[i-1][:24]; !same {
			t.Errorf("%q and %q have slots of one group of 20, but not the same parent", id, ids[i-1])
		}
		ids = append(ids, id)
	}
	if ids[0][:24] == ids[20][:24] {
		t.Errorf("two groups are called %s", ids[0][:24])
	}
}

func TestChildThatWouldSpoilTheRowIsRefused(t *testing.T) {
	t.Parallel()
	for child, ok := range map[string]bool{
		"":                               false,
		"a,b":                            false,
		"a\x00b":                         false,
		"a\xff":                          false,
		strings.Repeat("x", 39):          true,
		strings.Repeat("x", 40):          false,
		strings.Repeat("é", 39):          true,
		strings.Repeat("😀", 19) + "x":    true, // two units each
		strings.Repeat("😀", 20):          false,
		"a$b":                            true,
		strings.Repeat("x", 24) + "$abc": true,
	} {
		c := New(Options{}, func(context.Context, string, bool, []Member[int]) (int64, error) { return 0, nil })
		if _, err := c.Reserve(child); ok && err != nil || !ok && !errors.Is(err, ErrChild) {
			t.Errorf("Reserve(%q): %v, want accepted: %t", child, err, ok)
		}
	}
}

func TestChildIDServesOnceInAGroup(t *testing.T) {
	// The owner of a removed slot aborts by a row of the full id. Were the id
	// handed out again in the same group, a row of the group that lists it would
	// commit what was aborted.
	virtual(t, "while it is reserved", Options{}, func(r *rig) {
		if a, again := r.begin("a"), r.begin("a"); a == again {
			r.Errorf("%s was handed out twice", a)
		}
	})
	virtual(t, "after it was removed", Options{}, func(r *rig) {
		a := r.begin("a")
		r.begin("b")
		r.Remove(a)
		if again := r.begin("a"); a == again {
			r.Errorf("%s was handed out twice", a)
		}
	})
	virtual(t, "after it was dropped", Options{AbortAfter: time.Second}, func(r *rig) {
		a := r.begin("a")
		time.Sleep(time.Second - ms)
		r.begin("b")
		time.Sleep(2 * ms)
		if again := r.begin("a"); a == again {
			r.Errorf("%s was handed out twice", a)
		}
	})
}
