package inflate

import (
	"errors"
	"fmt"
)

// What can be wrong with a stream. An [Error] wraps one of them, or
// io.ErrUnexpectedEOF for a stream that ends too early. Errors of the source come
// as they are.
var (
	ErrHeader   = errors.New("not a gzip header")                                      // RFC 1952, section 2.3
	ErrBlock    = errors.New("reserved block type, or stored length that is not true") // RFC 1951, sections 3.2.3 and 3.2.4
	ErrCode     = errors.New("code lengths of no Huffman code")                        // section 3.2.7: over-subscribed, incomplete, too many, or a repeat of nothing
	ErrSymbol   = errors.New("bits of no symbol")                                      // sections 3.2.5 and 3.2.6
	ErrDistance = errors.New("distance before the start")                              // section 3.2.5
	ErrChecksum = errors.New("wrong checksum")                                         // RFC 1952, section 2.3.1: CRC-32, CRC-16 of the header, or length
)

// Error says where a stream is invalid, and in what.
type Error struct {
	Offset int64 // of the compressed byte at which it shows, from the start of the stream
	Err    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("inflate: %v at compressed byte %d", e.Err, e.Offset)
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }
