package storage

import "context"

// Batcher is what a storage implements that can run many independent groups of
// mutations in one round trip. Info.Batch says for which namespaces it does.
type Batcher interface {
	// MutateBatch is Mutate of each group by itself: a group is applied or not
	// whatever becomes of the others, and gets its own error, nil if it was
	// applied. The result has one element per group. An empty group does
	// nothing and succeeds.
	//
	// All groups lie in namespaces whose Infos say Batch and have the same Name.
	// What Info says of a group holds for each of them; there is no limit to
	// their number. No two of them name the same record: the whole batch is
	// [ErrInvalid] then.
	//
	// The groups are no snapshot and no unit: others may see some applied and
	// others not yet, and a crash may leave it so. A lost reply is [ErrUnknown]
	// for every group that it may concern.
	MutateBatch(ctx context.Context, groups [][]Mutation) []error
}

// CheckBatch reports for each group, as an [ErrInvalid], why a storage that
// promises info can never apply it; nil where it may. A storage applies the
// groups that pass.
func CheckBatch(info Info, groups [][]Mutation) []error {
	errs := make([]error, len(groups))
	if !info.Batch {
		for i, group := range groups {
			errs[i] = Invalidf("mutate", tableOf(group), "the storage applies no batches in this namespace (Info.Batch is false): apply each group by itself")
		}
		return errs
	}
	valid := make([][]Mutation, 0, len(groups))
	for i, group := range groups {
		if errs[i] = CheckGroup(info, group); errs[i] == nil {
			valid = append(valid, group)
		}
	}
	// A valid group names no record twice, so this is one of two groups.
	if twice := repeatedRecord(valid...); twice != nil {
		for i, err := range errs {
			if err == nil {
				errs[i] = Invalidf("mutate", twice.Table.TableName, "two groups of one batch name record %s", twice.Table.FormatKey(twice.Key))
			}
		}
	}
	return errs
}

// tableOf returns the table of the first mutation, no name if there is none.
func tableOf(group []Mutation) TableName {
	if len(group) == 0 || group[0].Table == nil {
		return TableName{}
	}
	return group[0].Table.TableName
}
