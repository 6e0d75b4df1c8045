package otlp

// Reader reads the blocks of one record after the other:
//
//	r.Reset(rec.Data)
//	for r.NextBlock() {
//		for r.Next(&event) { ... }
//		for r.NextPoint(&point) { ... }
//	}
//	err := r.Err()
//
// The zero Reader is ready for Reset. Not safe for concurrent use.
type Reader struct {
	err error
}

// Reset starts reading data, which must not change while the reader is used.
func (r *Reader) Reset(data []byte) error { return nil }

// NextBlock goes to the next block; false at the end or on an error. Texts of the
// block before are then gone: indices mean something else in every block.
func (r *Reader) NextBlock() bool { return false }

// Next reads the block's next span or log record into ev; false at the block's end.
func (r *Reader) Next(ev *Event) bool { return false }

// Err is the error that ended reading; it wraps [felt.ErrCorrupt].
func (r *Reader) Err() error { return r.err }

// Texts is the number of texts of the block: every Text is below it.
func (r *Reader) Texts() int { return 1 }

// Text returns the bytes of a text of the current block. They alias the record's data.
func (r *Reader) Text(t Text) []byte { return nil }

// KeyID names the key with which the identities of the current block were hashed.
func (r *Reader) KeyID() uint32 { return 0 }
