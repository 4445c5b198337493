package document

import (
	"bytes"
	"fmt"
	"io"
)

// Reader reads a document piece by piece within limits. What is read has been
// looked at: it does not go beyond them.
type Reader struct {
	r      io.Reader
	limits Limits
	format string
	scan   *jsonScan
	n      int64
	lines  int
	err    error
}

// Reader returns a reader of the document that r has. Of a JSON text, the arrays
// named by lists are counted; without lists it is another text, and only its
// length is bounded.
func (l Limits) Reader(r io.Reader, format string, lists ...string) *Reader {
	out := &Reader{r: r, limits: l, format: format}
	if len(lists) > 0 {
		out.scan = &jsonScan{limits: l, lists: lists}
	}
	return out
}

// Read implements io.Reader. Every error but io.EOF is a *DecodeError, and the
// same again at the next call.
func (r *Reader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.r.Read(b)
	if err != nil && err != io.EOF {
		err = &DecodeError{Format: r.format, Err: err}
	}
	if r.err = r.look(b[:n]); r.err != nil {
		return 0, r.err
	}
	r.err = err
	return n, err
}

// Lines returns how many lines ended in what was read so far.
func (r *Reader) Lines() int { return r.lines }

func (r *Reader) look(b []byte) error {
	start := r.n
	r.n += int64(len(b))
	r.lines += bytes.Count(b, []byte("\n"))
	if r.n > r.limits.Bytes {
		return r.fail(r.limits.Bytes, fmt.Sprintf("longer than %d bytes", r.limits.Bytes))
	}
	if r.scan == nil {
		return nil
	}
	if i, err := r.scan.scan(b); err != nil {
		e := &DecodeError{Format: r.format, Offset: start + int64(i), Err: refusal(err), Detail: err.Error()}
		if e.Err != ErrLimit {
			e.Line = r.lines - bytes.Count(b[i:], []byte("\n")) + 1
		}
		return e
	}
	if Dense(r.scan.objects, int(r.n)) {
		return r.fail(r.n, dense(r.scan.objects, int(r.n)))
	}
	return nil
}

func (r *Reader) fail(offset int64, detail string) error {
	return &DecodeError{Format: r.format, Offset: offset, Err: ErrLimit, Detail: detail}
}
