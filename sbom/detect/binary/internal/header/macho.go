package header

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

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

func (m *mach) wide() bool { return m.start == 32 }

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
	cmdSegment       = 0x1
	cmdLoadDylib     = 0xc
	cmdIDDylib       = 0xd
	cmdSegment64     = 0x19
	cmdUUID          = 0x1b
	cmdMinimumMacOS  = 0x24
	cmdBuildVersion  = 0x32
	cmdWeakDylib     = 0x80000018
	cmdReexportDylib = 0x8000001f
)

// Platforms and tools of LC_BUILD_VERSION.
var (
	machPlatforms = map[uint32]string{1: "macOS", 2: "iOS", 3: "tvOS", 4: "watchOS", 6: "Mac Catalyst", 11: "visionOS"}
	machTools     = map[uint32]string{1: "clang", 2: "swift", 3: "ld", 4: "lld"}
)

// machPayloads are the segments that Node, Deno and Bun add to a copy of themselves.
var machPayloads = map[string]string{"NODE_SEA": "NODE_SEA_BLOB", "__SUI": "SUI", "__BUN": "BUN"}

func (m *mach) facts(r *Reader, _ Names) Facts {
	head := r.parts[0].data
	kind := m.order.Uint32(head[12:])
	f := Facts{Format: "Mach-O", Bits: 32, Library: kind == 6 || kind == 8, Architecture: m.architecture(head)} // MH_DYLIB, MH_BUNDLE
	if m.wide() {
		f.Bits = 64
	}
	at := m.start
	for b := r.at(m.start, m.size); len(b) >= 8; {
		size := m.order.Uint32(b[4:])
		if size < 8 || uint64(size) > uint64(len(b)) {
			f.Damaged = "a load command leads out of the table"
			break
		}
		m.command(r, &f, b[:size], at)
		b, at = b[size:], at+int64(size)
	}
	f.Dynamic = len(f.Needed) > 0
	return f
}

func (m *mach) architecture(head []byte) string {
	switch cpu := m.order.Uint32(head[4:]); cpu {
	case 0x01000007:
		return "amd64"
	case 0x0100000c:
		return "arm64"
	case 7:
		return "386"
	default:
		return fmt.Sprintf("machine %#x", cpu)
	}
}

func (m *mach) command(r *Reader, f *Facts, b []byte, at int64) {
	switch m.order.Uint32(b) {
	case cmdUUID:
		if len(b) >= 24 {
			f.BuildID = hex.EncodeToString(b[8:24])
		}
	case cmdIDDylib:
		if f.SONAME = m.dylib(b); f.SONAME != "" {
			f.Stated = &Stated{Field: "LC_ID_DYLIB", Offset: at + 16, Version: m.version(m.order.Uint32(b[16:]))}
		}
	case cmdLoadDylib, cmdWeakDylib, cmdReexportDylib:
		if name := m.dylib(b); name != "" && len(f.Needed) < maxNeeded {
			f.Needed = append(f.Needed, name)
		}
	case cmdMinimumMacOS:
		if len(b) >= 16 {
			f.Platform = "macOS " + m.version(m.order.Uint32(b[8:]))
		}
	case cmdBuildVersion:
		m.build(f, b)
	case cmdSegment:
		m.segment(r, f, b, 56, 68)
	case cmdSegment64:
		m.segment(r, f, b, 72, 80)
	}
}

func (m *mach) dylib(b []byte) string {
	if len(b) < 24 || uint64(m.order.Uint32(b[8:])) > uint64(len(b)) {
		return ""
	}
	return text(b[m.order.Uint32(b[8:]):])
}

// version returns three numbers, of 16, 8 and 8 bits; the last is left out where it is 0.
func (m *mach) version(v uint32) string {
	s := fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)
	return strings.TrimSuffix(s, ".0")
}

func (m *mach) build(f *Facts, b []byte) {
	if len(b) < 24 {
		return
	}
	platform := m.order.Uint32(b[8:])
	name := machPlatforms[platform]
	if name == "" {
		name = fmt.Sprintf("platform %d", platform)
	}
	f.Platform = name + " " + m.version(m.order.Uint32(b[12:]))
	for t := b[24:]; len(t) >= 8 && len(f.Tools) < maxParts; t = t[8:] {
		if name := machTools[m.order.Uint32(t)]; name != "" {
			f.Tools = append(f.Tools, name+" "+m.version(m.order.Uint32(t[4:])))
		}
	}
}

// segment notes the first section of a segment that is a payload.
func (m *mach) segment(r *Reader, f *Facts, b []byte, header, section int) {
	if len(b) < header+section {
		return
	}
	name := machPayloads[text(b[8:24])]
	if name == "" {
		return
	}
	s := b[header:]
	off, size := int64(m.order.Uint32(s[40:])), int64(m.order.Uint32(s[36:]))
	if m.wide() && section == 80 {
		off, size = int64(m.order.Uint32(s[48:])), int64(min(m.order.Uint64(s[40:]), 1<<62))
	}
	if r.inside(off, size) {
		f.addPayload(Payload{name, off, size})
	}
}
