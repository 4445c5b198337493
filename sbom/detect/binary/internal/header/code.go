package header

import (
	"debug/elf"
	"math"
	"slices"
)

// span is a part of the file from off to end.
type span struct{ off, end int64 }

// Code returns how many of the bytes from off on are machine code without text in it, and
// how many come before the next that are; one of both is above 0. What the headers do not
// tell apart is no code. It is known once the first bytes of the file are written.
func (r *Reader) Code(off int64) (code, before int64) {
	before = math.MaxInt64
	for _, s := range r.code {
		switch {
		case off >= s.off && off < s.end:
			code = max(code, s.end-off)
		case s.off > off:
			before = min(before, s.off-off)
		}
	}
	return code, before
}

// code returns the parts of the file that are code alone. A linker that gives data which is only
// read a segment of its own puts the strings there; without one, they are among the code. The
// first bytes of the file are headers and names, whichever segment has them. What another
// segment loads as data is none, whatever this one says.
func (e *elfFile) code(size uint64) (code []span) {
	apart := false
	for _, s := range e.segments {
		apart = apart || s.kind == elf.PT_LOAD && s.flags == elf.PF_R && s.off > 0 && s.bytes > 0
	}
	for _, s := range e.segments {
		if apart && s.kind == elf.PT_LOAD && s.flags == elf.PF_R|elf.PF_X && s.off < size && s.bytes <= size-s.off && !slices.ContainsFunc(e.segments, s.overlaps) {
			code = append(code, span{max(int64(s.off), keptHead), int64(s.off + s.bytes)})
		}
	}
	return code
}

// overlaps reports whether a segment of other use has bytes of this one.
func (s *segment) overlaps(other segment) bool {
	return other.kind == elf.PT_LOAD && other.flags != s.flags && other.bytes > 0 && other.off < s.off+s.bytes && s.off < other.off+min(other.bytes, math.MaxUint64-other.off)
}
