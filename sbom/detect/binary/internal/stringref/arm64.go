package stringref

import "encoding/binary"

// eachADRP calls each for the addresses that code of AArch64 makes: ADRP loads a page into a
// register, and ADD or a load, not far behind, adds the rest. It is told where ADRP is, and
// the code behind it.
func eachADRP(b []byte, addr uint64, fresh int, each func(to, from uint64, behind []byte)) {
	for i := int(-addr & 3); i+8 <= len(b) && i < fresh; i += 4 {
		op := binary.LittleEndian.Uint32(b[i:])
		if op&0x9f000000 != 0x90000000 {
			continue
		}
		pages := int64(int32((op>>5&0x7ffff<<2|op>>29&3)<<11)) >> 11
		page := (addr+uint64(i))&^0xfff + uint64(pages<<12)
		for k := i + 4; k+4 <= len(b) && k <= i+24; k += 4 {
			if rest, ok := offset12(binary.LittleEndian.Uint32(b[k:]), op&31); ok {
				each(page+rest, addr+uint64(i), b[i+4:min(len(b), i+52)])
				break
			}
		}
	}
}

// offset12 returns what an instruction adds to a register: ADD (immediate), or LDR of 64 bits
// or of pairs of them.
func offset12(op, register uint32) (uint64, bool) {
	if op>>5&31 != register {
		return 0, false
	}
	switch {
	case op&0xffc00000 == 0x91000000: // ADD x, x, #imm12
		return uint64(op >> 10 & 0xfff), true
	case op&0xffc00000 == 0xf9400000: // LDR x, [x, #imm12*8]
		return uint64(op>>10&0xfff) * 8, true
	case op&0xffc00000 == 0xa9400000: // LDP x, x, [x, #imm7*8]
		return uint64(op>>15&0x3f) * 8, true
	}
	return 0, false
}

// findCodeARM64 is findCode for AArch64.
func (p *Program) findCodeARM64(b []byte, addr uint64, fresh int) {
	eachADRP(b, addr, fresh, func(to, from uint64, behind []byte) {
		if !p.among(to) || !p.near(to) {
			return
		}
		for ; len(behind) >= 4; behind = behind[4:] {
			if n := immediateARM64(binary.LittleEndian.Uint32(behind)); n > 0 {
				p.add(ref{to: to, from: from, length: n, code: true})
				return
			}
		}
	})
}

// immediateARM64 returns the number that an instruction loads into a register (MOVZ, or ORR
// with a run of ones), 0 if it is neither, or of what can't be the length of a string.
func immediateARM64(op uint32) uint32 {
	switch {
	case op&0x7fe00000 == 0x52800000: // MOVZ r, #imm16
		if n := op >> 5 & 0xffff; n-1 < maxString {
			return n
		}
	case op&0x7f8003e0 == 0x320003e0: // ORR r, zr, #bitmask
		ones, rotate := op>>10&63+1, op>>16&63
		size := uint32(32)
		if op>>31 == 1 {
			size = 64
		}
		if wide := op>>22&1 == 1; wide != (size == 64) || ones > 8 || rotate >= size {
			return 0
		}
		n := uint64(1)<<ones - 1
		if rotate > 0 {
			if size-rotate > 16 {
				return 0
			}
			n <<= size - rotate
		}
		if n-1 < maxString {
			return uint32(n)
		}
	}
	return 0
}
