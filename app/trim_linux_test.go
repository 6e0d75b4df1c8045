package app

import "testing"

// TestTrimProgram: pages of the program that nobody uses are not resident any more, and all goes on.
func TestTrimProgram(t *testing.T) {
	_, before := resident()
	trimProgram()
	_, after := resident()
	if before == 0 {
		t.Skip("the system does not tell")
	}
	if after >= before {
		t.Errorf("%d bytes of files are resident, %d were before", after, before)
	}
	if from, to := bounds("00400000-00a9f000"); from != 0x400000 || to != 0xa9f000 {
		t.Errorf("%x to %x", from, to)
	}
	if from, to := bounds("x-"); from != 0 || to != 0 {
		t.Errorf("%x to %x", from, to)
	}
}
