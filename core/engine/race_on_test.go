//go:build race

package engine_test

// raced tells that the race detector is on: everything takes ten times as long, and
// allocations are not what they are without.
const raced = true
