package commit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/scalargen/scalargen/storage/faulty"
)

var errPanicked = errors.New("the call panicked")

// panics are those of an adapter, before and after the request had its effect.
var panics = []fault{
	{name: "panic before", happen: func(context.Context, faulty.Call, func(context.Context) error) error { panic(errPanicked) }},
	{name: "panic after", happen: func(ctx context.Context, _ faulty.Call, send func(context.Context) error) error {
		_ = send(ctx)
		panic(errPanicked)
	}},
}

// recovered runs a call of a client that outlives a panic of the storage, and then
// knows nothing.
func recovered(call func() error) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case errors.Is(p.(error), errPanicked):
			err = &Error{Kind: ErrUnknownStatus, Message: "panicked"}
		default:
			panic(p)
		}
	}()
	return call()
}

// A panic of the storage in one transaction, whose goroutine survives it, leaves
// that one as a crash would, and nobody else waiting.
func TestPanickingStorageInEveryVariant(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		if v.background() {
			continue // a panic ends the program
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			hits := 0
			for _, f := range panics {
				for nth := 1; ; nth++ {
					s := &saboteur{fault: &f, nth: nth}
					claims, first, second := v.run(t, s)
					if s.hit == "" {
						break
					}
					hits++
					if problem := v.judge(claims, first, second); problem != "" {
						t.Fatalf("%s at call %d, %s\n%v\n%s", f.name, nth, s.hit, claims, problem)
					}
					others := 0
					for _, c := range claims {
						if c.told == "unknown" {
							others++
						}
					}
					if others > v.count()/2+1 {
						t.Errorf("%s at call %d, %s: %d of %d know nothing", f.name, nth, s.hit, others, v.count())
					}
				}
			}
			t.Log(fmt.Sprint(hits, " panics"))
		})
	}
}

// background reports whether the variant calls the storage in goroutines of its
// own.
func (v *variant) background() bool {
	var o Options
	for _, set := range v.configure {
		set(&o)
	}
	return o.AsyncCommit || len(v.storage) > 0
}
