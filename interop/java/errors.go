package java

import (
	"errors"
	"slices"
	"strings"
)

// What an [Error] matches by errors.Is.
var (
	// ErrDead: the session or the process has died. What became of the request is
	// not known.
	ErrDead = errors.New("the java session has died")
	// ErrConflict: an exception of ScalarDB that says "conflict", of which
	// UncommittedRecordException is one.
	ErrConflict = errors.New("conflict")
	// ErrUnknownStatus: UnknownTransactionStatusException.
	ErrUnknownStatus = errors.New("unknown transaction status")
	// ErrCondition: UnsatisfiedConditionException, or NoMutationException of the
	// storage.
	ErrCondition = errors.New("condition not satisfied")
)

var classes = map[error][]string{
	ErrDead:          {"Dead"},
	ErrConflict:      {"CrudConflictException", "CommitConflictException"},
	ErrUnknownStatus: {"UnknownTransactionStatusException"},
	ErrCondition:     {"UnsatisfiedConditionException", "NoMutationException"},
}

// Error is an exception that an operation has thrown.
type Error struct {
	Op      string   `json:"-"`
	Classes []string `json:"classes"` // the exception's class and its superclasses, by their simple names
	Message string   `json:"message"` // of the exception and its causes
}

// Error names the operation, the exception's class and its message.
func (e *Error) Error() string {
	return "java: " + e.Op + ": " + strings.Join(e.Classes[:min(1, len(e.Classes))], "") + ": " + e.Message
}

// Is reports whether the exception is one of those that target stands for.
func (e *Error) Is(target error) bool {
	return slices.ContainsFunc(classes[target], func(class string) bool { return slices.Contains(e.Classes, class) })
}
