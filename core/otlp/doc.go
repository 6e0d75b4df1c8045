// Package otlp is the border between OpenTelemetry and Felt. At the door a [Packer]
// turns OTLP requests into compact blocks; in the engine a [Reader] turns blocks into
// events. What must not be kept never gets past the Packer, and what a vendor calls
// a thing is decided here and nowhere else.
//
// # Events
//
// An [Event] is one span or one log record. What Felt knows the meaning of has a place
// in it, whatever it was called: one alias table (aliases in alias.go) maps felt.*,
// OpenTelemetry's semantic conventions, new and old, and the names of other vendors'
// agents to a [Field], an identity, a segment or a number. A span's attribute goes
// before its resource's; of two names for one thing, the table's first one wins; an
// empty text counts as absent. All other attributes, span events, links, the scope and
// log bodies are kept as well: [Reader.Attributes], [Reader.Details], [Reader.Log].
// Metric points are in blocks of their own: [Reader.NextPoint].
//
//   - felt.interaction.value is an amount in minor units when it is an integer, and in
//     major units when it is a double or a text with a fraction (12.5 is 1250; every
//     currency is taken to have two decimals). felt.interaction.value_minor leaves no doubt.
//   - Segments are felt.segment.<key>, else region (geo.*, cloud.region), platform
//     (browser.platform, os.name, os.type), device (device.type) and plan (user.plan). What a
//     user agent says (user_agent.original, on the resource or the event; package agent) becomes
//     the attributes user_agent.name, .version (major), .os.name and felt.device.class,
//     and with them the segments browser, os and device where nothing else gives these. On a
//     resource, and on a span without a parent, it also tells bots and tests, unless the telemetry says
//     itself what it is. A page's request lends its header User-Agent, and a region that a
//     proxy's header names, to resources that have none ([Sender]).
//   - A weight other than 1 comes from tracestate ot=th, and is at most a million
//     ([MaxWeight]), or what the sender may claim ([Sender], [Options]): what claims more is taken for
//     that. Where a randomness is told (rv) it must have passed th, or the weight is 1. By the
//     randomness events were kept or lost together ([Event.Draw]); where none is told it is the end of
//     the trace id. Log records, which have no tracestate, carry it as the attribute felt.tracestate;
//     on a resource it says nothing. Traffic is test or bot by user_agent.synthetic.type or
//     felt.traffic.
//   - Splunk's workflows, Faro's user actions and Datadog's operations are interactions where
//     nothing else goes by the same name (vendor.go); event.outcome and error=true stand in
//     for a status that was not set ([Event.Failed]).
//   - Not kept: trace flags, dropped counts, schema URLs, exemplars, descriptions.
//
// # Redaction
//
// It happens before anything is durable. Operators change the first four rows with
// [Redaction]; identities are hashed whatever they say.
//
//	who                user.id, usr.id, customer.id, session.id, ...      kept as [Hash] only
//	personal           names, e-mail, phone, postal and IP addresses      dropped
//	                   of people (user.email, first_name, ip, iban, ...)
//	the other end      network.peer.address and older names               dropped on server spans
//	secrets by name    *password*, *secret*, *token*, *api_key*, ...      dropped
//	headers            authorization, cookie, x-forwarded-for, baggage,   dropped
//	                   ..., also as keys without a prefix
//	request contents   url.query, http bodies, query parameters           dropped
//	URLs, anywhere     user, password, query and fragment                 cut off
//	URL attributes     the same for relative ones (http.route, uri, ...)  cut at ? and #
//	database queries   literals and comments; quoted names stay           ? and nothing, before
//	                                                                      any masking
//	e-mail addresses   in any text, key, name, message, body, %40 too     [email]
//	card numbers       13 to 19 digits with a right check digit           [card]
//	long texts         over 1 KB                                          cut
//
// # Rules of the door
//
// Bytes that are not what they claim (truncated, a wrong wire type, not UTF-8, nested
// too deep) fail the request with a [*BadRequestError] that says where, and leave
// nothing behind. Everything else is a matter of one event: bad ids, times that are
// missing or too late reject it, with a sentence for the answer's partial success in
// [Report.Reason]; limits and clocks change it, and are counted; the limit on attributes
// spares those that have a meaning (up to 256 more). In a wall log the
// sender's clock is corrected by felt.sent_at (Unix time in milli-, micro- or nanoseconds, told
// by its size, or RFC 3339, on span or resource) when it is off by more than a second, and the future is clamped to five
// seconds, however far it is; an event log takes times as they are, up to the year 2116.
//
// Events go to partitions by trace id; log records without one by session, else by
// service; points by service. The same way for ever: the partition is part of the data.
//
// # Blocks
//
// A record's data is one block or several, end to end; each can be read alone. A block
// is a header, a dictionary of all its texts, and a stream of items: definitions
// (resource, scope, shape, metric), and events that refer to them by number. A table of
// texts that everyone uses (static.go) is in every block without being written. A
// shape is a list of keys and types: spans of one kind share it and hold values only,
// first those with a meaning, then, behind a length, those that the engine skips. A
// trace id is written once, a span id once, whether it was met as a span or as a parent;
// times are differences. A span of 16 attributes under a resource with 11 takes about
// 85 to 115 bytes of 700. The first byte of a block is its format's version; changing
// any number or table that is marked as part of the format is a new version.
//
// # Speed
//
// Each request is walked once, and nothing is allocated per span. A packer learns the
// order of keys (a tree, shape.go) and so compares a key with the one it expects
// instead of looking it up. A text that is in the dictionary has been checked and
// cleaned before; redaction runs once for each distinct text of a block. Hashes of
// identities are remembered. All that memory is bounded.
package otlp
