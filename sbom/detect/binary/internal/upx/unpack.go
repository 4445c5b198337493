package upx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/internal/xz"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// Limits.
const (
	maxBlock  = 48 << 20 // bytes of a block, decompressed
	maxPacked = 16 << 20 // bytes of a block
	maxBlocks = 10_000
)

// Methods of blocks.
const (
	methodStored = 0
	methodLZMA   = 14
)

// block is what UPX compresses at once: the headers of the program, a segment, a part of one
// ("b_info").
type block struct {
	at               int64 // of the content
	unpacked, packed uint32
	method           byte
}

const blockHeader = 12

// blocks returns the blocks of a packed ELF file, by its first bytes: behind the magic are the
// versions, then the lengths of the program and of its blocks ("l_info", "p_info"). What
// follows the last is the launcher, or nothing; behind that are parts that no segment loads,
// which are not looked for.
func blocks(file payload.Source, head []byte) ([]block, error) {
	i := bytes.Index(head, []byte(magic))
	if !bytes.HasPrefix(head, []byte("\x7fELF")) || i < 0 {
		return nil, fmt.Errorf("%w: packed in a format other than ELF", detect.ErrUnsupported)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if head[5] == 2 {
		order = binary.BigEndian
	}
	var list []block
	for at := int64(i) + 8 + 12; len(list) < maxBlocks; {
		b, err := file.Bytes(at, blockHeader, blockHeader)
		if err != nil {
			return list, nil
		}
		x := block{at + blockHeader, order.Uint32(b), order.Uint32(b[4:]), b[8]}
		if x.packed == 0 || x.packed > x.unpacked || methods[x.method] == "" || int64(x.packed) > file.Size-x.at {
			return list, nil
		}
		if x.packed == x.unpacked {
			x.method = methodStored
		}
		list = append(list, x)
		at = x.at + int64(x.packed)
	}
	return nil, &detect.LimitError{Path: "packed program", Limit: maxBlocks, What: "blocks"}
}

// complete reports whether blocks have all that the program loads, by its own headers, which
// are the first block.
func (u *unpacker) complete() bool {
	const maxHeaders = 64 << 10
	if len(u.left) == 0 || u.left[0].unpacked > maxHeaders {
		return false
	}
	head, err := u.block(u.left[0])
	if err != nil {
		return false
	}
	e, ok := section.ReadELF(head)
	if !ok {
		return false
	}
	var have, need uint64
	for _, x := range u.left {
		have += uint64(x.unpacked)
	}
	for _, s := range e.Segments(bytes.NewReader(head)) {
		if s.Type == segmentLoad {
			need += min(s.Filesz, 1<<48)
		}
	}
	return need > 0 && have >= need
}

const segmentLoad = 1 // PT_LOAD

// unpacker gives the content of blocks, one after the other.
type unpacker struct {
	file payload.Source
	left []block
	buf  []byte
}

func (u *unpacker) Close() error { return nil }

func (u *unpacker) Read(p []byte) (int, error) {
	for len(u.buf) == 0 {
		if len(u.left) == 0 {
			return 0, io.EOF
		}
		var err error
		if u.buf, err = u.block(u.left[0]); err != nil {
			return 0, err
		}
		u.left = u.left[1:]
	}
	n := copy(p, u.buf)
	u.buf = u.buf[n:]
	return n, nil
}

// block decompresses one. The stream of LZMA has two bytes in front: lc + lp and pb, lp and lc.
func (u *unpacker) block(x block) ([]byte, error) {
	if x.unpacked > maxBlock {
		return nil, &detect.LimitError{Path: "packed program", Limit: maxBlock, Size: int64(x.unpacked)}
	}
	b, err := u.file.Bytes(x.at, int64(x.packed), maxPacked)
	if err != nil || x.method == methodStored {
		return b, err
	}
	if len(b) < 2 {
		return nil, fmt.Errorf("%w: block of a packed program", detect.ErrFormat)
	}
	pb, lp, lc := b[0]&7, b[1]>>4, b[1]&0xf
	if pb > 4 || lp > 4 || lc > 8 || lc+lp != b[0]>>3 {
		return nil, fmt.Errorf("%w: block of a packed program", detect.ErrFormat)
	}
	out, err := xz.DecompressLZMA(b[2:], (pb*5+lp)*9+lc, int(x.unpacked))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return out, nil
}
