//go:build linux

package soak

import (
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// sabotage is a promise of the storage that a tap breaks now and then, to see
// whether a soak finds it out.
type sabotage string

const (
	// forgetCondition writes records whatever version they have.
	forgetCondition sabotage = "forget condition"
	// forgetWrite acknowledges records that it does not write.
	forgetWrite sabotage = "forget write"
	// forgetDecision acknowledges coordinator rows that it does not write.
	forgetDecision sabotage = "forget decision"
	// tearGroup writes all records of a group but the last.
	tearGroup sabotage = "tear group"
)

// sabotages lists all.
func sabotages() []sabotage {
	return []sabotage{forgetCondition, forgetWrite, forgetDecision, tearGroup}
}

// alter returns what is written instead of a group, or that nothing is.
func (b sabotage) alter(s *tap, call Call, group []storage.Mutation) (_ []storage.Mutation, skipped bool) {
	const often = 0.05
	first := call == Prepare || call == OnePhase
	switch {
	case b == "" || !s.chance(often):
	case b == forgetCondition && first:
		group = slices.Clone(group)
		for i := range group {
			if m := &group[i]; m.Condition == storage.If && m.Op == storage.Put && len(m.Copies) == 0 {
				m.Condition, m.Where = storage.IfExists, nil
			}
		}
	case b == forgetWrite && first, b == forgetDecision && call == Decide:
		return nil, true
	case b == tearGroup && first && len(group) > 1:
		return group[:len(group)-1], false
	}
	return group, false
}
