// Command bench measures what a span costs: the CPU seconds that a server spends
// on a million spans, from its socket to where they end, with the OpenTelemetry
// Collector beside it in the same run.
//
// CPU seconds of the server's own process are the unit, as they depend least on
// who else uses the machine. Still they depend on it: so the servers take turns,
// each round measures every one of them, and the table shows medians. The server
// is pinned to one core and the generator (package spangen) to the other; run.sh
// does that for this program, and this program for the servers. With GOMAXPROCS 2
// the server may use both.
//
// One measurement is: start the server with nothing stored, send for a while to
// warm it up, wait until all of that is through, note its CPU time, send for some
// seconds as fast as it answers, wait again until everything is through, and note
// the CPU time again. So what the server does after it answered is part of the
// cost: in Felt's case everything up to the rows in the store. What Felt then says
// of its customers is compared with what the generator knows.
//
// The Collector runs in two shapes. "plain" is otlp -> batch -> nop: it decodes
// and forgets. "spanmetrics" counts by operation and 4 more dimensions in memory:
// the nearest thing to what Felt does, though it keeps nothing and counts no
// customers. Its metrics are flushed once a minute by default, so mostly not
// within a measurement: that is to its advantage.
package main
