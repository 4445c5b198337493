package header

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// pe is a program for Windows (Microsoft PE and COFF Specification).
type pe struct{}

func (pe) plan(*Reader, []byte) {}

func (pe) facts(r *Reader, _ Names) Facts {
	head := r.parts[0].data
	if len(head) < 64 {
		return Facts{}
	}
	base := binary.LittleEndian.Uint32(head[0x3c:])
	if uint64(base)+26 > uint64(len(head)) || !bytes.HasPrefix(head[base:], []byte("PE\x00\x00")) {
		return Facts{} // A program for DOS, or a text.
	}
	h := head[base:]
	f := Facts{Format: "PE", Dynamic: true, Library: binary.LittleEndian.Uint16(h[22:])&0x2000 != 0, Bits: 32}
	if binary.LittleEndian.Uint16(h[24:]) == 0x20b {
		f.Bits = 64
	}
	switch m := binary.LittleEndian.Uint16(h[4:]); m {
	case 0x8664:
		f.Architecture = "amd64"
	case 0x14c:
		f.Architecture = "386"
	case 0xaa64:
		f.Architecture = "arm64"
	case 0x1c0, 0x1c4:
		f.Architecture = "arm"
	default:
		f.Architecture = fmt.Sprintf("machine %#x", m)
	}
	return f
}

// mach is a program for macOS (mach-o/loader.h).
type mach struct {
	order       binary.ByteOrder
	start, size int64
}

func machOrder(head []byte) binary.ByteOrder {
	switch binary.LittleEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf:
		return binary.LittleEndian
	case 0xcefaedfe, 0xcffaedfe:
		return binary.BigEndian
	}
	return nil
}

func (m *mach) plan(r *Reader, head []byte) {
	m.start = 28
	if m.order.Uint32(head) == 0xfeedfacf {
		m.start = 32
	}
	if m.size = int64(m.order.Uint32(head[20:])); m.size > 0 {
		r.keep(m.start, m.size)
	}
}

// Load commands.
const (
	cmdLoadDylib = 0xc
	cmdIDDylib   = 0xd
	cmdUUID      = 0x1b
	cmdWeakDylib = 0x80000018
)

func (m *mach) facts(r *Reader, _ Names) Facts {
	head := r.parts[0].data
	kind := m.order.Uint32(head[12:])
	f := Facts{Format: "Mach-O", Bits: 32, Library: kind == 6 || kind == 8} // MH_DYLIB, MH_BUNDLE
	if m.start == 32 {
		f.Bits = 64
	}
	switch cpu := m.order.Uint32(head[4:]); cpu {
	case 0x01000007:
		f.Architecture = "amd64"
	case 0x0100000c:
		f.Architecture = "arm64"
	case 7:
		f.Architecture = "386"
	default:
		f.Architecture = fmt.Sprintf("machine %#x", cpu)
	}
	for b := r.at(m.start, m.size); len(b) >= 8; {
		size := m.order.Uint32(b[4:])
		if size < 8 || uint64(size) > uint64(len(b)) {
			f.Damaged = "a load command leads out of the table"
			break
		}
		m.command(&f, b[:size])
		b = b[size:]
	}
	f.Dynamic = len(f.Needed) > 0
	return f
}

func (m *mach) command(f *Facts, b []byte) {
	switch m.order.Uint32(b) {
	case cmdUUID:
		if len(b) >= 24 {
			f.BuildID = hex.EncodeToString(b[8:24])
		}
	case cmdIDDylib:
		f.SONAME = m.dylib(b)
	case cmdLoadDylib, cmdWeakDylib:
		if name := m.dylib(b); name != "" && len(f.Needed) < maxNeeded {
			f.Needed = append(f.Needed, name)
		}
	}
}

func (m *mach) dylib(b []byte) string {
	if len(b) < 24 || uint64(m.order.Uint32(b[8:])) > uint64(len(b)) {
		return ""
	}
	return text(b[m.order.Uint32(b[8:]):])
}

// universal is a Mach-O file for several architectures. What its parts need is not read.
type universal struct{}

func (universal) plan(*Reader, []byte)       {}
func (universal) facts(*Reader, Names) Facts { return Facts{Format: "universal Mach-O", Dynamic: true} }

type wasm struct{}

func (wasm) plan(*Reader, []byte) {}
func (wasm) facts(*Reader, Names) Facts {
	return Facts{Format: "WebAssembly", Architecture: "wasm", Bits: 32}
}
