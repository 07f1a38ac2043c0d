package storage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

func TestPropertiesTrimAndDefault(t *testing.T) {
	t.Parallel()
	p := storage.Properties{"a": "  x y ", "empty": "  ", "true": " TRUE", "false": "False", "n": " 12 ", "negative": "-3"}
	if got := p.String("a", "d"); got != "x y" {
		t.Errorf("String = %q", got)
	}
	for _, key := range []string{"empty", "missing"} {
		if got := p.String(key, "d"); got != "d" {
			t.Errorf("String(%s) = %q", key, got)
		}
		if got, err := p.Bool(key, true); !got || err != nil {
			t.Errorf("Bool(%s) = %t, %v", key, got, err)
		}
		if got, err := p.Int(key, 5); got != 5 || err != nil {
			t.Errorf("Int(%s) = %d, %v", key, got, err)
		}
		if got, err := p.Millis(key, time.Minute); got != time.Minute || err != nil {
			t.Errorf("Millis(%s) = %s, %v", key, got, err)
		}
		if got := p.List(key); got != nil {
			t.Errorf("List(%s) = %q", key, got)
		}
	}
	if got, err := p.Bool("true", false); !got || err != nil {
		t.Errorf("Bool = %t, %v", got, err)
	}
	if got, err := p.Bool("false", true); got || err != nil {
		t.Errorf("Bool = %t, %v", got, err)
	}
	if got, err := p.Int("negative", 0); got != -3 || err != nil {
		t.Errorf("Int = %d, %v", got, err)
	}
	if got, err := p.Millis("n", 0); got != 12*time.Millisecond || err != nil {
		t.Errorf("Millis = %s, %v", got, err)
	}
	if diff := cmp.Diff([]string{"a", "empty", "false", "n", "negative", "true"}, p.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestPropertyErrorsNameTheKeyAndNotTheValue(t *testing.T) {
	t.Parallel()
	p := storage.Properties{"some.key": "s3cret"}
	_, boolErr := p.Bool("some.key", true)
	_, intErr := p.Int("some.key", 1)
	_, millisErr := p.Millis("some.key", 1)
	for _, err := range []error{boolErr, intErr, millisErr} {
		if err == nil || !strings.Contains(err.Error(), "some.key") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v", err)
		}
	}
}

func TestPropertyLists(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"a":             {"a"},
		"a,b":           {"a", "b"},
		" a , b ,c":     {"a", "b", "c"},
		`a\,b,c`:        {"a,b", "c"},
		`a\\,b`:         {"a,b"},
		`a\b`:           {"ab"},
		"a,,b":          {"a", "", "b"},
		"jdbc:x:y?z=,1": {"jdbc:x:y?z=", "1"},
		`a,b\`:          {"a", "b"},
	} {
		if diff := cmp.Diff(want, storage.Properties{"k": value}.List("k")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
}
