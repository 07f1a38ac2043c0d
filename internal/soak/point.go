//go:build linux

package soak

import (
	"context"
	"fmt"

	"github.com/scalargen/scalargen/runtime/observe"
	"github.com/scalargen/scalargen/storage"
)

// Point is a moment of the protocol at which a client is killed.
type Point struct {
	At    Call
	After bool // the request was applied; else it was not sent
}

// String returns such as "before decide".
func (p Point) String() string {
	if p.After {
		return "after " + string(p.At)
	}
	return "before " + string(p.At)
}

// Call is a kind of call of the storage, named for what the engine does with it.
type Call string

// The calls. One that completes or takes back records occurs once for each
// request, so several times in some transactions.
const (
	Prepare       Call = "prepare"
	Validate      Call = "validate"
	Decide        Call = "decide"
	DecideMany    Call = "decide many" // coordinator rows of several transactions, or one row of a group
	Complete      Call = "complete"
	LookBack      Call = "look back" // before records are taken back
	TakeBack      Call = "take back"
	OnePhase      Call = "one phase"
	AbortOther    Call = "abort other" // somebody else's transaction, which has expired
	CompleteOther Call = "complete other"
)

// Points lists all points: before and after each call.
func Points() []Point {
	var points []Point
	for _, call := range []Call{Prepare, Validate, Decide, DecideMany, Complete, LookBack, TakeBack, OnePhase, AbortOther, CompleteOther} {
		points = append(points, Point{call, false}, Point{call, true})
	}
	return points
}

type phaseKey struct{}

// phases is the observer that lets a storage know what it is called for.
type phases struct{}

func (phases) Begin(ctx context.Context, e observe.Event) (context.Context, func(error)) {
	return context.WithValue(ctx, phaseKey{}, e.Phase), func(error) {}
}

// callOf names a call by the phase in which it is made; "" if it has no name.
func callOf(ctx context.Context, writes bool, table storage.TableName, coordinator string) Call {
	phase, known := ctx.Value(phaseKey{}).(observe.Phase)
	decision := table.Namespace == coordinator
	switch {
	case !known:
		return ""
	case phase == observe.Prepare && writes:
		return Prepare
	case phase == observe.Validate && !writes:
		return Validate
	case phase == observe.Decide && writes:
		return Decide
	case phase == observe.Group && writes:
		return DecideMany
	case phase == observe.Complete && writes:
		return Complete
	case phase == observe.RollBack && !writes:
		return LookBack
	case phase == observe.RollBack && writes:
		return TakeBack
	case phase == observe.OnePhase && writes:
		return OnePhase
	case phase == observe.Recover && writes && decision:
		return AbortOther
	case phase == observe.Recover && writes:
		return CompleteOther
	}
	return ""
}

// MarshalText and UnmarshalText let points be keys of JSON objects.
func (p Point) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Point) UnmarshalText(text []byte) error {
	for _, known := range Points() {
		if known.String() == string(text) {
			*p = known
			return nil
		}
	}
	return fmt.Errorf("there is no point %q", text)
}
