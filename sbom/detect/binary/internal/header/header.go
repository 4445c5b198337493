// Package header reads what the headers of a program say as its bytes go by: the
// format, the architecture, how it is linked, its build-id and its notes.
//
// It keeps the first bytes of the file and the parts that these point at. Headers that
// point out of the file, or at more than a linker would write, are not followed, and
// Facts.Damaged says so. Nothing is read but what the operating system's loader reads:
// section headers, which anyone may remove, are not.
package header

import (
	"bytes"
	"encoding/binary"
)

// Limits, in bytes and in items.
const (
	keptHead    = 4 << 10
	maxPart     = 128 << 10 // a dynamic table, a note, a path
	maxParts    = 16
	maxNeeded   = 1024
	maxSegments = 1024
	maxName     = 256
)

// Facts are what the headers say. The zero value says nothing.
type Facts struct {
	// Format is "ELF", "PE", "Mach-O", "universal Mach-O" or "WebAssembly"; empty for anything else.
	Format string
	// Architecture in the words of Go's GOARCH where it has one, "machine 0x…" otherwise.
	Architecture string
	// Bits is 32 or 64; 0 when not known.
	Bits int
	// Library is set for what is loaded by programs, as far as the headers tell.
	Library bool
	// Dynamic is set when a loader links it with shared libraries.
	Dynamic bool
	// Interpreter is the loader that the program asks for.
	Interpreter string
	// SONAME is the name that a library has for those that link with it, and Needed are
	// the names of the libraries that the file is linked with.
	SONAME string
	Needed []string
	// BuildID is GNU's or, without one, Go's; a UUID in Mach-O. In hexadecimal, but Go's.
	BuildID string
	// Package is the content of a .note.package, which is JSON.
	Package []byte
	// Damaged says what was not followed; empty if all was.
	Damaged string
}

// Names gives the text at an offset in the file; the reader of the content sees
// the names of libraries go by long before it is known which of them are meant.
type Names func(offset int64) string

// Reader takes in a file by Write, in order.
type Reader struct {
	size, pos int64
	code      []span // without text
	parts     []part
	format    format
	damaged   string
}

// format is one format of programs.
type format interface {
	// plan is called when the first bytes are there, and keeps parts of the rest.
	plan(r *Reader, head []byte)
	// facts is called at the end.
	facts(r *Reader, names Names) Facts
}

// part is a part of the file that is kept.
type part struct {
	off, length int64
	data        []byte
}

// New returns a Reader of a file of size bytes.
func New(size int64) *Reader {
	return &Reader{size: size, parts: []part{{length: min(size, keptHead)}}}
}

// keep keeps a part and reports whether it can be had.
func (r *Reader) keep(off, length int64) bool {
	if off < 0 || length <= 0 || off > r.size || length > r.size-off {
		r.damaged = "headers lead out of the file"
		return false
	}
	if length > maxPart || len(r.parts) >= maxParts {
		r.damaged = "headers ask for more than a linker writes"
		return false
	}
	p := part{off: off, length: length}
	// Formats plan when the head has gone by, and nothing behind it.
	if head := r.parts[0].data; off < int64(len(head)) {
		p.data = append(p.data, head[off:min(int64(len(head)), off+length)]...)
	}
	r.parts = append(r.parts, p)
	return true
}

// Write implements io.Writer. It never fails.
func (r *Reader) Write(b []byte) (int, error) {
	n := len(b)
	if r.format == nil {
		k := min(int64(len(b)), r.parts[0].length-r.pos)
		r.take(b[:k])
		b = b[k:]
		if r.pos == r.parts[0].length {
			r.format = formatOf(r.parts[0].data)
			r.format.plan(r, r.parts[0].data)
		}
	}
	r.take(b)
	return n, nil
}

func (r *Reader) take(b []byte) {
	end := r.pos + int64(len(b))
	for i := range r.parts {
		p := &r.parts[i]
		at := p.off + int64(len(p.data))
		if to := min(end, p.off+p.length); at >= r.pos && at < to {
			p.data = append(p.data, b[at-r.pos:to-r.pos]...)
		}
	}
	r.pos = end
}

// Facts returns what was found. Names may be nil.
func (r *Reader) Facts(names Names) Facts {
	if r.format == nil {
		return Facts{}
	}
	if names == nil {
		names = func(int64) string { return "" }
	}
	f := r.format.facts(r, names)
	if f.Damaged == "" {
		f.Damaged = r.damaged
	}
	return f
}

// at returns the part that begins at off, nil if it is not kept whole.
func (r *Reader) at(off, length int64) []byte {
	for i := range r.parts[1:] {
		if p := &r.parts[i+1]; p.off == off && p.length == length && int64(len(p.data)) == length {
			return p.data
		}
	}
	return nil
}

func formatOf(head []byte) format {
	if len(head) < 32 {
		return none{}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return newELF(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		return pe{}
	case bytes.HasPrefix(head, []byte("\x00asm\x01\x00\x00\x00")):
		return wasm{}
	case binary.BigEndian.Uint32(head) == 0xcafebabe && binary.BigEndian.Uint32(head[4:]) <= 16:
		return universal{}
	}
	if order := machOrder(head); order != nil {
		return &mach{order: order}
	}
	return none{}
}

type none struct{}

func (none) plan(*Reader, []byte)       {}
func (none) facts(*Reader, Names) Facts { return Facts{} }

// text returns the text of b up to its first NUL, if it is no longer than a name.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	if len(b) > maxName {
		return ""
	}
	return string(b)
}
