package ingest

import (
	"strconv"
	"strings"
	"time"
)

const (
	// moreHeader is what a sender says with a request when others follow: within how many seconds. 0
	// says that none follows. In gRPC it is metadata of the same name.
	moreHeader = "Felt-More-Within"
	// mostMore is how long an event log waits for what was announced, at most.
	mostMore = 10 * time.Minute
	// moreLook is how often an event log that should be closed looks whether the requests in flight are done.
	moreLook = 50 * time.Millisecond
)

// announce takes what a request says of those that follow. What cannot be read says nothing: no
// telemetry is lost for it.
func (d *Door) announce(value string) {
	if value == "" {
		return
	}
	seconds, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
	if err != nil {
		return
	}
	until := time.Time{}
	if seconds > 0 {
		until = time.Now().Add(min(time.Duration(seconds)*time.Second, mostMore))
	}
	d.mu.Lock()
	d.more = until
	d.mu.Unlock()
}

// untilClosed is how long until an event log that is idle since a moment closes what is open; not positive
// when it does now. It must not while a request is under way, nor while a sender has said that
// more comes: it would decide, as if time had passed, what only a slow machine has held up.
func (d *Door) untilClosed(idle time.Time) time.Duration {
	d.mu.Lock()
	more := d.more
	d.mu.Unlock()
	left := max(idleClose-time.Since(idle), time.Until(more))
	if left <= 0 && d.requests.Load() > 0 {
		return moreLook
	}
	return left
}
