// Package xz decompresses files in the .xz format that are small enough to be held in
// memory, as modules of kernels are (The .xz File Format 1.1.0).
//
// Of the filters, LZMA2 alone is known, and of the checks, all four. Every size and every
// check is compared.
package xz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/crc64"
)

// Magic is what a file begins with.
const Magic = "\xfd7zXZ\x00"

var (
	// ErrFormat: the data is no .xz file, or damaged.
	ErrFormat = errors.New("malformed xz")
	// ErrUnsupported: the file needs a filter or check that is not known.
	ErrUnsupported = errors.New("unsupported xz")
	// ErrLimit: there would be more than was asked for.
	ErrLimit = errors.New("xz: too much content")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

const (
	headerSize = 12
	footerSize = 12
	lzma2      = 0x21
)

// checkSizes are the lengths of the checks by their type.
var checkSizes = map[byte]int{0: 0, 1: 4, 4: 8, 10: sha256.Size}

// Decompress returns the content of a file, of at most max bytes. Memory is bounded by
// that, and time by it and the length of data.
func Decompress(data []byte, max int) ([]byte, error) {
	f := file{in: data, max: max}
	for first := true; first || len(f.in) > 0; first = false {
		if err := f.stream(); err != nil {
			return nil, err
		}
		for len(f.in) >= 4 && bytes.Equal(f.in[:4], []byte{0, 0, 0, 0}) {
			f.in = f.in[4:] // padding between streams
		}
	}
	return f.d.out, nil
}

// file is a file while it is read.
type file struct {
	in  []byte
	max int
	d   decoder
}

// sizes are those of a block, as the index has them.
type sizes struct{ unpadded, uncompressed uint64 }

// stream reads one stream.
func (f *file) stream() error {
	if len(f.in) < headerSize || string(f.in[:6]) != Magic || f.in[6] != 0 || crc32.ChecksumIEEE(f.in[6:8]) != binary.LittleEndian.Uint32(f.in[8:]) {
		return malformed("header")
	}
	check := f.in[7]
	if _, ok := checkSizes[check]; !ok {
		return fmt.Errorf("%w: check %d", ErrUnsupported, check)
	}
	f.in = f.in[headerSize:]
	var blocks []sizes
	for {
		if len(f.in) == 0 {
			return malformed("no index")
		}
		if f.in[0] == 0 {
			break
		}
		b, err := f.block(check)
		if err != nil {
			return err
		}
		blocks = append(blocks, b)
	}
	return f.index(check, blocks)
}

// block reads a block.
func (f *file) block(check byte) (sizes, error) {
	before, start := f.in, len(f.d.out)
	header := (int(f.in[0]) + 1) * 4
	if len(f.in) < header || crc32.ChecksumIEEE(f.in[:header-4]) != binary.LittleEndian.Uint32(f.in[header-4:]) {
		return sizes{}, malformed("header of a block")
	}
	stated, err := f.blockHeader(f.in[1 : header-4])
	if err != nil {
		return sizes{}, err
	}
	f.in = f.in[header:]
	if err := f.chunks(); err != nil {
		return sizes{}, err
	}
	packed := len(before) - len(f.in)
	for n := packed; n%4 != 0; n++ {
		if len(f.in) == 0 || f.in[0] != 0 {
			return sizes{}, malformed("padding of a block")
		}
		f.in = f.in[1:]
	}
	n := checkSizes[check]
	content := f.d.out[start:]
	if len(f.in) < n || !bytes.Equal(f.in[:n], sum(check, content)) {
		return sizes{}, malformed("check of a block")
	}
	f.in = f.in[n:]
	if stated.unpadded != 0 && stated.unpadded != uint64(packed-header) || stated.uncompressed != 0 && stated.uncompressed != uint64(len(content)) {
		return sizes{}, malformed("sizes of a block")
	}
	return sizes{uint64(packed + n), uint64(len(content))}, nil
}

// blockHeader reads what is between the size and the check of a block's header, and returns
// the sizes that it states: of the compressed data, and uncompressed; 0 for none.
func (f *file) blockHeader(h []byte) (stated sizes, err error) {
	flags := h[0]
	h = h[1:]
	if flags&0x3c != 0 {
		return stated, fmt.Errorf("%w: flags %#x of a block", ErrUnsupported, flags)
	}
	ok := true
	if flags&0x40 != 0 {
		stated.unpadded, h, ok = number(h)
	}
	if ok && flags&0x80 != 0 {
		stated.uncompressed, h, ok = number(h)
	}
	if !ok {
		return stated, malformed("sizes in the header of a block")
	}
	if flags&3 != 0 || len(h) < 3 || h[0] != lzma2 || h[1] != 1 {
		return stated, fmt.Errorf("%w: filters other than LZMA2", ErrUnsupported)
	}
	bits := h[2]
	switch {
	case bits > 40:
		return stated, malformed("size of the dictionary")
	case bits == 40:
		f.d.dict = 1<<32 - 1
	default:
		f.d.dict = int64(2|bits&1) << (bits/2 + 11)
	}
	if len(bytes.Trim(h[3:], "\x00")) > 0 {
		return stated, malformed("padding in the header of a block")
	}
	return stated, nil
}

// number reads a variable-length integer.
func number(b []byte) (v uint64, rest []byte, ok bool) {
	for i := range min(len(b), 9) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, b[i+1:], i == 0 || b[i] != 0
		}
	}
	return 0, nil, false
}

