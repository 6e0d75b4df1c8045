//go:build !race

package main

// part is how much of a day is lived.
const part = 1.0
