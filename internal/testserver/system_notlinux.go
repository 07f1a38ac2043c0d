//go:build unix && !linux && !aix && !solaris

package testserver

import "syscall"

func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func adoptOrphans() error { return nil }

func killChildren() {}
