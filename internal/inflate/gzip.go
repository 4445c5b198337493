package inflate

import "hash/crc32"

// The flags of a member header: RFC 1952, section 2.3.1.
const (
	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4

	maxString = 512 // bytes of a name or a comment with its zero, as in compress/gzip
)

// readMemberHeader reads the header of a member: RFC 1952, section 2.3. Where
// nothing follows a member, that is io.EOF.
func (z *Reader) readMemberHeader() error {
	if z.nbits == 0 && z.pos == inSize {
		if err := z.more(); err != nil {
			return err
		}
	}
	h := header{in: &z.input}
	magic := [3]byte{h.byte(), h.byte(), h.byte()}
	if h.err == nil && magic != [3]byte{0x1f, 0x8b, 8} {
		return z.invalid(ErrHeader)
	}
	flags := h.byte()
	h.skip(6) // MTIME, XFL, OS
	if flags&flagExtra != 0 {
		h.skip(int(h.byte()) | int(h.byte())<<8)
	}
	if flags&flagName != 0 {
		h.string()
	}
	if flags&flagComment != 0 {
		h.string()
	}
	if flags&flagHeaderCRC != 0 {
		want := uint16(h.crc)
		if got := uint16(h.byte()) | uint16(h.byte())<<8; h.err == nil && got != want {
			return z.invalid(ErrChecksum)
		}
	}
	z.stage, z.final, z.start = blockHeader, false, z.at
	z.crc, z.size, z.summed = 0, 0, z.at
	return h.err
}

// header reads the bytes of a header, up to the first error, and sums them up.
type header struct {
	in  *input
	crc uint32
	err error
}

func (h *header) byte() byte {
	if h.err != nil {
		return 0
	}
	var b byte
	if b, h.err = h.in.byte(); h.err == nil {
		h.crc = ^h.crc // as crc32.Update, which would have a slice escape
		h.crc = ^(crc32.IEEETable[byte(h.crc)^b] ^ h.crc>>8)
	}
	return b
}

func (h *header) skip(n int) {
	for ; n > 0 && h.err == nil; n-- {
		h.byte()
	}
}

// string skips to the byte after the next zero.
func (h *header) string() {
	for range maxString {
		if h.byte() == 0 {
			return
		}
	}
	if h.err == nil {
		h.err = h.in.invalid(ErrHeader)
	}
}

// readMemberTrailer holds the member against its CRC-32 and its length: RFC 1952,
// section 2.3.1.
func (z *Reader) readMemberTrailer() error {
	z.align()
	z.sum()
	for _, want := range []uint32{z.crc, z.size} {
		if err := z.need(32); err != nil {
			return err
		}
		if uint32(z.take(32)) != want {
			return z.invalid(ErrChecksum)
		}
	}
	z.stage = memberHeader
	return nil
}
