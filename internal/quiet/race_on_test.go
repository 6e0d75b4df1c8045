//go:build race

package main

// part is how much of a day is lived: the race detector makes it ten times as long, and there is one
// goroutine.
const part = .125
