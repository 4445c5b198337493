// Package upx recognises programs that UPX has packed, by the headers that it leaves
// ("l_info", "p_info", "b_info" and "PackHeader"), and unpacks those of ELF that are
// compressed by LZMA. Those compressed by UPX's own methods (NRV) are told as not read.
package upx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

const magic = "UPX!"

// methods are how a program may be compressed.
var methods = map[byte]string{2: "NRV2B", 3: "NRV2B", 4: "NRV2B", 5: "NRV2D", 6: "NRV2D", 7: "NRV2D", 8: "NRV2E", 9: "NRV2E", 10: "NRV2E", 14: "LZMA", 15: "DEFLATE", 16: "zstd"}

// formats are the file formats that have the header, and whether its numbers are
// big-endian: the upper half are.
const (
	maxFormat = 0xa0
	bigEndian = 0x80
)

// Recognise returns what is known of the program, by the first and the last bytes of the
// file, nil if it is not packed. The payload's error wraps detect.ErrUnsupported. It also
// reports whether Unpack may know more.
func Recognise(head, tail []byte, size int64) (p *payload.Payload, more bool) {
	h := largest(tail)
	if h.unpacked == 0 {
		h = largest(head)
	}
	if h.unpacked == 0 {
		return nil, false
	}
	p = &payload.Payload{Kind: "program packed by UPX", Size: size}
	p.Tool = "UPX"
	for _, b := range [][]byte{tail, head} {
		if v := version(b); v != "" {
			p.Tool += " " + v
			break
		}
	}
	p.Err = fmt.Errorf("%w: packed by %s (%s, %d bytes in %d), what is in it cannot be seen", detect.ErrUnsupported, p.Tool, methods[h.method], h.unpacked, size)
	return p, h.method == methodLZMA && bytes.HasPrefix(head, []byte("\x7fELF"))
}

// Unpack is Recognise for a file that can be read again: if it knows how to unpack the
// program, that is the payload's only Program, and there is no error.
func Unpack(file payload.Source, head, tail []byte) *payload.Payload {
	p, more := Recognise(head, tail, file.Size)
	if !more {
		return p
	}
	list, err := blocks(file, head)
	if err != nil || !(&unpacker{file: file, left: list}).complete() {
		return p
	}
	var size int64
	for _, b := range list {
		if size += int64(b.unpacked); b.method != methodLZMA && b.method != methodStored {
			return p
		}
	}
	p.Err = nil
	p.AddProgram(payload.Program{Name: "unpacked", Whole: true, Offset: list[0].at, Size: size, Open: func() (io.ReadCloser, error) {
		return &unpacker{file: file, left: list}, nil
	}})
	return p
}

type header struct {
	method   byte
	unpacked uint32 // bytes of the whole file
}

// largest returns the PackHeader of b with most behind it, the zero value if there is none:
// the magic, one byte each for version, format, method and level, two checksums, the
// lengths of the last block before and after, the length of the file before. The
// launcher may have one for itself.
func largest(b []byte) (h header) {
	const length = 28
	for i := 0; ; i++ {
		n := bytes.Index(b[i:], []byte(magic))
		if n < 0 {
			return h
		}
		i += n
		x := b[i:]
		if len(x) < length || x[4] < 8 || x[4] >= 32 || x[5] == 0 || x[5] >= maxFormat || methods[x[6]] == "" || x[7] > 10 {
			continue
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if x[5] >= bigEndian {
			order = binary.BigEndian
		}
		block, packed, whole := order.Uint32(x[16:]), order.Uint32(x[20:]), order.Uint32(x[24:])
		if packed > 0 && packed <= block && block <= whole && whole > h.unpacked {
			h = header{x[6], whole}
		}
	}
}

// version returns the version in "$Id: UPX 4.24 Copyright", or at once before the magic of a
// program for Windows: "4.24", NUL.
func version(b []byte) string {
	if _, rest, ok := bytes.Cut(b, []byte("$Id: UPX ")); ok {
		v, _, _ := bytes.Cut(rest[:min(len(rest), 16)], []byte(" "))
		return numbers(v)
	}
	before, _, ok := bytes.Cut(b, []byte("\x00"+magic))
	if !ok {
		return ""
	}
	return numbers(before[bytes.LastIndexByte(before, 0)+1:])
}

// numbers returns v if it is numbers and full stops.
func numbers(v []byte) string {
	if len(v) < 3 || len(v) > 12 || len(bytes.Trim(v, "0123456789.")) > 0 || v[0] == '.' {
		return ""
	}
	return string(v)
}
