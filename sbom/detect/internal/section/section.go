// Package section finds a section of an executable by its name: in ELF, PE,
// Mach-O, also for several architectures, and WebAssembly.
//
// It reads headers alone, does not trust them, and needs memory for a piece of
// the table of sections only: the parsers of the standard library keep every
// section and symbol.
//
// A [Sieve] keeps the headers, and what follows given words, of an executable that
// goes by, for detectors that are a [detect.Sifter].
package section

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// ErrNotFound is the error of a well-formed executable without the section, and of
// a file that is no executable.
var ErrNotFound = errors.New("no such section")

// Limits on what is read to find a section.
const (
	maxSections      = 1 << 16 // of a WebAssembly module; the others cannot have more
	maxCommands      = 1 << 20 // bytes of a Mach-O file's load commands
	maxArchitectures = 16
	maxName          = 64
)

// MinHead is the number of first bytes that Executable needs to know any format.
const MinHead = 32

// Executable reports whether a file that begins with head is linked: a program,
// a library or a module. Object files and core dumps are not.
func Executable(head []byte) bool {
	if len(head) < MinHead {
		return false
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		order := elfOrder(head)
		return order != nil && (order.Uint16(head[16:]) == 2 || order.Uint16(head[16:]) == 3) // ET_EXEC, ET_DYN
	case bytes.HasPrefix(head, []byte("MZ")), bytes.HasPrefix(head, []byte("\x00asm\x01\x00\x00\x00")):
		return true
	}
	return machOrder(head) != nil || fatCount(head) > 0
}

// Find returns the content of the first section of that name in a file of size
// bytes. Its errors are ErrNotFound, one that wraps detect.ErrFormat for headers that
// lead nowhere, detect.ErrLimit for more headers than a linker makes, and
// detect.ErrSkipped for headers that a Sieve did not keep.
func Find(r io.ReaderAt, size int64, name string) (*io.SectionReader, error) {
	if name == "" || len(name) > maxName {
		return nil, ErrNotFound
	}
	f := file{r, size}
	head, err := f.bytes(0, min(size, 64))
	if err != nil {
		return nil, err
	}
	switch {
	case len(head) < MinHead:
		return nil, ErrNotFound
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return f.elf(head, name)
	case bytes.HasPrefix(head, []byte("MZ")):
		return f.pe(head, name)
	case bytes.HasPrefix(head, []byte("\x00asm\x01\x00\x00\x00")):
		return f.wasm(name)
	case machOrder(head) != nil:
		return f.mach(head, name)
	case fatCount(head) > 0:
		return f.fat(head, name)
	}
	return nil, ErrNotFound
}

// file is a file of known size.
type file struct {
	io.ReaderAt
	size int64
}

// bytes reads n bytes at off. What lies outside of the file is malformed.
func (f file) bytes(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size || n > f.size-off {
		return nil, fmt.Errorf("%w: headers lead out of the file", detect.ErrFormat)
	}
	b := make([]byte, n)
	if m, err := f.ReadAt(b, off); int64(m) < n {
		return nil, unread(err)
	}
	return b, nil
}

// unread is the error of bytes that should be there.
func unread(err error) error {
	if errors.Is(err, detect.ErrSkipped) {
		return err
	}
	return fmt.Errorf("%w: %v", detect.ErrFormat, err)
}

// section returns n bytes at off as the content that was found.
func (f file) section(off, n uint64) (*io.SectionReader, error) {
	if off > uint64(f.size) || n > uint64(f.size)-off {
		return nil, fmt.Errorf("%w: the section lies outside of the file", detect.ErrFormat)
	}
	return io.NewSectionReader(f, int64(off), int64(n)), nil
}

func tooMany(what string, limit int64) error {
	return &detect.LimitError{Path: "executable", Limit: limit, What: what}
}

// is reports whether a name that is padded with NUL to its length is name.
func is(padded []byte, name string) bool {
	b, _, _ := bytes.Cut(padded, []byte{0})
	return string(b) == name
}
