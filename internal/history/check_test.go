package history

import (
	"slices"
	"testing"
)

// TestAnomalies shows each anomaly to the checker, and beside it a history that
// differs in what makes it one.
func TestAnomalies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		class   Class
		level   Level // the weakest that forbids it
		real    bool
		broken  string
		allowed Level // the strongest at which the broken history passes, 0 for none
		sound   string
	}{
		{
			name: "garbage in a register", class: GarbageRead, level: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: r x 2",
			sound:  "a ok 0 1: w x 1\n b ok 2 3: r x 1",
		},
		{
			name: "garbage in a list", class: GarbageRead, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 3: r x [7,1]",
			sound:  "a ok 0 1: append x 1\n b ok 2 3: r x [1]",
		},
		{
			name: "aborted register", class: AbortedRead, level: ReadCommitted,
			broken: "a fail 0 1: w x 1\n b ok 2 3: r x 1",
			sound:  "a info 0 1: w x 1\n b ok 2 3: r x 1",
		},
		{
			name: "aborted element", class: AbortedRead, level: ReadCommitted,
			broken: "a fail 0 1: append x 1\n b ok 2 3: append x 2\n c ok 4 5: r x [1,2]",
			sound:  "a fail 0 1: append x 1\n b ok 2 3: append x 2\n c ok 4 5: r x [2]",
		},
		{
			name: "intermediate register", class: IntermediateRead, level: ReadCommitted,
			broken: "a ok 0 9: w x 1; w x 2\n b ok 2 3: r x 1",
			sound:  "a ok 0 9: w x 1; w x 2\n b ok 2 3: r x 2",
		},
		{
			name: "intermediate list", class: IntermediateRead, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2\n b ok 2 3: r x [1]",
			sound:  "a ok 0 9: append x 1; append x 2\n b ok 2 3: r x [1,2]",
		},
		{
			name: "intermediate row", class: IntermediateRead, level: ReadCommitted,
			broken: "a ok 0 9: append t/x 1; append t/x 2\n b ok 2 3: scan t/ -> t/x=[1]",
			sound:  "a ok 0 9: append t/x 1; append t/x 2\n b ok 2 3: scan t/ -> t/x=[1,2]",
		},
		{
			name: "own register", class: Internal, level: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: r x 1; w x 2; r x 1",
			sound:  "a ok 0 1: w x 1\n b ok 2 3: r x 1; w x 2; r x 2",
		},
		{
			name: "own append", class: Internal, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 3: append x 2; r x [1]",
			sound:  "a ok 0 1: append x 1\n b ok 2 3: append x 2; r x [1,2]",
		},
		{
			name: "own delete", class: Internal, level: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: d x; r x 1",
			sound:  "a ok 0 1: w x 1\n b ok 2 3: d x; r x nil",
		},
		{
			name: "own row not scanned", class: Internal, level: ReadCommitted,
			broken: "b ok 2 3: w t/x 2; scan t/ ->",
			sound:  "b ok 2 3: w t/x 2; scan t/ -> t/x=2",
		},
		{
			name: "own row excluded", class: Internal, level: ReadCommitted,
			broken: "b ok 2 3: w t/x 2; scan t/ mod=2,0 ->",
			sound:  "b ok 2 3: w t/x 2; scan t/ mod=2,1 ->",
		},
		{
			name: "own future", class: Internal, level: ReadCommitted,
			broken: "b ok 2 3: r x 2; w x 2",
			sound:  "b ok 2 3: r x nil; w x 2",
		},
		{
			name: "two versions of a register", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: r x 1; w x 2\n c ok 2 4: r x 1; r x 2",
			sound:  "a ok 0 1: w x 1\n b ok 2 3: r x 1; w x 2\n c ok 2 4: r x 1; r x 1",
		},
		{
			name: "two equal scans", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "a ok 0 3: append t/x 1\n b ok 0 3: scan t/ -> ; scan t/ -> t/x=[1]",
			sound:  "a ok 0 3: append t/x 1\n b ok 0 3: scan t/ -> ; scan t/ ->",
		},
		{
			name: "two equal scans in any order", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "a ok 0 3: w t/x 1; w t/y 2\n b ok 0 3: scan t/ any -> t/x=1 ; scan t/ any -> t/y=2 t/x=1",
			sound:  "a ok 0 3: w t/x 1; w t/y 2\n b ok 0 3: scan t/ any -> t/x=1 t/y=2 ; scan t/ any -> t/y=2 t/x=1",
		},
		{
			name: "two equal scans in equal words", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "a ok 0 3: w t/x 1\n b ok 0 3: scan t/ any -> ; scan t/ any -> t/x=1",
			sound:  "a ok 0 3: w t/x 1\n b ok 0 3: scan t any -> ; scan t/ any -> t/x=1",
		},
		{
			name: "two equal scans with a limit", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "a ok 0 1: w t/y 1\n b ok 2 9: w t/x 2\n c ok 2 9: scan t/ limit=1 -> t/y=1 ; scan t/ limit=1 -> t/x=2",
			sound:  "a ok 0 1: w t/y 1\n b ok 2 9: w t/x 2\n c ok 2 9: w t/z 3; scan t/ limit=1 -> t/y=1 ; scan t/ limit=1 -> t/x=2",
		},
		{
			name: "two equal scans that own writes do not fill", class: UnrepeatableRead, level: Snapshot, allowed: ReadCommitted,
			broken: "b ok 2 9: w t/x 2\n c ok 2 9: w t/z 3; scan t/ limit=2 -> t/z=3 ; scan t/ limit=2 -> t/x=2 t/z=3",
			sound:  "b ok 2 9: w t/x 2\n c ok 2 9: w t/z 3; scan t/ limit=2 -> t/z=3 ; scan t/ limit=2 -> t/z=3",
		},
		{
			name: "two equal scans that own writes fill", class: UnrepeatableRead, level: Serializable, allowed: Snapshot,
			broken: "b ok 2 9: w t/x 2\n c ok 2 9: w t/z 3; scan t/ limit=1 -> t/z=3 ; scan t/ limit=1 -> t/x=2",
			sound:  "b ok 2 9: w t/x 2\n c ok 2 9: w t/z 3; scan t/ limit=1 -> t/z=3 ; scan t/ limit=1 -> t/z=3",
		},
		{
			name: "point read, then scan", class: UnrepeatableRead, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w t/x 1\n b ok 2 3: r t/x 1; w t/x 2\n c ok 2 4: r t/x 1; scan t/ -> t/x=2",
			sound:  "a ok 0 1: w t/x 1\n b ok 2 3: r t/x 1; w t/x 2\n c ok 2 4: r t/x 1; scan t/ -> t/x=1",
		},
		{
			name: "read and not scanned", class: UnrepeatableRead, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w t/x 1\n b ok 2 3: r t/x 1; scan t/ ->",
			sound:  "a ok 0 1: w t/x 1\n b ok 2 3: r t/x 1; scan t/ mod=2,0 ->",
		},
		{
			name: "row outside the range", class: WrongScan, level: ReadCommitted,
			broken: "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ to=w -> t/x=1",
			sound:  "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ to=x -> t/x=1",
		},
		{
			name: "row against the condition", class: WrongScan, level: ReadCommitted,
			broken: "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ mod=2,0 -> t/x=1",
			sound:  "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ mod=2,-1 -> t/x=1",
		},
		{
			name: "rows in wrong order", class: WrongScan, level: ReadCommitted,
			broken: "a ok 0 1: w t/x 1; w t/y 2\n b ok 2 3: scan t/ -> t/y=2 t/x=1",
			sound:  "a ok 0 1: w t/x 1; w t/y 2\n b ok 2 3: scan t/ desc -> t/y=2 t/x=1",
		},
		{
			name: "too many rows", class: WrongScan, level: ReadCommitted,
			broken: "a ok 0 1: w t/x 1; w t/y 2\n b ok 2 3: scan t/ limit=1 -> t/x=1 t/y=2",
			sound:  "a ok 0 1: w t/x 1; w t/y 2\n b ok 2 3: scan t/ limit=2 -> t/x=1 t/y=2",
		},
		{
			name: "row twice", class: WrongScan, level: ReadCommitted,
			broken: "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ -> t/x=1 t/x=1",
			sound:  "a ok 0 1: w t/x 1\n b ok 2 3: scan t/ -> t/x=1",
		},
		{
			name: "element twice", class: Duplicate, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 0 1: append x 2\n c ok 2 3: r x [1,2,1]",
			sound:  "a ok 0 1: append x 1\n b ok 0 1: append x 2\n c ok 2 3: r x [2,1]",
		},
		{
			name: "incompatible lists", class: IncompatibleOrder, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 0 1: append x 2\n c ok 2 3: r x [1,2]\n d ok 2 3: r x [2]",
			sound:  "a ok 0 1: append x 1\n b ok 0 1: append x 2\n c ok 2 3: r x [1,2]\n d ok 2 3: r x [1]",
		},
		{
			name: "first of two own elements is lost", class: IncompatibleOrder, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2\n c ok 10 11: r x [2]",
			sound:  "a ok 0 9: append x 1; append x 2\n c ok 10 11: r x [1,2]",
		},
		{
			name: "one of three own elements is lost", class: IncompatibleOrder, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2; append x 3\n c ok 10 11: r x [1,3]",
			sound:  "a ok 0 9: append x 1; append x 2; append x 3\n c ok 10 11: r x [1,2,3]",
		},
		{
			name: "element after a delete", class: IncompatibleOrder, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 3: d x; append x 2\n c ok 4 5: r x [1,2]",
			sound:  "a ok 0 1: append x 1\n b ok 2 3: d x; append x 2\n c ok 4 5: r x [2]",
		},
		{
			name: "lost update of a register", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 9: r x 1; w x 2\n c ok 2 9: r x 1; w x 3",
			sound:  "a ok 0 1: w x 1\n b ok 2 9: r x 1; w x 2\n c ok 2 9: r x 2; w x 3",
		},
		{
			name: "lost insert", class: LostUpdate, level: ReadCommitted,
			broken: "b ok 2 9: r x nil; w x 2\n c ok 2 9: r x nil; w x 3",
			sound:  "b ok 2 9: r x nil; w x 2\n c ok 2 9: w x 3",
		},
		{
			name: "lost insert after a delete", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 9: r x nil; w x 1\n b ok 0 9: r x 1; d x\n c ok 0 9: r x nil; w x 2\n d ok 0 9: r x nil; w x 3",
			sound:  "a ok 0 9: r x nil; w x 1\n b ok 0 9: r x 1; d x\n c ok 0 9: r x nil; w x 2\n d ok 0 9: w x 3",
		},
		{
			name: "three lives and one delete", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 9: append x 1\n b ok 0 9: append x 2\n c ok 0 9: append x 3\n d ok 0 9: d x\n e ok 0 9: r x [1]\n f ok 0 9: r x [2]\n g ok 0 9: r x [3]",
			sound:  "a ok 0 9: append x 1\n b ok 0 9: append x 2\n c ok 0 9: append x 3\n d ok 0 9: d x\n e ok 0 9: r x [1]\n f ok 0 9: r x [2]\n g ok 0 9: r x [2,3]",
		},
		{
			name: "lost append", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 9: r x [1]; append x 2\n c ok 2 9: r x [1]; append x 3\n d ok 10 11: r x [1,2]",
			sound:  "a ok 0 1: append x 1\n b ok 2 9: r x [1]; append x 2\n c ok 2 9: r x [1,2]; append x 3\n d ok 10 11: r x [1,2,3]",
		},
		{
			name: "append elsewhere than read", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n c ok 2 9: append x 3\n b ok 2 9: r x [1]; append x 2\n d ok 10 11: r x [1,3,2]",
			sound:  "a ok 0 1: append x 1\n c ok 2 9: append x 3\n b ok 2 9: r x [1,3]; append x 2\n d ok 10 11: r x [1,3,2]",
		},
		{
			name: "append to another life", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 3: r x [1]; append x 2\n c info 2 9: d x\n d ok 10 11: r x [2]",
			sound:  "a ok 0 1: append x 1\n b ok 2 3: append x 2\n c info 2 9: d x\n d ok 10 11: r x [2]",
		},
		{
			name: "lost delete", class: LostUpdate, level: ReadCommitted,
			broken: "a ok 0 1: append x 1\n b ok 2 9: r x [1]; d x\n c ok 2 9: append x 3\n d ok 10 11: r x [1,3]",
			sound:  "a ok 0 1: append x 1\n b ok 2 9: r x [1,3]; d x\n c ok 2 9: append x 3\n d ok 10 11: r x nil",
		},
		{
			name: "write cycle", class: WriteCycle, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append y 1\n b ok 0 9: append x 2; append y 2\n c ok 10 11: r x [1,2]\n d ok 10 11: r y [2,1]",
			sound:  "a ok 0 9: append x 1; append y 1\n b ok 0 9: append x 2; append y 2\n c ok 10 11: r x [1,2]\n d ok 10 11: r y [1,2]",
		},
		{
			name: "append between appends", class: WriteCycle, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n c ok 10 11: r x [1,3]",
			sound:  "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n c ok 10 11: r x [3]",
		},
		{
			name: "append between appends of a record that dies", class: WriteCycle, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n e ok 0 9: d x\n c ok 10 11: r x [1,3]",
			sound:  "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n e ok 0 9: d x\n c ok 10 11: r x [3]",
		},
		{
			name: "append apart from the one before", class: WriteCycle, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n e ok 0 9: d x\n c ok 10 11: r x [3,2]",
			sound:  "a ok 0 9: append x 1; append x 2\n b ok 0 9: append x 3\n e ok 0 9: d x\n c ok 10 11: r x [3,1,2]",
		},
		{
			name: "circular flow", class: CircularFlow, level: ReadCommitted,
			broken: "a ok 0 9: append x 1; r y [1]\n b ok 0 9: append y 1; r x [1]",
			sound:  "a ok 0 9: append x 1; r y [1]\n b ok 0 9: append y 1; r x nil",
		},
		{
			name: "two updates that read each other", class: CircularFlow, level: ReadCommitted,
			broken: "a ok 0 9: r x 2; w x 1\n b ok 0 9: r x 1; w x 2",
			sound:  "a ok 0 9: r x nil; w x 1\n b ok 0 9: r x 1; w x 2",
		},
		{
			name: "read skew", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: append x 1; append y 1\n b ok 2 9: append x 2; append y 2\n c ok 2 9: r x [1]; r y [1,2]\n d ok 10 11: r x [1,2]",
			sound:  "a ok 0 1: append x 1; append y 1\n b ok 2 9: append x 2; append y 2\n c ok 2 9: r x [1,2]; r y [1,2]\n d ok 10 11: r x [1,2]",
		},
		{
			name: "read skew of registers", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; w x 3; w y 4\n c ok 2 9: r x 1; r y 4",
			sound:  "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; w x 3; w y 4\n c ok 2 9: r x 3; r y 4",
		},
		{
			name: "read skew by phantom", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "b ok 2 9: append t/x 2; append t/y 2\n c ok 2 9: scan t/ -> t/y=[2]",
			sound:  "b ok 2 9: append t/x 2; append t/y 2\n c ok 2 9: scan t/ limit=1 -> t/x=[2]",
		},
		{
			name: "write skew", class: WriteSkew, level: Serializable, allowed: Snapshot,
			broken: "b ok 2 9: r x nil; append y 1\n c ok 2 9: r y nil; append x 1",
			sound:  "b ok 2 9: r x nil; append y 1\n c ok 2 9: r y [1]; append x 1",
		},
		{
			name: "write skew of registers", class: WriteSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; w x 3\n c ok 2 9: r x 1; r y 2; w y 4",
			sound:  "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; w x 3\n c ok 2 9: r x 3; r y 2; w y 4",
		},
		{
			name: "write skew by phantoms", class: PhantomSkew, level: Serializable, allowed: Snapshot,
			broken: "b ok 2 9: scan t/p/ -> ; append t/p/x 1\n c ok 2 9: scan t/p/ -> ; append t/p/y 2",
			sound:  "b ok 2 9: scan t/p/ -> ; append t/p/x 1\n c ok 2 9: scan t/p/ -> t/p/x=[1]; append t/p/y 2",
		},
		{
			name: "write skew by condition", class: PhantomSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w t/x 1; w t/y 3\n b ok 2 9: r t/x 1; scan t/ mod=2,0 -> ; w t/x 2\n c ok 2 9: r t/y 3; scan t/ mod=2,0 -> ; w t/y 4\n d ok 10 11: scan t/ -> t/x=2 t/y=4",
			sound:  "a ok 0 1: w t/x 1; w t/y 3\n b ok 2 9: r t/x 1; scan t/ mod=2,0 -> ; w t/x 2\n c ok 2 9: r t/y 3; scan t/ mod=2,0 -> t/x=2; w t/y 4\n d ok 10 11: scan t/ -> t/x=2 t/y=4",
		},
		{
			name: "own write hidden from a condition", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w t/x 2; w u/y 4\n b ok 2 9: r u/y 4; scan t/ mod=2,0 -> ; w t/x 3",
			sound:  "a ok 0 1: w t/x 2; w u/y 4\n b ok 2 9: r u/y 4; w t/x 1; scan t/ mod=2,0 -> ; w t/x 3",
		},
		{
			name: "own append hidden from a condition", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: append t/x 2\n b ok 2 9: scan t/ mod=2,0 -> ; append t/x 3\n c ok 10 11: r t/x [2,3]",
			sound:  "a ok 0 1: append t/x 2\n b ok 2 9: append t/x 3; scan t/ mod=2,0 ->\n c ok 10 11: r t/x [2,3]",
		},
		{
			name: "own delete hidden from a scan", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w t/x 2; w u/y 4\n b ok 2 9: r u/y 4; scan t/ -> ; d t/x",
			sound:  "a ok 0 1: w t/x 2; w u/y 4\n b ok 2 9: r u/y 4; d t/x; scan t/ -> ; w t/x 3",
		},
		{
			name: "limit hides a phantom", class: PhantomSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: append t/m 1\n b ok 2 9: scan t/ limit=1 -> t/m=[1]; append u/x 1\n c ok 2 9: r u/x nil; append t/a 2",
			sound:  "a ok 0 1: append t/m 1\n b ok 2 9: scan t/ limit=1 -> t/m=[1]; append u/x 1\n c ok 2 9: r u/x nil; append t/z 2",
		},
		{
			name: "limit from the end", class: PhantomSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: append t/m 1\n b ok 2 9: scan t/ desc limit=1 -> t/m=[1]; append u/x 1\n c ok 2 9: r u/x nil; append t/z 2",
			sound:  "a ok 0 1: append t/m 1\n b ok 2 9: scan t/ desc limit=1 -> t/m=[1]; append u/x 1\n c ok 2 9: r u/x nil; append t/a 2",
		},
		{
			name: "delete skew", class: WriteSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; d x\n c ok 2 9: r x 1; r y 2; d y",
			sound:  "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; d x\n c ok 2 9: r x nil; r y 2; d y",
		},
		{
			name: "absent before and after", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; d x; w y 3\n c ok 2 9: r x nil; r y 2",
			sound:  "a ok 0 1: w x 1; w y 2\n b ok 2 9: r x 1; r y 2; d x; w y 3\n c ok 2 9: r x nil; r y 3",
		},
		{
			name: "own delete does not explain absence", class: ReadSkew, level: Serializable,
			broken: "z ok 0 1: r x nil; d x\n a ok 2 3: r x nil; w x 1; w y 2\n c ok 2 9: r y 2; r x nil; d x",
			sound:  "z ok 0 1: r x nil; d x\n a ok 2 3: r x nil; w x 1; w y 2\n c ok 2 9: r y 2; r x 1; d x",
		},
		{
			name: "blind writes in no order", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 9: w x 1; w y 1\n b ok 0 9: w x 2; w y 2\n c ok 10 11: r x 1; r y 2",
			sound:  "a ok 0 9: w x 1; w y 1\n b ok 0 9: w x 2; w y 2\n c ok 10 11: r x 1; r y 1",
		},
		{
			name: "unknown delete seen by one", class: ReadSkew, level: Serializable, allowed: Snapshot,
			broken: "a ok 0 1: w x 1; w y 2\n b info 2 9: d x; w y 3\n c ok 10 11: r x nil; r y 2\n d ok 12 13: r x 1; r y 2; w x 5\n e ok 14 15: r x 5; r y 3",
			sound:  "a ok 0 1: w x 1; w y 2\n b info 2 9: d x\n c ok 10 11: r x nil; r y 2\n d ok 12 13: r x 1; r y 2",
		},
		{
			name: "unknown delete seen before and after an insert", class: ReadSkew, level: StrictSerializable, allowed: Serializable,
			broken: "a ok 0 1: w x 1\n b info 2 3: d x\n c ok 4 5: r x nil\n d ok 6 7: r x nil; w x 2\n e ok 8 9: r x nil",
			sound:  "a ok 0 1: w x 1\n b info 2 3: d x\n c ok 4 5: r x nil\n d ok 6 7: r x nil; w x 2\n e ok 8 9: r x 2",
		},
		{
			name: "stale read", class: StaleRead, level: Snapshot, real: true, allowed: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: r x 1; w x 2\n c ok 4 5: r x 1",
			sound:  "a ok 0 1: w x 1\n b ok 2 4: r x 1; w x 2\n c ok 3 5: r x 1",
		},
		{
			name: "absent after an acknowledged insert", class: StaleRead, level: Snapshot, real: true, allowed: ReadCommitted,
			broken: "a ok 0 1: w x 1\n c ok 4 5: r x nil",
			sound:  "a ok 0 4: w x 1\n c ok 3 5: r x nil",
		},
		{
			name: "stale read of blind writes", class: StaleRead, level: Snapshot, real: true, allowed: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: w x 2\n c ok 4 5: r x 1",
			sound:  "a ok 0 2: w x 1\n b ok 1 3: w x 2\n c ok 4 5: r x 1",
		},
		{
			name: "absent after an acknowledged insert after a delete", class: StaleRead, level: Snapshot, real: true, allowed: ReadCommitted,
			broken: "a ok 0 1: w x 1\n b ok 2 3: r x 1; d x\n c ok 4 5: r x nil; w x 2\n d ok 6 7: r x nil",
			sound:  "a ok 0 1: w x 1\n b ok 2 3: r x 1; d x\n c ok 4 7: r x nil; w x 2\n d ok 6 8: r x nil",
		},
		{
			name: "read against real time across records", class: ReadSkew + realTimeSuffix, level: StrictSerializable, allowed: Serializable,
			broken: "a ok 0 9: append x 1; append y 1\n b ok 1 2: r y [1]\n c ok 3 4: r x nil\n d ok 10 11: r x [1]",
			sound:  "a ok 0 9: append x 1; append y 1\n b ok 1 3: r y [1]\n c ok 2 4: r x nil\n d ok 10 11: r x [1]",
		},
		{
			name: "read against real time", class: StaleRead, level: StrictSerializable, allowed: Serializable,
			broken: "a ok 0 1: append x 1\n b ok 2 3: r x nil\n c ok 4 5: r x [1]",
			sound:  "a ok 0 2: append x 1\n b ok 1 3: r x nil\n c ok 4 5: r x [1]",
		},
		{
			name: "lost acknowledged append", class: WriteCycle + realTimeSuffix, level: StrictSerializable, allowed: Serializable,
			broken: "a ok 0 1: append x 1\n b ok 2 3: append x 2\n c ok 4 5: r x [2]",
			sound:  "a info 0 1: append x 1\n b ok 2 3: append x 2\n c ok 4 5: r x [2]",
		},
		{
			name: "writes against real time", class: WriteCycle + realTimeSuffix, level: ReadCommitted, real: true,
			broken: "a ok 0 1: append x 1\n b ok 2 3: append x 2\n c ok 4 5: r x [2,1]",
			sound:  "a ok 0 2: append x 1\n b ok 1 3: append x 2\n c ok 4 5: r x [2,1]",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Level: c.level, RealTime: c.real}
			broken, sound := script(t, c.broken), script(t, c.sound)
			if r := Check(broken, o); r.Verdict != Violation || r.Counts[c.class] == 0 {
				t.Errorf("broken history: want %s at %s, got\n%s", c.class, c.level, r)
			}
			if r := Check(sound, o); r.Verdict != OK {
				t.Errorf("sound history: got\n%s", r)
			}
			if c.allowed > 0 {
				if r := Check(broken, Options{Level: c.allowed, RealTime: c.real}); r.Verdict != OK {
					t.Errorf("broken history at %s, which allows it: got\n%s", c.allowed, r)
				}
			}
			if c.level <= StrictSerializable {
				real := c.real || c.level == StrictSerializable
				if v := Search(broken, real, 100_000); v != Violation {
					t.Errorf("broken history: exact search says %s", v)
				}
				if v := Search(sound, real, 100_000); c.level >= Serializable && v != OK {
					t.Errorf("sound history: exact search says %s", v)
				}
			}
		})
	}
}

