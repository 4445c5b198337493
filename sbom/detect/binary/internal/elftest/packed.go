package elftest

import (
	"encoding/binary"
	"strings"
)

// Packed is a program for x86-64 whose strings stand side by side with nothing between them.
// Its code and data say where each begins and ends.
type Packed struct {
	// Text is what stands in front of the strings.
	Text string
	// Strings are in order. Those that Data has are referred to by a pair of an address and a
	// length, or by a relocation if Relocated is set; others by code.
	Strings   []string
	Data      map[string]bool
	Relocated bool
	Library   bool
}

const (
	packedCode = 0x1000 // where the code is, and where it is loaded
	lea        = "\x48\x8d\x35"
	movEDX     = "\xba"
	ret        = "\xc3"
	readable   = 4
)

// Bytes returns the file.
func (p *Packed) Bytes() []byte {
	order := binary.LittleEndian
	size := packedCode + 32*len(p.Strings)
	text := "\x00" + p.Text + "\x00" + strings.Join(p.Strings, "")
	rodata := (size + 0xfff) &^ 0xfff
	data := (rodata + len(text) + 0xfff) &^ 0xfff
	b := make([]byte, data)
	copy(b[rodata:], text)
	at := rodata + len(p.Text) + 2
	code := b[packedCode:packedCode]
	var pairs []byte
	for _, s := range p.Strings {
		if p.Data[s] {
			addr := uint64(at)
			if p.Relocated {
				addr = 0
			}
			pairs = order.AppendUint64(order.AppendUint64(pairs, addr), uint64(len(s)))
		} else {
			code = append(code, lea...)
			code = order.AppendUint32(code, uint32(at-(packedCode+len(code)+4)))
			code = append(code, movEDX...)
			code = append(order.AppendUint32(code, uint32(len(s))), ret...)
		}
		at += len(s)
	}
	if p.Relocated {
		pairs = append(pairs, p.relocations(rodata+len(p.Text)+2, data)...)
	}
	b = append(b, pairs...)
	kind := byte(2)
	if p.Library {
		kind = 3
	}
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[20], b[32], b[52], b[54], b[56] = kind, 62, 1, 64, 64, 56, 4
	for i, s := range []struct{ flags, off, size int }{{readable, 0, packedCode}, {readable | 1, packedCode, rodata - packedCode}, {readable, rodata, data - rodata}, {readable | 2, data, len(pairs)}} {
		h := b[64+56*i:]
		order.PutUint32(h, load)
		order.PutUint32(h[4:], uint32(s.flags))
		for k, v := range []int{s.off, s.off, s.off, s.size, s.size, 0x1000} {
			order.PutUint64(h[8+8*k:], uint64(v))
		}
	}
	return b
}

// relocations returns those that put the addresses of the strings before their lengths.
func (p *Packed) relocations(at, data int) (out []byte) {
	const relative = 8
	for _, s := range p.Strings {
		if p.Data[s] {
			for _, v := range []int{data, relative, at} {
				out = binary.LittleEndian.AppendUint64(out, uint64(v))
			}
			data += 16
		}
		at += len(s)
	}
	return out
}
