// Package ingest is the door: OpenTelemetry comes in over gRPC and HTTP, and leaves as
// records on the log.
//
// A request is answered with success only after what it brought has been appended and
// would survive a crash. Whoever is told anything else may send it again.
//
//	gRPC ─┐  admit ──> read ──> unpack, redact, hash ──┐
//	HTTP ─┘  (limits)           (one packer per core)  │   join for a few ms, stamp
//	                                                   ├──> sequencer ──> felt.Log
//	commands, settings ── Append ──────────────────────┘
//
// # Limits
//
// Three bounds keep the door standing: the size of one body, the bytes of all requests
// in flight, and their number. A request over the first is told so for good (413, gRPC
// RESOURCE_EXHAUSTED); one over the others is asked to come back (429 with Retry-After,
// RESOURCE_EXHAUSTED with RetryInfo). Compressed bodies are unpacked in as many places as
// there are cores, in buffers that stop growing at the limit, so that a bomb costs no
// more memory than an honest request. A log that is full or away is 503 with
// Retry-After, UNAVAILABLE with RetryInfo.
//
// The limits are the same over both transports: one for a body as it was sent, a larger
// one for what it unpacks to. But a gRPC body counts as in flight once it is there: while
// it comes in, only the number of requests bounds it, and the deadline by which it must
// have come. A refused HTTP body is read on, up to a bound, and thrown away: many senders
// write all before they read, and would see a broken connection in place of the reason.
//
// # Group commit
//
// A synced append costs about the same for one request as for fifty. While an append
// is under way, requests pile up in the packers, where they share one dictionary, and
// leave together with the next one. When nothing is under way a request waits for
// others that are on their way in, at most two milliseconds; alone, it does not wait.
//
// # Time
//
// The sequencer alone stamps records, so arrival never decreases. In a wall log each
// second begins with a tick record, in front of everything that arrived in it, also
// when nothing happens. When a full log refuses telemetry, the tick and the commands that
// shared its append are appended without it: they have a reserve there, and with time
// going on the log gets trimmed. When the system's clock jumps back, the log's clock stands
// still until it has been caught up with; a metric and a warning say so.
//
// In an event log the clock follows the newest event. The ticks are derived by readers,
// but who imports an hour of history also wants its last seconds counted: when no
// telemetry has come for three seconds and no request is under way, one stored tick moves
// the clock by the settle time and two seconds, and so closes what was open. Data that
// comes later goes on from there; nothing is past in an event log. A control record in an
// event log is followed by a tick of its own, since it takes effect at the next one.
//
// A sender that takes its time (it reads a file, the machine is busy) would have its
// pauses in the log as if they had happened. So a request may say Felt-More-Within: 60 (a
// header, or metadata in gRPC): within so many seconds, at most 600, another one comes,
// and the log is left open until then. The last one says 0. With that, what an import
// makes is the same however slow it goes.
//
// # Pages
//
// A browser sends with a key that everybody can read ([PageKeys]): it is bound to origins, to apps and
// environments, and to a rate of its own (401, 403, 429 with Retry-After), and it is good for telemetry
// over HTTP alone. Every answer, refusals included, can be read by the page that asked (cors.go).
// What a page does not say itself is taken from its request: the header User-Agent, and a region
// from headers that an operator names. Addresses are looked at nowhere and kept nowhere.
//
// # Business data
//
// Changes, business events and facts come in over HTTP as CloudEvents (/v1/events) and CSV
// (/v1/import), are read and hashed by core/business in the same slots, under the same
// bounds, and are on the log before they are answered. They are control records in that
// they concern every partition, but a full log refuses them as it does telemetry, and they
// say nothing of what time it is: in an event log all that came waits for the next
// tick, and an idle one makes one tick for all of it. Pages may not send them.
package ingest
