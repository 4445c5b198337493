// Package header reads what the headers of a program say as its bytes go by: the
// format, the architecture, how it is linked, its build-id and its notes.
//
// It keeps the first bytes of the file and the parts that these point at, and what those
// point at in turn, if it is still to come. Headers that point out of the file, or at
// more than a linker would write, are not followed, and Facts.Damaged says so. Nothing is
// read but what the operating system's loader reads: section headers of ELF files, which
// anyone may remove, are not.
package header

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits, in bytes and in items.
const (
	keptHead    = 4 << 10
	maxPart     = 128 << 10 // a dynamic table, a note, a path
	maxParts    = 16
	maxLive     = 64 // parts that others asked for
	maxNeeded   = 1024
	maxSegments = 1024
	maxName     = 256
)

// Facts are what the headers say. The zero value says nothing.
type Facts struct {
	// Format is "ELF", "PE", "Mach-O", "universal Mach-O" or "WebAssembly"; empty for anything else.
	Format string
	// Architecture in the words of Go's GOARCH where it has one, "machine 0x…" otherwise.
	// Those of the parts of a universal file are joined by "+".
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
	// BuildID is GNU's or, without one, Go's; a UUID in Mach-O, and that of the file with the
	// debugging information in PE, with its age. In hexadecimal, but Go's.
	BuildID string
	// Package is the content of a .note.package, which is JSON.
	Package []byte
	// Platform is the system that the file was made for, with the oldest version of it,
	// where the format says so.
	Platform string
	// Tools are the names and versions of compilers and linkers, and Languages those of
	// the source, as the format has fields for them.
	Tools, Languages []string
	// Managed is set for a program of .NET.
	Managed bool
	// Stated is what the file says of its own version; nil if nothing.
	Stated *Stated
	// Parts are those of a universal file, in its order.
	Parts []Part
	// Payloads are the notes, sections and resources that the loader leaves alone.
	Payloads []Payload
	// Damaged says what was not followed; empty if all was.
	Damaged string
}

// Part is one program of a universal file.
type Part struct {
	Offset, Size int64
	Facts
}

// Payload is a part of the file that the loader leaves alone, and the program reads.
type Payload struct {
	Name         string
	Offset, Size int64
}

// addPayload adds one unless it lies on another: each would be read, and the file as often. It
// reports whether it is there.
func (f *Facts) addPayload(p Payload) bool {
	for _, other := range f.Payloads {
		if p == other {
			return true
		}
		if len(f.Payloads) >= maxParts || p.Offset < other.Offset+other.Size && other.Offset < p.Offset+p.Size {
			f.Damaged = "payloads lie on top of each other, or are too many"
			return false
		}
	}
	f.Payloads = append(f.Payloads, p)
	return true
}

// Stated is what a file's own fields say of its version: the resource VERSIONINFO of PE, the
// current version of a library of Mach-O, the section "version" of WebAssembly.
type Stated struct {
	// Field is where it is said.
	Field string
	// Offset is where in the file.
	Offset int64
	// Name, Version and Vendor are of the product. A library of Mach-O has only a version.
	Name, Version, Vendor string
	// File is the name that the file had first, and License its licence.
	File, License string
}

