//go:build !linux && !windows

package up

import "syscall"

// alone is a process group of its own.
func alone() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
