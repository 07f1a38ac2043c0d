// Package house holds no code, only the tests of the rules that hold for the
// repository as a whole: which package must not know which, and why.
package house
