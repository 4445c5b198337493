package document

import (
	"errors"
	"fmt"
)

// ErrFormat is the error of a document that does not follow its format.
var ErrFormat = errors.New("malformed document")

// ErrVersion is the error of a document in a version that is not read or written.
var ErrVersion = errors.New("unsupported document version")

// ErrLimit is the error of a document that is larger than the options allow.
var ErrLimit = errors.New("document exceeds a limit")

// DecodeError says where and why a document was refused.
type DecodeError struct {
	// Format is the format that was read, such as "CycloneDX JSON".
	Format string
	// Line is the line, counted from 1, of a text format; 0 when not known.
	Line int
	// Offset is the byte offset, 0 when not known.
	Offset int64
	// Pointer is the JSON pointer (RFC 6901) of the value at fault, empty when
	// not known or when it is the whole document.
	Pointer string
	// Detail says what is wrong.
	Detail string
	// Err is ErrFormat, ErrVersion or ErrLimit, or the error of the reader.
	Err error
}

// Error names the format, the place and the reason.
func (e *DecodeError) Error() string {
	s := e.Format
	if e.Line > 0 {
		s += fmt.Sprintf(" line %d", e.Line)
	} else if e.Offset > 0 {
		s += fmt.Sprintf(" offset %d", e.Offset)
	}
	if e.Pointer != "" {
		s += " " + e.Pointer
	}
	s += ": " + e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }
