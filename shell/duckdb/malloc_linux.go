//go:build linux && cgo

package duckdb

/*
#include <malloc.h>

static void few_arenas(void) {
#if defined(__GLIBC__)
	mallopt(M_ARENA_MAX, 2);
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
// for the whole process, and has to come before those threads do.
func fewArenas() { C.few_arenas() }

// giveBack returns what is free in the C library's arenas to the system.
func giveBack() { C.give_back() }
