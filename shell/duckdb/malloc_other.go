//go:build !linux || !cgo

package duckdb

import "time"

func fewArenas() {}

func giveBack() {}

func keepFreed(time.Duration) {}
