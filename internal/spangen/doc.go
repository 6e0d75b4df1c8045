// Package spangen makes OpenTelemetry traces in any quantity: the load that
// Felt's speed is measured with, and a source of traffic whose true customer
// numbers are known.
//
// A server that is fed the same few requests over and over looks faster than it
// is, because everything stays in its caches, and one that removes duplicates
// sees nothing but duplicates. So a [Set] holds several hundred different
// requests, and a [Stream] gives them out again and again with new trace ids,
// new customers and current times, written in place into a copy. That costs
// little more than the copy, so that the sender keeps well ahead of any server.
//
// What the requests look like is modelled on a web shop. A trace has 20 spans
// over 5 services: a browser's root span, a gateway, checkout, payment and
// inventory. Each request is what one exporter sends, 512 spans, so the spans of
// a trace are spread over several requests; the browser's root comes last, as
// browsers hold back what went well. The unit is the wave: 512 traces, which
// fill exactly 20 requests, 19 of the back ends and then 1 of the browsers.
//
// Each span carries 16 attributes and each resource 11, named as the semantic
// conventions name them, about 700 bytes a span on the wire. One span in 50 is a
// customer interaction (felt.interaction.name, .outcome, user.id, session.id,
// segments), and one interaction in 100 fails.
//
// Everything follows from a seed: the same [Config] gives the same bytes. The
// stream counts what it gave out (see [Truth]), so whoever asks the server
// afterwards knows the right answer.
//
// The protobuf is written by hand (wire.go), because the places of the fields
// that change must be known; the tests read it back with a decoder that is not
// ours.
package spangen
