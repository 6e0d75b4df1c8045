package up

import "syscall"

// alone is a process group of its own; should we be killed, it is ended too (when the thread that started
// it ends, to be exact: those that Go makes stay as long as the process).
func alone() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
