// Package codec writes and reads the state of the engine's machines as compact bytes.
//
// A snapshot must be canonical: the same state gives the same bytes, so that a machine
// that was cut, saved and restored can be compared with one that never stopped. So there
// is no reflection and no choice here: an [Encoder] appends varints, lengths and raw
// bytes in the order in which the caller names them, and a [Decoder] reads them back in
// the same order. Maps are the caller's business: sort, then write.
//
// A snapshot may be large beside the memory that its process is given, so neither side needs all
// of it at once: with [NewEncoder] and [NewReader] it passes by in pieces. That is why nothing
// carries the length of what is long: the encoder would have to come back to it.
//
// Reading is for bytes that may be damaged. A Decoder remembers its first error, gives
// zero values from then on, and [Decoder.Len] refuses a count that the remaining bytes
// cannot hold, so that garbage neither panics nor takes memory.
package codec
