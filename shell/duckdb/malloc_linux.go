//go:build linux && cgo

package duckdb

/*
#include <malloc.h>

static void few_arenas(void) {
#if defined(__GLIBC__)
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
#endif
}

static void give_back(void) {
#if defined(__GLIBC__)
	malloc_trim(0);
#endif
}
*/
import "C"

// fewArenas keeps the C library from making an arena for every thread that calls DuckDB: each
// keeps what it once had, and together they hold as much again as the database's limit. It is
// for the whole process, and has to come before those threads do. Large pieces, the database's blocks
// above all, come from the system and go back to it each for itself: left alone the library raises
// that bound to 32 MiB with the first of them, and holes of blocks remain.
func fewArenas() { C.few_arenas() }

// giveBack returns what is free in the C library's arenas to the system.
func giveBack() { C.give_back() }
