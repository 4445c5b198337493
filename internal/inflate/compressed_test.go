package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"time"

	kflate "github.com/klauspost/compress/flate"
	kgzip "github.com/klauspost/compress/gzip"
)

// A compressor is what the compressing writers have in common.
type compressor interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// compressors keeps a writer of each maker, format and level: they are costly to make.
type compressors map[compressorKind]compressor

type compressorKind struct {
	format    format
	klauspost bool
	level     int
}

func (c compressors) get(k compressorKind) compressor {
	if w := c[k]; w != nil {
		return w
	}
	var w compressor
	var err error
	switch {
	case k.format == deflate && k.klauspost:
		w, err = kflate.NewWriter(io.Discard, k.level)
	case k.format == deflate:
		w, err = flate.NewWriter(io.Discard, k.level)
	case k.klauspost:
		w, err = kgzip.NewWriterLevel(io.Discard, k.level)
	default:
		w, err = gzip.NewWriterLevel(io.Discard, k.level)
	}
	if err != nil {
		panic(err)
	}
	c[k] = w
	return w
}

// deflate compresses text with one of the compressors at one of the levels, now and then flushed.
func (c compressors) deflate(r *rand.Rand, text []byte) []byte {
	return c.compress(compressorKind{deflate, r.IntN(2) == 0, r.IntN(12) - 2}, r, text)
}

func (c compressors) compress(k compressorKind, r *rand.Rand, text []byte) []byte {
	var out bytes.Buffer
	w := c.get(k)
	w.Reset(&out)
	if r.IntN(3) == 0 {
		for n := r.IntN(5); n > 0 && len(text) > 0; n-- {
			i := r.IntN(len(text))
			w.Write(text[:i])
			w.Flush()
			text = text[i:]
		}
	}
	w.Write(text)
	w.Close()
	return out.Bytes()
}

// gzipFile compresses text as a member by a gzip compressor, with random header fields.
func (c compressors) gzipFile(r *rand.Rand, text []byte) []byte {
	k := compressorKind{gzipFile, r.IntN(2) == 0, r.IntN(12) - 2}
	w := c.get(k)
	if r.IntN(2) == 0 {
		return c.compress(k, r, text)
	}
	// Reset forgets the fields, so they are set behind it.
	var out bytes.Buffer
	w.Reset(&out)
	h := gzip.Header{Name: "layer.tar", Comment: "of a test", Extra: []byte{'A', 'B', 2, 0, 1, 2}, ModTime: time.Unix(1, 0), OS: 3}
	switch w := w.(type) {
	case *gzip.Writer:
		w.Header = h
	case *kgzip.Writer:
		w.Header = kgzip.Header(h)
	}
	w.Write(text)
	w.Close()
	return out.Bytes()
}

// A member is a gzip member as it is to be written, right or wrong.
type member struct {
	flags         byte // as they are; the fields below are written whatever they say
	extra         []byte
	name, comment []byte // with their zeros
	wrongHeader   uint16 // added to the header's CRC-16
	deflated      []byte
	text          []byte
	wrongSum      uint32 // added to the CRC-32
	wrongSize     uint32
}

const (
	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

// bytes writes the member (RFC 1952 section 2.3).
func (m member) bytes() []byte {
	b := []byte{0x1f, 0x8b, 8, m.flags, 1, 2, 3, 4, 2, 255}
	if m.flags&flagExtra != 0 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(m.extra)))
	}
	b = append(b, m.extra...)
	b = append(b, m.name...)
	b = append(b, m.comment...)
	if m.flags&flagHeaderCRC != 0 {
		b = binary.LittleEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b))+m.wrongHeader)
	}
	b = append(b, m.deflated...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(m.text)+m.wrongSum)
	return binary.LittleEndian.AppendUint32(b, uint32(len(m.text))+m.wrongSize)
}

// randomMember wraps a stream in a header with any of the fields, sometimes as long as they may be or longer.
func randomMember(r *rand.Rand, deflated, text []byte) []byte {
	m := member{deflated: deflated, text: text}
	m.flags = byte(r.Uint32()) &^ (flagExtra | flagName | flagComment | flagHeaderCRC)
	if r.IntN(3) == 0 {
		m.flags |= flagExtra
		m.extra = make([]byte, [...]int{0, 1, 7, 300, 65535}[r.IntN(5)])
	}
	if r.IntN(3) == 0 {
		m.flags |= flagName
		m.name = headerString(r)
	}
	if r.IntN(3) == 0 {
		m.flags |= flagComment
		m.comment = headerString(r)
	}
	if r.IntN(2) == 0 {
		m.flags |= flagHeaderCRC
	}
	switch r.IntN(40) {
	case 0:
		m.wrongHeader = 1
	case 1:
		m.wrongSum = 1 << r.IntN(32)
	case 2:
		m.wrongSize = 1 << r.IntN(32)
	}
	return m.bytes()
}

// headerString is a name with its zero. 511 bytes are the most that compress/gzip takes.
func headerString(r *rand.Rand) []byte {
	n := r.IntN(30)
	if r.IntN(4) == 0 {
		n = 509 + r.IntN(5)
	}
	return append(bytes.Repeat([]byte{byte(1 + r.IntN(255))}, n), 0)
}

// randomText is something to compress: noise, words, runs, and copies from any distance.
func randomText(r *rand.Rand, size int) []byte {
	text := make([]byte, 0, size+maxMatch)
	alphabet := 1 + r.IntN(256)
	for len(text) < size {
		switch r.IntN(4) {
		case 0:
			for range 1 + r.IntN(100) {
				text = append(text, byte(r.IntN(alphabet)))
			}
		case 1:
			text = append(text, bytes.Repeat([]byte{byte(r.Uint32())}, 1+r.IntN(600))...)
		default:
			if len(text) == 0 {
				continue
			}
			distance := 1 + r.IntN(min(len(text), 2*windowSize))
			for range 1 + r.IntN(400) {
				text = append(text, text[len(text)-distance])
			}
		}
	}
	return text[:size]
}
