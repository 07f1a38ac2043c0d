//go:build !linux

package unprivileged

import "testing"

func asNobody(t *testing.T, _ func()) {
	t.Skip("only Linux lets root give up the rights of a single thread")
}