// Words is what is stated, for people.
func (s *Stated) Words() string {
	parts := []string{s.Field}
	for _, p := range []struct{ what, value string }{{"name", s.Name}, {"version", s.Version}, {"by", s.Vendor}, {"file", s.File}, {"licence", s.License}} {
		if p.value != "" {
			parts = append(parts, p.what+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}

// Names gives the text at an offset in the file; the reader of the content sees
// the names of libraries go by long before it is known which of them are meant.
type Names func(offset int64) string

// Reader takes in a file by Write, in order.
type Reader struct {
	size, pos int64
	code      []span // without text
	parts     []part
	recent    part // that says where others are
	format    format
	damaged   string
	again     io.ReaderAt
	missed    bool
	thin      bool // a part of a universal file, which is no universal file itself
}

// format is one format of programs.
type format interface {
	// plan is called when the first bytes are there, and keeps parts of the rest.
	plan(r *Reader, head []byte)
	// facts is called at the end.
	facts(r *Reader, names Names) Facts
}

// flow is a format that sees everything behind the first bytes.
type flow interface {
	format
	take(r *Reader, b []byte)
}

// part is a part of the file that is kept.
type part struct {
	off, length int64
	data        []byte
	then        func(data []byte) // when all of it is there; nil if it is read at the end
}

// New returns a Reader of a file of size bytes.
func New(size int64) *Reader {
	r := &Reader{size: size}
	r.parts = []part{{length: min(size, keptHead), then: func(head []byte) {
		r.format = r.formatOf(head)
		r.format.plan(r, head)
	}}}
	return r
}

// Again has the reader take from the file itself what headers lead back to. It is called
// before the first Write.
func (r *Reader) Again(file io.ReaderAt) { r.again = file }

// Missed reports whether headers led back to what had gone by. It takes a reader that has
// been told of the file by Again to know what is there.
func (r *Reader) Missed() bool { return r.missed }

// keep keeps a part that is read at the end, and reports whether it can be had.
func (r *Reader) keep(off, length int64) bool { return r.keepThen(off, length, nil) }

// keepThen keeps a part, and calls then when all of it is there.
func (r *Reader) keepThen(off, length int64, then func(data []byte)) bool {
	if length <= 0 || !r.inside(off, length) {
		return false
	}
	if length > maxPart || len(r.parts) >= maxLive || then == nil && len(r.parts) >= maxParts {
		r.damaged = "headers ask for more than a linker writes"
		return false
	}
	p := part{off: off, length: length, then: then}
	// The first bytes are there and the part that says so, and nothing else that has gone by.
	for _, have := range []part{r.parts[0], r.recent} {
		if skip := off - have.off; skip >= 0 && skip < int64(len(have.data)) && len(p.data) == 0 {
			p.data = append(p.data, have.data[skip:min(int64(len(have.data)), skip+length)]...)
		}
	}
	if at := off + int64(len(p.data)); at < r.pos && int64(len(p.data)) < length {
		if r.again == nil {
			r.missed = true
			return false
		}
		p.data = append(p.data, make([]byte, min(r.pos, off+length)-at)...)
		if n, err := r.again.ReadAt(p.data[at-off:], at); at-off+int64(n) < int64(len(p.data)) {
			r.damaged = fmt.Sprintf("headers lead to what cannot be read: %v", err)
			return false
		}
	}
	r.parts = append(r.parts, p)
	return true
}

// inside reports whether a part is in the file.
func (r *Reader) inside(off, length int64) bool {
	if off < 0 || length < 0 || off > r.size || length > r.size-off {
		r.damaged = "headers lead out of the file"
		return false
	}
	return true
}

// Write implements io.Writer. It never fails.
func (r *Reader) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		k := r.turn(int64(len(b)))
		r.take(b[:k])
		b = b[k:]
		r.complete()
	}
	return n, nil
}

// turn returns how many of the next n bytes go by before a part is complete that says
// where others are.
func (r *Reader) turn(n int64) int64 {
	for i := range r.parts {
		if p := &r.parts[i]; p.then != nil && p.off+p.length > r.pos {
			n = min(n, p.off+p.length-r.pos)
		}
	}
	return n
}

// complete looks at the parts that say where others are. What they ask for may be complete
// as well.
func (r *Reader) complete() {
	for i := 0; i < len(r.parts); i++ {
		if p := r.parts[i]; p.then != nil && int64(len(p.data)) == p.length {
			r.parts[i].then = nil
			if i > 0 {
				r.parts = slices.Delete(r.parts, i, i+1)
				i--
			}
			r.recent = p
			p.then(p.data)
		}
	}
	r.recent = part{}
}

func (r *Reader) take(b []byte) {
	if f, ok := r.format.(flow); ok {
		f.take(r, b)
	}
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
	if f.Damaged == "" && r.missed {
		f.Damaged = "headers lead back to what had gone by"
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

// Is reports whether a file that begins with head is an ELF program or library, a universal file or
// WebAssembly.
func Is(head []byte) bool {
	return len(head) >= 32 && (loadable(head) || newUniversal(head) != nil || bytes.HasPrefix(head, []byte(wasmModule)) || bytes.HasPrefix(head, []byte(wasmComponent)))
}

func (r *Reader) formatOf(head []byte) format {
	if len(head) < 32 {
		return none{}
	}
	if order := machOrder(head); order != nil {
		return &mach{order: order}
	}
	switch {
	case r.thin:
		return none{} // No system loads anything else there, and each level would see all bytes of those in it.
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return newELF(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		return new(pe)
	case bytes.HasPrefix(head, []byte(wasmModule)), bytes.HasPrefix(head, []byte(wasmComponent)):
		return new(wasm)
	}
	if u := newUniversal(head); u != nil {
		return u
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
