//go:build race

package measure

// raced tells that the race detector is on: everything takes ten times as long, and
// allocations are not what they are without.
const raced = true
