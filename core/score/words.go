package score

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

func grouped(n int64) string { return tell.Count(n) }

func lasting(d felt.Instant) string { return tell.Elapsed(d) }
