// Package testbin writes the smallest executables that have one named section. It is
// for tests.
package testbin

import (
	"bytes"
	"encoding/binary"
)

// ELF returns a shared library of the given class (32 or 64) and byte order with
// the section.
func ELF(order binary.ByteOrder, class int, name string, content []byte) []byte {
	head, entry := 52, 40
	if class == 64 {
		head, entry = 64, 64
	}
	names := "\x00.shstrtab\x00" + name + "\x00"
	table := head + len(content) + len(names)
	b := make([]byte, table+3*entry)
	copy(b, "\x7fELF")
	b[4], b[5], b[6] = byte(class/32), 1, 1
	if order == binary.BigEndian {
		b[5] = 2
	}
	order.PutUint16(b[16:], 3)
	order.PutUint32(b[20:], 1)
	put := func(off int, v int) {
		if class == 64 {
			order.PutUint64(b[off:], uint64(v))
		} else {
			order.PutUint32(b[off:], uint32(v))
		}
	}
	put(map[int]int{32: 32, 64: 40}[class], table)
	counts := map[int]int{32: 46, 64: 58}[class]
	order.PutUint16(b[counts:], uint16(entry))
	order.PutUint16(b[counts+2:], 3)
	order.PutUint16(b[counts+4:], 1)
	copy(b[head:], content)
	copy(b[head+len(content):], names)
	section := func(i, name, kind, off, size int) {
		at := table + i*entry
		order.PutUint32(b[at:], uint32(name))
		order.PutUint32(b[at+4:], uint32(kind))
		put(at+map[int]int{32: 16, 64: 24}[class], off)
		put(at+map[int]int{32: 20, 64: 32}[class], size)
	}
	section(1, 1, 3, head+len(content), len(names)) // SHT_STRTAB
	section(2, 11, 1, head, len(content))           // SHT_PROGBITS
	return b
}

// PE returns a program for Windows with the section, padded as linkers do.
func PE(name string, content []byte) []byte {
	const base, data = 0x80, 0x200
	raw := (len(content) + 511) / 512 * 512
	b := make([]byte, data+raw)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3c:], base)
	copy(b[base:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[base+6:], 2)
	table := b[base+24:]
	copy(table, ".text")
	table = table[40:]
	copy(table, name)
	binary.LittleEndian.PutUint32(table[8:], uint32(len(content)))
	binary.LittleEndian.PutUint32(table[16:], uint32(raw))
	binary.LittleEndian.PutUint32(table[20:], data)
	copy(b[data:], content)
	return b
}

// MachO returns a program for macOS of 64 bits with the section.
func MachO(name string, content []byte) []byte {
	const header, command = 32, 72 + 80
	order := binary.LittleEndian
	b := make([]byte, header+command+len(content))
	order.PutUint32(b, 0xfeedfacf)
	order.PutUint32(b[16:], 1)
	order.PutUint32(b[20:], command)
	order.PutUint32(b[header:], 0x19)
	order.PutUint32(b[header+4:], command)
	order.PutUint32(b[header+64:], 1)
	s := b[header+72:]
	copy(s, name)
	copy(s[16:], "__DATA")
	order.PutUint64(s[40:], uint64(len(content)))
	order.PutUint32(s[48:], header+command)
	copy(b[header+command:], content)
	return b
}

// Universal returns a universal binary of the programs.
func Universal(programs ...[]byte) []byte {
	head := make([]byte, 8+20*len(programs))
	binary.BigEndian.PutUint32(head, 0xcafebabe)
	binary.BigEndian.PutUint32(head[4:], uint32(len(programs)))
	var body bytes.Buffer
	for i, p := range programs {
		binary.BigEndian.PutUint32(head[8+20*i+8:], uint32(len(head)+body.Len()))
		binary.BigEndian.PutUint32(head[8+20*i+12:], uint32(len(p)))
		body.Write(p)
	}
	return append(head, body.Bytes()...)
}

// Wasm returns a WebAssembly module with the section behind an empty one.
func Wasm(name string, content []byte) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00\x01\x01\x00\x00")
	body := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	body = append(body, content...)
	b = binary.AppendUvarint(b, uint64(len(body)))
	return append(b, body...)
}
