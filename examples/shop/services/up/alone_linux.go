package up

import "syscall"

// alone is a process group of its own; should we be killed, it is ended too.
func alone() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