// TestMistakesAreToldOnce checks that one cause is not reported as several
// anomalies.
func TestMistakesAreToldOnce(t *testing.T) {
	t.Parallel()
	for class, text := range map[Class]string{
		IntermediateRead:  "a ok 0 9: append x 1; append x 2\n b ok 2 3: r x [1]\n c ok 2 3: r y nil",
		GarbageRead:       "a ok 0 9: append x 1\n b ok 2 3: r x [1,5]\n c ok 2 3: r x [1,5]",
		IncompatibleOrder: "a ok 0 1: append x 1\n b ok 0 1: append x 2\n c ok 2 3: r x [1,2]\n d ok 2 3: r x [2]",
	} {
		r := Check(script(t, text), Options{Level: Serializable})
		if len(r.Anomalies) != 1 || r.Anomalies[0].Class != class {
			t.Errorf("want %s alone, got\n%s", class, r)
		}
	}
	update := "a ok 0 9: append x 1; append x 2\n b ok 2 3: r x [1]; append x 3\n c ok 4 5: r x [1,2,3]"
	r := Check(script(t, update), Options{Level: ReadCommitted})
	if len(r.Anomalies) != 1 || r.Anomalies[0].Class != IntermediateRead {
		t.Errorf("update of an intermediate version: got\n%s", r)
	}
}

