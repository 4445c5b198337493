package header

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

var le = binary.LittleEndian

// load returns the load command of a library.
func load(cmd uint32, name string, version uint32) []byte {
	b := le.AppendUint32(nil, cmd)
	b = le.AppendUint32(b, uint32(24+len(name)+1))
	b = le.AppendUint32(le.AppendUint32(b, 24), 0)
	b = le.AppendUint32(le.AppendUint32(b, version), 0)
	return append(append(b, name...), 0)
}

// dylib returns a library for macOS with a payload.
func dylib(cpu uint32) []byte {
	const payload = "payload"
	commands := append(load(cmdIDDylib, "/usr/lib/liba.1.dylib", 1<<16|2<<8|11), load(cmdLoadDylib, "/usr/lib/libz.1.dylib", 0)...)
	commands = append(commands, append(le.AppendUint32(le.AppendUint32(nil, cmdUUID), 24), bytes.Repeat([]byte{0xab}, 16)...)...)
	for _, v := range []uint32{cmdBuildVersion, 32, 1, 11 << 16, 13<<16 | 3<<8, 1, 3, 820<<16 | 1<<8} {
		commands = le.AppendUint32(commands, v)
	}
	segment := make([]byte, 72+80)
	le.PutUint32(segment, cmdSegment64)
	le.PutUint32(segment[4:], uint32(len(segment)))
	copy(segment[8:], "__SUI")
	le.PutUint64(segment[72+40:], uint64(len(payload)))
	le.PutUint32(segment[72+48:], uint32(32+len(commands)+len(segment)))
	commands = append(commands, segment...)
	head := make([]byte, 32)
	le.PutUint32(head, 0xfeedfacf)
	le.PutUint32(head[4:], cpu)
	le.PutUint32(head[12:], 6)
	le.PutUint32(head[20:], uint32(len(commands)))
	return append(append(head, commands...), payload...)
}

func TestMachO(t *testing.T) {
	data := dylib(0x0100000c)
	got := read(data, 5)
	if got.Architecture != "arm64" || !got.Library || got.SONAME != "/usr/lib/liba.1.dylib" || !slices.Equal(got.Needed, []string{"/usr/lib/libz.1.dylib"}) ||
		got.BuildID != strings.Repeat("ab", 16) || got.Platform != "macOS 11.0" || !slices.Equal(got.Tools, []string{"ld 820.1"}) || got.Damaged != "" {
		t.Errorf("%+v", got)
	}
	if s := got.Stated; s == nil || s.Version != "1.2.11" || le.Uint32(data[s.Offset:]) != 1<<16|2<<8|11 {
		t.Errorf("%+v", s)
	}
	if p := got.Payloads; len(p) != 1 || p[0].Name != "SUI" || string(data[p[0].Offset:]) != "payload" {
		t.Errorf("%+v", p)
	}
}

// fat returns a universal file of parts at multiples of 64 bytes.
func fat(parts ...[]byte) []byte {
	be := binary.BigEndian
	b := make([]byte, 64+20*len(parts))
	be.PutUint32(b, 0xcafebabe)
	be.PutUint32(b[4:], uint32(len(parts)))
	for i, p := range parts {
		b = append(b, make([]byte, -len(b)&63)...)
		be.PutUint32(b[8+20*i+8:], uint32(len(b)))
		be.PutUint32(b[8+20*i+12:], uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

func TestUniversal(t *testing.T) {
	data := fat(dylib(0x01000007), dylib(0x0100000c))
	for _, piece := range []int{1, 100, len(data)} {
		got := read(data, piece)
		if got.Architecture != "amd64+arm64" || len(got.Parts) != 2 || got.Parts[1].BuildID == "" || got.SONAME != "/usr/lib/liba.1.dylib" || len(got.Needed) != 1 || got.Damaged != "" {
			t.Errorf("pieces of %d: %+v", piece, got)
		}
		if s := got.Stated; s == nil || le.Uint32(data[s.Offset:]) != 1<<16|2<<8|11 {
			t.Errorf("pieces of %d: %+v", piece, s)
		}
		if len(got.Payloads) != 2 || string(data[got.Payloads[1].Offset:]) != "payload" {
			t.Errorf("pieces of %d: %+v", piece, got.Payloads)
		}
	}
	for what, change := range map[string]func(b []byte){
		"parts on each other":  func(b []byte) { copy(b[8+20+8:8+20+12], b[8+8:]) },
		"a part on the header": func(b []byte) { binary.BigEndian.PutUint32(b[8+8:], 10) },
		"a part of 4 GiB":      func(b []byte) { binary.BigEndian.PutUint32(b[8+12:], 0xffffffff) },
		"a part of text":       func(b []byte) { copy(b[binary.BigEndian.Uint32(b[16:]):], "text") },
	} {
		b := bytes.Clone(data)
		change(b)
		if got := read(b, 100); got.Format != "universal Mach-O" || got.Damaged == "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
}
