package inflate_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

const (
	helloFile = "1f8b0808c858134a000368656c6c6f2e74787400cb48cdc9c95728cf2fca49e10200"
	hello     = "68656c6c6f20776f726c640a"
)

// ofGzip are the files of Go's compress/gzip tests.
var ofGzip = []published{
	{"no members", "", "", nil},
	{"empty, with a name", "1f8b0808f75e144a0003656d7074792e747874000300 00*8", "", nil},
	{"empty, stored", "1f8b080000096e8800ff010000ffff 00*8", "", nil},
	{"one member", helloFile + "2d3b08af0c000000", hello, nil},
	{"two members", helloFile + "2d3b08af0c000000" + helloFile + "2d3b08af0c000000", hello + hello, nil},
	{"garbage behind", helloFile + "2d3b08af0c000000" + "67617262616765212121", hello, inflate.ErrHeader},
	{"cut: one byte of a second header", helloFile + "2d3b08af0c000000" + "1f", hello, io.ErrUnexpectedEOF},
	{"wrong CRC-32", helloFile + "ffffffff0c000000", hello, inflate.ErrChecksum},
	{"wrong length", helloFile + "2d3b08afff000000", hello, inflate.ErrChecksum},
	{"cut: in a stored block", "1f8b0800 00*5 ff000c00f3ff68656c6c6f", "68656c6c6f", io.ErrUnexpectedEOF},
	{"cut: in a fixed block", "1f8b0800 00*5 fff248cd", "4865", io.ErrUnexpectedEOF},
	{"cut: in the name of a second member", helloFile + "2d3b08af0c000000" + "1f8b0808 00*5 ff01", hello, io.ErrUnexpectedEOF},
	{"cut: in the comment of a second member", helloFile + "2d3b08af0c000000" + "1f8b0810 00*5 ff01", hello, io.ErrUnexpectedEOF},
}

// ofZlibGzip are the gzip files of zlib's test/infcover.c. Reserved flags, which zlib refuses, are
// nothing to the standard library.
var ofZlibGzip = []published{
	{"unknown method", "1f8b0000", "", inflate.ErrHeader},
	{"cut: behind reserved flags", "1f8b0880", "", io.ErrUnexpectedEOF},
	{"wrong CRC-16 of the header", "1f8b081e 00*6 01 00*6", "", inflate.ErrChecksum},
	{"right CRC-16 of the header", "1f8b0802 00*6 1d260300 00*8", "", nil},
	{"CRC-32 one off", "1f8b0800 00*6 0300 00*3 01", "", inflate.ErrChecksum},
	{"length one off", "1f8b0800 00*6 0300 00*7 01", "", inflate.ErrChecksum},
}

func TestPublishedFiles(t *testing.T) {
	for _, p := range append(ofGzip, ofZlibGzip...) {
		t.Run(p.name, func(t *testing.T) { p.check(t, gzipFile) })
	}
}

// TestMembers reads members with every field of the header, right and wrong.
func TestMembers(t *testing.T) {
	text := []byte("what the member says")
	stored := func(text []byte) []byte { var s stream; s.stored(true, text); return s.bytes() }
	zeroEnded := func(n int) []byte { return append(bytes.Repeat([]byte{0xe9}, n), 0) }
	var tooFar stream
	tooFar.fixed(true).match(3, 1)

	for _, row := range []struct {
		name   string
		member member
		want   error
	}{
		{"no field", member{}, nil},
		{"text flag", member{flags: 1}, nil},
		{"reserved flags", member{flags: 0xe0}, nil},
		{"extra field of nothing", member{flags: flagExtra}, nil},
		{"longest extra field", member{flags: flagExtra, extra: make([]byte, 65535)}, nil},
		{"name of nothing", member{flags: flagName, name: zeroEnded(0)}, nil},
		{"longest name", member{flags: flagName, name: zeroEnded(511)}, nil},
		{"name too long", member{flags: flagName, name: zeroEnded(512)}, inflate.ErrHeader},
		{"longest comment", member{flags: flagComment, comment: zeroEnded(511)}, nil},
		{"comment too long", member{flags: flagComment, comment: zeroEnded(512)}, inflate.ErrHeader},
		{"name without an end", member{flags: flagName, name: zeroEnded(600)[:600]}, inflate.ErrHeader},
		{"header's CRC-16", member{flags: flagHeaderCRC}, nil},
		{"CRC-16 of all fields", member{flags: 0x1e, extra: []byte("extra"), name: zeroEnded(511), comment: zeroEnded(1)}, nil},
		{"header's CRC-16 one off", member{flags: flagHeaderCRC, wrongHeader: 1}, inflate.ErrChecksum},
		{"header's CRC-16 in its other byte off", member{flags: flagHeaderCRC, wrongHeader: 0x100}, inflate.ErrChecksum},
		{"CRC-32 off in the lowest bit", member{wrongSum: 1}, inflate.ErrChecksum},
		{"CRC-32 off in the highest bit", member{wrongSum: 1 << 31}, inflate.ErrChecksum},
		{"length off in the lowest bit", member{wrongSize: 1}, inflate.ErrChecksum},
		{"length off in the highest bit", member{wrongSize: 1 << 31}, inflate.ErrChecksum},
		{"distance into the member before", member{deflated: tooFar.bytes()}, inflate.ErrDistance},
	} {
		t.Run(row.name, func(t *testing.T) {
			good := member{deflated: stored(text), text: text}.bytes()
			m, out := row.member, bytes.Clone(text)
			if m.deflated == nil {
				m.deflated, m.text = stored(text), text
				if row.want != inflate.ErrHeader && m.wrongHeader == 0 {
					out = append(out, text...)
				}
			}
			if row.want == nil {
				out = append(out, text...)
			}
			in := append(append(bytes.Clone(good), m.bytes()...), good...)
			got, err := io.ReadAll(inflate.NewGzipReader(bytes.NewReader(in)))
			if !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if !bytes.Equal(got, out) {
				t.Errorf("output %q, want %q", got, out)
			}
			compareAllWays(t, gzipFile, in)
		})
	}
}

// TestTruncatedFile cuts a file of two members at every byte: it is whole at the end of either.
func TestTruncatedFile(t *testing.T) {
	var s stream
	s.stored(true, []byte("text"))
	m := member{
		flags: 0x1e, extra: []byte("extra"), name: []byte("name\x00"), comment: []byte("comment\x00"),
		deflated: s.bytes(), text: s.out,
	}.bytes()
	in := append(bytes.Clone(m), m...)
	for n := range len(in) + 1 {
		_, err := io.ReadAll(inflate.NewGzipReader(bytes.NewReader(in[:n])))
		if whole := n%len(m) == 0; whole && err != nil || !whole && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, len(in), err)
		}
		compareAllWays(t, gzipFile, in[:n])
	}
}

// TestManyEmptyMembers reads a file of nothing but members of nothing, for one byte that never comes.
func TestManyEmptyMembers(t *testing.T) {
	empty := member{deflated: []byte{3, 0}}.bytes()
	in := bytes.Repeat(empty, 200_000)
	n, err := inflate.NewGzipReader(bytes.NewReader(in)).Read(make([]byte, 1))
	if n != 0 || err != io.EOF {
		t.Errorf("%d, %v; want 0, EOF", n, err)
	}
}