func TestSmallestCycleIsTold(t *testing.T) {
	t.Parallel()
	r := Check(script(t, `
		a ok 0 9: r kb nil; append ka 1
		b ok 1 9: r kc nil; append kb 2
		c ok 2 9: r ka nil; r kb nil; append kc 3`), Options{Level: Serializable})
	if len(r.Anomalies) != 1 || !slices.Equal(r.Anomalies[0].Transactions, []string{"b", "c"}) {
		t.Errorf("want the cycle of b and c, got\n%s", r)
	}
}

// TestEffortRunsOut checks that a search which is given up is not taken for a
// proof.
func TestEffortRunsOut(t *testing.T) {
	t.Parallel()
	h := script(t, `
		a ok 0 9: w x 1; w y 1
		b ok 0 9: w x 2; w y 2
		c ok 10 11: r x 1; r y 2`)
	verdicts := map[Verdict]bool{}
	for effort := range int64(1000) {
		r := Check(h, Options{Level: Serializable, Effort: 1 + effort})
		verdicts[r.Verdict] = true
		if r.Verdict == OK || (r.Verdict == Violation) != (len(r.Anomalies) > 0) {
			t.Fatalf("effort %d: got\n%s", effort, r)
		}
	}
	if !verdicts[Undecided] || !verdicts[Violation] {
		t.Errorf("verdicts %v", verdicts)
	}
	if v := Search(h, false, 1); v != Undecided {
		t.Errorf("exact search says %s", v)
	}
}
