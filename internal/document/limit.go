package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits bound what a document may cost.
type Limits struct {
	Bytes int64
	Items int // components, packages and files
	Depth int
}

// Default limits.
const (
	DefaultBytes = 128 << 20
	DefaultItems = 250_000
	DefaultDepth = 100
)

// WithDefaults replaces what is zero.
func (l Limits) WithDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Items <= 0 {
		l.Items = DefaultItems
	}
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	return l
}

// Read reads a whole document of at most l.Bytes, without a byte order mark.
func (l Limits) Read(r io.Reader, format string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, l.Bytes+1))
	if err != nil {
		return nil, &DecodeError{Format: format, Err: err}
	}
	if int64(len(b)) > l.Bytes {
		return nil, &DecodeError{Format: format, Offset: l.Bytes, Err: ErrLimit,
			Detail: fmt.Sprintf("longer than %d bytes", l.Bytes)}
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), nil
}

// MinObjectBytes is how many bytes of a document each JSON object or XML element
// takes at least, on average. A named fact takes more; a document of empty
// objects, which would take a hundred times its size in memory, less.
const MinObjectBytes = 12

// Dense reports whether n objects are more than a document of size bytes holds
// in good faith.
func Dense(n, size int) bool { return n > 1000 && n > size/MinObjectBytes }

// ScanJSON checks, before anything is allocated, that a JSON text is not nested
// deeper than l.Depth, has at most l.Items objects in the arrays named by lists, no
// two members of one name in an object, in whatever case, and is not made of empty
// objects. It does not check the syntax otherwise.
// [Limits.Reader] checks the same of a text that is not in memory.
func (l Limits) ScanJSON(b []byte, format string, lists ...string) error {
	s := jsonScan{limits: l, lists: lists}
	if i, err := s.scan(b); err != nil {
		return &DecodeError{Format: format, Line: lineOf(b, i, err), Offset: int64(i), Err: refusal(err), Detail: err.Error()}
	}
	if Dense(s.objects, len(b)) {
		return &DecodeError{Format: format, Err: ErrLimit, Detail: dense(s.objects, len(b))}
	}
	return nil
}

// refusal is the error of what a scan found.
func refusal(err error) error {
	if errors.Is(err, errTwice) {
		return ErrFormat
	}
	return ErrLimit
}

// lineOf returns the line of what does not follow the format, 0 for what exceeds a limit.
func lineOf(b []byte, offset int, err error) int {
	if refusal(err) == ErrLimit {
		return 0
	}
	return LineAt(b, int64(offset))
}

func dense(objects, size int) string { return fmt.Sprintf("%d objects in %d bytes", objects, size) }

// LineAt returns the line, from 1, of a byte offset.
func LineAt(b []byte, offset int64) int {
	return 1 + bytes.Count(b[:min(max(offset, 0), int64(len(b)))], []byte("\n"))
}
