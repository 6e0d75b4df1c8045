//go:build linux && cgo

package duckdb

/*
#include <malloc.h>
#include <stdio.h>
#include <sys/types.h>

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

// DuckDB brings an allocator of its own, jemalloc, where it is linked in.
extern int duckdb_je_mallctl(const char *name, void *old, size_t *oldlen, void *new, size_t newlen) __attribute__((weak));

static void keep_freed(ssize_t ms) {
	char name[64];
	unsigned arenas = 0;
	size_t len = sizeof arenas;
	static const char *const kinds[] = {"dirty", "muzzy"};
	if (!duckdb_je_mallctl || duckdb_je_mallctl("arenas.narenas", &arenas, &len, NULL, 0) != 0) return;
	for (int k = 0; k < 2; k++) {
		snprintf(name, sizeof name, "arenas.%s_decay_ms", kinds[k]); // of those to come
		duckdb_je_mallctl(name, NULL, NULL, &ms, sizeof ms);
		for (unsigned i = 0; i < arenas; i++) { // fails for those that are not there yet
			snprintf(name, sizeof name, "arena.%u.%s_decay_ms", i, kinds[k]);
			duckdb_je_mallctl(name, NULL, NULL, &ms, sizeof ms);
		}
	}
}
*/
import "C"

import "time"

// fewArenas keeps the C library from making an arena for every thread that calls DuckDB: each
// keeps what it once had, and together they hold as much again as the database's limit. It is
// for the whole process, and has to come before those threads do. Large pieces, the database's blocks
// above all, come from the system and go back to it each for itself: left alone the library raises
// that bound to 32 MiB with the first of them, and holes of blocks remain.
func fewArenas() { C.few_arenas() }

// giveBack returns what is free in the C library's arenas to the system.
func giveBack() { C.give_back() }

// keepFreed sets how long DuckDB's allocator keeps what was freed before the system gets it back; what it has kept for
// longer goes back now. It is for the whole process. Keeping it saves a sixth of a write's time; not keeping
// it, half of what a checkpoint takes.
func keepFreed(long time.Duration) { C.keep_freed(C.ssize_t(long.Milliseconds())) }
