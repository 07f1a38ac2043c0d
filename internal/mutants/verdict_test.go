package main

import "testing"

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, output string
		cutOff       bool
		how, test    string
	}{
		{"one test", "--- FAIL: TestA (0.00s)\n", false, "failed", "TestA"},
		{"a subtest", "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n        --- FAIL: TestA/b/c (0.00s)\n", false, "failed", "TestA/b/c"},
		{"no deeper than three levels", "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b/c/d/e (0.00s)\n", false, "failed", "TestA/b/c"},
		{"of two tests the first", "--- FAIL: TestA (0.00s)\n--- FAIL: TestB (0.00s)\n    --- FAIL: TestB/c (0.00s)\n", false, "failed", "TestA"},
		{"a panic in a test", "panic: boom\n\ngoroutine 7 [running]:\nexample.com/p.TestA.func1(0x1)\n", false, "crashed", "TestA"},
		{"a panic elsewhere", "fatal error: all goroutines are asleep - deadlock!\n", false, "crashed", ""},
		{"a hang", "panic: test timed out after 1s\n\trunning tests:\n\t\tTestA/b (1s)\n", false, "timeout", "TestA/b"},
		{"a hang that does not answer", "", true, "timeout", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			how, test := verdict([]byte(c.output), c.cutOff)
			if how != c.how || test != c.test {
				t.Errorf("verdict %q %q, want %q %q", how, test, c.how, c.test)
			}
		})
	}
}
