package mem_test

import (
	"testing"

	"github.com/felt-cx/felt/shell/logtest"
	"github.com/felt-cx/felt/shell/mem"
)

func TestLog(t *testing.T) {
	logtest.Run(t, func(_ *testing.T, _ string, lim logtest.Limits) logtest.Log {
		return mem.NewLog(mem.LogOptions{MaxBytes: lim.MaxBytes, KeepBytes: lim.KeepBytes, MaxAge: lim.MaxAge})
	})
}
