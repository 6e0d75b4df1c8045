package app

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// trimProgram lets go of the pages of the program and its libraries, which the system maps by and by and takes back
// only when it has no other memory left. They stay in the system's cache, so that those that are used come back at
// next to no cost; about a quarter of them does not. Only mappings that nothing was ever written to are touched.
// Where the system does not tell, or refuses, nothing changes.
func trimProgram() {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	var from, to uint64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			from, to = 0, 0
			if len(fields) >= 6 && strings.HasPrefix(fields[5], "/") && (fields[1] == "r-xp" || fields[1] == "r--p") {
				from, to = bounds(fields[0])
			}
		case to > from && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0":
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), syscall.MADV_DONTNEED)
		}
	}
}

// bounds reads "from-to" in hexadecimal digits; zeros when it is something else.
func bounds(text string) (from, to uint64) {
	low, high, _ := strings.Cut(text, "-")
	from, err := strconv.ParseUint(low, 16, 64)
	to, err2 := strconv.ParseUint(high, 16, 64)
	if err != nil || err2 != nil {
		return 0, 0
	}
	return from, to
}
