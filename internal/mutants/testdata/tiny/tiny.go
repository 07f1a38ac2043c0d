// Package tiny is what the tests of the command mutate.
package tiny

// The shape of a write on a condition, by which the mutators know one.
type (
	Precondition uint8
	Predicate    struct{ Column, Value int }
	Mutation     struct {
		Condition Precondition
		Where     []Predicate
	}
)

const (
	Always Precondition = iota
	IfExists
	If
)

func write(id, state int) Mutation {
	return Mutation{Condition: If, Where: heldBy(id, state)}
}

func heldBy(id, state int) []Predicate {
	return []Predicate{{1, id}, {2, state}}
}

// bounded is the same with >= for >, which no test can see.
func bounded(n, most int) int {
	if n > most {
		return most
	}
	return n
}

// drain does not end if it stops counting down.
func drain(n int) (sum int) {
	for n > 0 {
		sum += n
		n--
	}
	return sum
}

// unseen has no test.
func unseen(n int) bool { return n == 3 }

// name cannot have the same case twice.
func name(p Precondition) string {
	switch p {
	case IfExists:
		return "if exists"
	case If:
		return "if"
	}
	return ""
}
