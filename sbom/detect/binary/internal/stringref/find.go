package stringref

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// findData notes pairs of an address and a length, and relocations (Elf64_Rela) that put
// an address in front of a length when the program is loaded.
func (p *Program) findData(b []byte, addr uint64, fresh int) {
	for i := int(-addr & 7); i+16 <= len(b) && i < fresh; i += 8 {
		to, n := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])
		switch {
		case n-1 < maxString && p.among(to) && p.near(to):
			p.add(ref{to: to, from: addr + uint64(i), length: uint32(n)})
		case (n == relativeAMD64 || n == relativeARM64) && i+24 <= len(b):
			p.relocated(to, binary.LittleEndian.Uint64(b[i+16:]))
		}
	}
}

// Types of relocations that add where the program was loaded to a number.
const (
	relativeAMD64 = 8    // R_X86_64_RELATIVE
	relativeARM64 = 1027 // R_AARCH64_RELATIVE
)

// relocated notes a string of which the address is put at from.
func (p *Program) relocated(from, to uint64) {
	if p.functions != nil && from == p.functions.addr+textAt {
		p.functions.text = to
	}
	if !p.among(to) || !p.near(to) {
		return
	}
	b := p.text(from+8, 8)
	if len(b) < 8 {
		return
	}
	if n := binary.LittleEndian.Uint64(b); n-1 < maxString {
		p.add(ref{to: to, from: from, length: uint32(n)})
	}
}

// findCode notes where code takes the address of something, and the numbers that it
// loads near by, one of which may be the length.
func (p *Program) findCode(b []byte, addr uint64, fresh int) {
	if p.machine == machineARM64 {
		p.findCodeARM64(b, addr, fresh)
		return
	}
	for i := 1; i+6 < len(b) && i <= fresh; i++ {
		n := bytes.IndexByte(b[i:min(fresh+1, len(b)-6)], opLEA)
		if n < 0 {
			return
		}
		if i += n; b[i-1]&0xf8 != 0x48 || b[i+1]&0xc7 != modRIP { // With REX.W.
			continue
		}
		to := target(b, i+2, addr)
		if !p.among(to) || !p.near(to) {
			continue
		}
		behind, before := first(b[i+6:min(len(b), i+46)]), last(b[max(0, i-32):i-1])
		if behind > 0 {
			p.add(ref{to: to, from: addr + uint64(i-1), length: behind, code: true})
		}
		if before > 0 && before != behind {
			p.add(ref{to: to, from: addr + uint64(i-1), length: before, code: true})
		}
	}
}

const (
	opLEA  = 0x8d
	opCALL = 0xe8
	opRET  = 0xc3
	modRIP = 0x05 // an address relative to the next instruction
)

// target is what the four bytes at b[i] that end an instruction lead to.
func target(b []byte, i int, addr uint64) uint64 {
	return addr + uint64(i+4) + uint64(int64(int32(binary.LittleEndian.Uint32(b[i:]))))
}

// first returns the first length that is loaded in b.
func first(b []byte) uint32 {
	for ; len(b) >= 5; b = b[1:] {
		if n := immediate(b); n > 0 {
			return n
		}
		if ends(b[0]) {
			return 0
		}
	}
	return 0
}

// last returns the last length that is loaded in b, behind the last call or return.
func last(b []byte) (n uint32) {
	for ; len(b) >= 5; b = b[1:] {
		if more := immediate(b); more > 0 {
			n = more
		} else if ends(b[0]) {
			n = 0
		}
	}
	if bytes.IndexByte(b, opRET) >= 0 {
		return 0
	}
	return n
}

// ends reports whether an instruction may begin behind which registers are another's.
func ends(op byte) bool { return op == opCALL || op == opRET }

// immediate returns the number that the instruction at the start of b moves to a register or
// to memory, 0 if it is no MOV, or of what can't be the length of a string.
func immediate(b []byte) uint32 {
	at := 0
	switch {
	case b[0]&0xf8 == 0xb8: // MOV r32, imm32
		at = 1
	case b[0] == 0xc7 && b[1]&0xf8 == 0x00: // MOV [r], imm32
		at = 2
	case b[0] == 0xc7 && b[1]&0xf8 == 0x40: // MOV [r+disp8], imm32
		at = 3
	case b[0] == 0xc7 && b[1]&0xf8 == 0x80: // MOV [r+disp32], imm32
		at = 6
	}
	if at > 1 && b[1]&7 == 4 {
		at++ // SIB
	}
	if at == 0 || at+4 > len(b) {
		return 0
	}
	if n := binary.LittleEndian.Uint32(b[at:]); n-1 < maxString {
		return n
	}
	return 0
}

// Readers returns the places in the code that refer to the addresses, at most 16 for each.
func (p *Program) Readers(addrs []uint64) map[uint64][]uint64 {
	if len(addrs) == 0 {
		return nil
	}
	addrs = slices.Clone(addrs)
	slices.Sort(addrs)
	out := make(map[uint64][]uint64)
	note := func(to, from uint64) {
		if to < addrs[0] || to > addrs[len(addrs)-1]+8 {
			return
		}
		i, found := slices.BinarySearch(addrs, to)
		if !found && i > 0 && to == addrs[i-1]+8 { // The length of the string alone.
			i, found = i-1, true
		}
		if found && len(out[addrs[i]]) < maxFrom {
			out[addrs[i]] = append(out[addrs[i]], from)
		}
	}
	p.each(code, func(_ *section.Segment, b []byte, addr uint64, fresh int) {
		if p.machine == machineARM64 {
			eachADRP(b, addr, fresh, func(to, from uint64, _ []byte) { note(to, from) })
			return
		}
		for i := 1; i+5 <= len(b) && i <= fresh; i++ {
			if b[i]&0xc7 == modRIP && usesMemory[b[i-1]] {
				note(target(b, i+1, addr), addr+uint64(i-1))
			}
		}
	})
	return out
}

// usesMemory are the operations with which code reads a string that stands in memory, or
// takes its address: CMP, MOV, LEA, and the moves of vector registers.
var usesMemory = [256]bool{0x39: true, 0x3b: true, 0x8b: true, 0x89: true, opLEA: true, 0x10: true, 0x28: true, 0x6f: true}
