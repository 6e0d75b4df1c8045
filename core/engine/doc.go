// Package engine is the deterministic machine: records of one tick in, rows out.
package engine
