package fileindex

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sort"
	"strings"
)

// Index looks files up. It is safe for concurrent use if its reader is.
type Index struct {
	r io.ReaderAt
	h header
}

// Open returns the index in the size bytes of r, which it reads from for as long as the
// Index is used. It checks the header alone; see Verify. The error wraps ErrFormat, or is that of
// the reader.
func Open(r io.ReaderAt, size int64) (*Index, error) {
	if size < headerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	b := make([]byte, headerSize)
	if err := readAt(r, b, 0); err != nil {
		return nil, err
	}
	h, ok := parseHeader(b, size)
	if !ok {
		return nil, fmt.Errorf("%w: header", ErrFormat)
	}
	return &Index{r, h}, nil
}

func readAt(r io.ReaderAt, b []byte, at uint64) error {
	switch n, err := r.ReadAt(b, int64(at)); { //nolint:gosec // Within the size, an int64.
	case n == len(b):
		return nil
	case err == nil || err == io.EOF:
		return fmt.Errorf("%w: it ends early", ErrFormat)
	default:
		return err
	}
}

// Len returns the number of entries.
func (x *Index) Len() int { return int(x.h.entries) } //nolint:gosec // At most MaxEntries.

// Version identifies the content: two indexes of the same version say the same.
func (x *Index) Version() string { return hex.EncodeToString(x.h.sum[:]) }

// Verify reads the whole index, and returns an error that wraps ErrFormat unless the content
// has the sum that the header states.
func (x *Index) Verify() error {
	h := sha256.New()
	size := int64(x.h.recordsAt - headerSize + x.h.recordsSize) //nolint:gosec // Within the size of the file.
	n, err := io.Copy(h, io.NewSectionReader(x.r, headerSize, size))
	switch {
	case err != nil:
		return err
	case n != size:
		return fmt.Errorf("%w: it ends early", ErrFormat)
	case !bytes.Equal(h.Sum(nil)[:len(x.h.sum)], x.h.sum[:]):
		return fmt.Errorf("%w: its content is not what its header says", ErrFormat)
	}
	return nil
}

// Find returns the records of the file with that id: none if it is not known, and more than one if
// it is in several packages, in order of their text. The error wraps ErrFormat, or is that of the reader.
func (x *Index) Find(kind Kind, id []byte) ([]Record, error) {
	if len(id) < MinID || len(id) > MaxID {
		return nil, nil
	}
	k := keyOf(kind, id)
	count, _ := blocks(x.h.entries)
	var failed error
	// The first block whose last key is not below.
	at := sort.Search(int(count), func(i int) bool { //nolint:gosec // At most MaxEntries.
		b, err := x.block(i)
		if err != nil {
			failed = err
			return true
		}
		last := b[len(b)-entrySize:]
		return bytes.Compare(last[:keySize], k[:]) >= 0
	})
	var out []Record
	for i := at; failed == nil && i < int(count) && len(out) < MaxRecords; i++ { //nolint:gosec // At most MaxEntries.
		var b []byte
		if b, failed = x.block(i); failed != nil {
			break
		}
		var done bool
		if out, done, failed = x.collect(b, k, out); done {
			break
		}
	}
	if failed != nil {
		return nil, failed
	}
	return out, nil
}

// block returns the entries of a block, whose sum it has checked.
func (x *Index) block(i int) ([]byte, error) {
	first := uint64(i) * perBlock //nolint:gosec // Not negative.
	n := min(perBlock, x.h.entries-first)
	b := make([]byte, n*entrySize+4)
	if err := readAt(x.r, b, headerSize+uint64(i)*blockSize); err != nil { //nolint:gosec // Not negative.
		return nil, err
	}
	entries := b[:n*entrySize]
	if binary.LittleEndian.Uint32(b[n*entrySize:]) != checksum(entries) {
		return nil, fmt.Errorf("%w: block %d", ErrFormat, i)
	}
	return entries, nil
}

// collect appends the records of a block's entries with the key, and reports whether
// there can be no more of them.
func (x *Index) collect(b []byte, k key, out []Record) ([]Record, bool, error) {
	for ; len(b) > 0; b = b[entrySize:] {
		switch c := bytes.Compare(b[:keySize], k[:]); {
		case c > 0 || len(out) == MaxRecords:
			return out, true, nil
		case c == 0:
			r, err := x.record(uint64(binary.LittleEndian.Uint32(b[keySize:entrySize])))
			if err != nil {
				return nil, true, err
			}
			out = append(out, r)
		}
	}
	return out, false, nil
}

// record reads the record at an offset among the records.
func (x *Index) record(at uint64) (Record, error) {
	head := make([]byte, recordHead)
	if at+recordHead > x.h.recordsSize {
		return Record{}, fmt.Errorf("%w: a record at %d", ErrFormat, at)
	}
	if err := readAt(x.r, head, x.h.recordsAt+at); err != nil {
		return Record{}, err
	}
	size := uint64(binary.LittleEndian.Uint16(head))
	if size > maxText || at+recordHead+size > x.h.recordsSize {
		return Record{}, fmt.Errorf("%w: a record at %d of %d bytes", ErrFormat, at, size)
	}
	text := make([]byte, size)
	if err := readAt(x.r, text, x.h.recordsAt+at+recordHead); err != nil {
		return Record{}, err
	}
	f := strings.Split(string(text), "\n")
	if binary.LittleEndian.Uint32(head[2:]) != checksum(text) || len(f) != 4 {
		return Record{}, fmt.Errorf("%w: the record at %d", ErrFormat, at)
	}
	r := Record{f[0], f[1], f[2], f[3]}
	if !r.sound() {
		return Record{}, fmt.Errorf("%w: the record at %d", ErrFormat, at)
	}
	return r, nil
}