// sum returns the check of a content.
func sum(check byte, content []byte) []byte {
	switch check {
	case 1:
		return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(content))
	case 4:
		return binary.LittleEndian.AppendUint64(nil, crc64.Checksum(content, crc64.MakeTable(crc64.ECMA)))
	case 10:
		s := sha256.Sum256(content)
		return s[:]
	}
	return nil
}

// chunks reads the LZMA2 data of a block.
func (f *file) chunks() error {
	d := &f.d
	wantDict, wantState := true, true
	for {
		if len(f.in) == 0 {
			return malformed("LZMA2 data is cut off")
		}
		control := f.in[0]
		switch {
		case control == 0:
			f.in = f.in[1:]
			return nil
		case control == 1 || control >= 0xe0:
			d.start, wantDict = len(d.out), false
		case wantDict || control > 2 && control < 0x80:
			return malformed("control byte of a chunk")
		}
		var err error
		if control < 0x80 {
			err = f.stored()
		} else {
			err = f.packed(control, &wantState)
		}
		if err != nil {
			return err
		}
	}
}

// stored reads a chunk that is not compressed.
func (f *file) stored() error {
	if len(f.in) < 3 {
		return malformed("header of a chunk")
	}
	size := int(binary.BigEndian.Uint16(f.in[1:])) + 1
	if len(f.in) < 3+size {
		return malformed("a chunk is cut off")
	}
	if size > f.max-len(f.d.out) {
		return ErrLimit
	}
	f.d.out = append(f.d.out, f.in[3:3+size]...)
	f.in = f.in[3+size:]
	return nil
}

// packed reads a compressed chunk. Bits 5 and 6 of its control byte say what is reset.
func (f *file) packed(control byte, wantState *bool) error {
	if len(f.in) < 6 {
		return malformed("header of a chunk")
	}
	size := int(control&0x1f)<<16 + int(binary.BigEndian.Uint16(f.in[1:])) + 1
	length := int(binary.BigEndian.Uint16(f.in[3:])) + 1
	at, reset := 5, control>>5&3
	if reset >= 2 {
		at = 6
		if !f.d.setProperties(f.in[5]) {
			return malformed("properties of LZMA")
		}
		*wantState = false
	}
	if *wantState {
		return malformed("a chunk needs properties that none has set")
	}
	if reset >= 1 {
		f.d.resetState()
	}
	switch {
	case len(f.in) < at+length:
		return malformed("a chunk is cut off")
	case size > f.max-len(f.d.out):
		return ErrLimit
	case !f.d.begin(f.in[at:at+length]) || !f.d.decode(size):
		return malformed("LZMA data of a chunk")
	}
	f.in = f.in[at+length:]
	return nil
}

// index reads the index and footer of a stream, and compares them with its blocks.
func (f *file) index(check byte, blocks []sizes) error {
	before := f.in
	rest := f.in[1:]
	count, rest, ok := number(rest)
	if !ok || count != uint64(len(blocks)) {
		return malformed("number of blocks in the index")
	}
	for _, b := range blocks {
		var got sizes
		if got.unpadded, rest, ok = number(rest); ok {
			got.uncompressed, rest, ok = number(rest)
		}
		if !ok || got != b {
			return malformed("sizes in the index")
		}
	}
	n := len(before) - len(rest)
	padded := (n + 3) &^ 3
	if len(before) < padded+4+footerSize || len(bytes.Trim(before[n:padded], "\x00")) > 0 ||
		crc32.ChecksumIEEE(before[:padded]) != binary.LittleEndian.Uint32(before[padded:]) {
		return malformed("check of the index")
	}
	footer := before[padded+4:]
	if crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) || string(footer[10:12]) != "YZ" ||
		footer[8] != 0 || footer[9] != check || (int64(binary.LittleEndian.Uint32(footer[4:]))+1)*4 != int64(padded+4) {
		return malformed("footer")
	}
	f.in = footer[footerSize:]
	return nil
}
