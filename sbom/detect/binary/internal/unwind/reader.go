// Package unwind knows the code of libraries by the tables that say how to unwind its stack.
//
// A compiler writes for each function how long its machine code is, and at which of its bytes
// what is pushed or popped (.eh_frame; Linux Standard Base, "Exception Frames"; DWARF 5,
// section 6.4). The loader needs these tables, so that no tool strips them, and the linker changes
// nothing in them but the addresses. Of a function of some size they are as good as a
// fingerprint of the code that a compiler made of one version of a source: the table of this
// package has some of each static library of a distribution's releases. What is in
// a program of it was linked from there.
//
// Another compiler, or other options, make other code of the same source, which is not found. A
// version that differs in none of the functions of the table, by the same compiler
// with the same options, is taken for the one that is there. The table is of x86-64 alone.
package unwind

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Limits on what is read, in bytes, and on what is kept, in items.
const (
	maxRecord = 4 << 10
	maxFormat = 1 << 10
)

// A fingerprint is of so many functions that stand one behind the other that they tell
// at least least bits, and of no more than most: programs have a hundred thousand functions,
// and this package's table as many.
const (
	least = 40
	most  = 4
)

// first is how the first record of nearly all tables on x86-64 begins, behind its length: no
// address of another record, version 1, augmentation "zR", the alignments 1 and -8, the
// return address in register 16, addresses relative to themselves in 4 bytes. It is looked for
// by its end, of which the first byte is rare.
const (
	first = "\x00\x00\x00\x00\x01zR\x00\x01\x78\x10\x01" + rare
	rare  = "\x1b\x0c\x07\x08\x90\x01"
	lead  = 4 // the length of the record
)

// index returns where the first record of a table begins in b; -1 if none does.
func index(b []byte) int {
	const ahead = lead + len(first) - len(rare)
	for at := ahead; at < len(b); at++ {
		i := bytes.Index(b[at:], []byte(rare))
		if i < 0 {
			return -1
		}
		if at += i; string(b[at-ahead+lead:at+len(rare)]) == first {
			return at - ahead
		}
	}
	return -1
}

// Reader finds the tables in the bytes that go by, and calls Function for each function
// that can be told from others. The zero value with Function set is ready for use.
type Reader struct {
	// Function is called with the fingerprint of some functions, and the offsets of the
	// records of the first and the last of them from the first byte that was written.
	Function func(fingerprint uint64, first, last int64)

	pos     int64          // of the next byte
	kept    []byte         // what is not yet done with, up to pos
	reading bool           // a table
	formats map[int64]bool // records that others refer to, and whether theirs are understood
	last    [most]function // the newest first
}

// Write implements io.Writer. It never fails.
func (r *Reader) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if !r.reading {
			p = p[r.seek(p):]
			continue
		}
		p = p[r.read(p):]
	}
	return n, nil
}

// Skip says that n bytes went by that are not looked at.
func (r *Reader) Skip(n int64) {
	r.pos += n
	r.stop()
}

// seek looks for the beginning of a table, and returns how many bytes it is done with.
func (r *Reader) seek(p []byte) int {
	const most = lead + len(first) - 1 // of it in what was written before
	if len(r.kept) > 0 {
		across := append(r.kept, p[:min(len(p), most)]...)
		if i := index(across); i >= 0 && i < len(r.kept) {
			r.begin(across[i:len(r.kept)])
			return 0
		}
	}
	if i := index(p); i >= 0 {
		r.pos += int64(i)
		r.begin(nil)
		return i
	}
	r.pos += int64(len(p))
	if len(p) >= most {
		r.kept = append(r.kept[:0], p[len(p)-most:]...)
		return len(p)
	}
	r.kept = append(r.kept, p...)
	r.kept = append(r.kept[:0], r.kept[max(0, len(r.kept)-most):]...)
	return len(p)
}

// begin begins a table, of which the first bytes are there.
func (r *Reader) begin(kept []byte) {
	r.reading, r.kept = true, append([]byte(nil), kept...)
	if r.formats == nil {
		r.formats = make(map[int64]bool)
	}
	clear(r.formats)
	r.last = [most]function{}
}

func (r *Reader) stop() { r.reading, r.kept = false, r.kept[:0] }

// read takes in one record at most, and returns how many bytes of it were in p.
func (r *Reader) read(p []byte) int {
	n, want := 0, 4
	for len(r.kept) < want || want == 4 {
		k := max(0, min(len(p)-n, want-len(r.kept)))
		r.kept, n, r.pos = append(r.kept, p[n:n+k]...), n+k, r.pos+int64(k)
		if len(r.kept) < want {
			return n
		}
		if want == 4 {
			length := binary.LittleEndian.Uint32(r.kept)
			if length < 12 || length > maxRecord || len(r.kept) > 4+int(length) {
				r.stop() // The end, or none of the tables of compilers.
				return n
			}
			want += int(length)
		}
	}
	if !r.record(r.kept[4:], r.pos-int64(len(r.kept))) {
		r.stop()
		return n
	}
	r.kept = r.kept[:0]
	return n
}

// record takes in a record without its length, which is at an offset. It reports whether it can
// be one.
func (r *Reader) record(b []byte, offset int64) bool {
	back := int64(binary.LittleEndian.Uint32(b))
	if back == 0 {
		if len(r.formats) >= maxFormat {
			return false
		}
		r.formats[offset] = understood(b[4:])
		return true
	}
	of, ok := r.formats[offset+4-back]
	if !ok {
		return false
	}
	copy(r.last[1:], r.last[:])
	r.last[0] = function{}
	if of {
		r.last[0] = read(b[4:])
		r.last[0].offset = offset
	}
	told, hash := 0, uint64(14695981039346656037)
	for _, f := range r.last {
		if f.told == 0 {
			break
		}
		hash = (hash ^ f.hash) * 1099511628211
		if told += f.told; told >= least {
			r.Function(hash^hash>>29, f.offset, offset)
			break
		}
	}
	return true
}

// function is what the record of one says: its fingerprint, and how many bits it tells; 0 of one
// that is not understood.
type function struct {
	hash   uint64
	told   int
	offset int64
}

// understood reports whether the records that refer to one have an address of 4 bytes, the
// length of the code, and data with its length in front of the instructions.
func understood(b []byte) bool {
	name, rest, ok := bytes.Cut(b[1:], []byte{0})
	if !ok || b[0] != 1 || len(name) == 0 || name[0] != 'z' || len(rest) < 4 || rest[0] != 1 || rest[1] != 0x78 || rest[2] != 0x10 {
		return false
	}
	data := rest[4:] // Behind its length.
	for _, c := range name[1:] {
		n := 1
		switch c {
		case 'R':
			return len(data) > 0 && data[0]&0x0f == 0x0b
		case 'P':
			if len(data) == 0 || data[0]&0x0f != 0x0b {
				return false
			}
			n = 5
		case 'L':
		case 'S':
			n = 0
		default:
			return false
		}
		if len(data) < n {
			return false
		}
		data = data[n:]
	}
	return false
}

// read reads the record of a function: the length of its code, and the instructions without
// what fills up the record.
func read(b []byte) function {
	if len(b) < 9 || b[8] >= 0x80 || len(b) < 9+int(b[8]) {
		return function{}
	}
	size, instructions := b[4:8], bytes.TrimRight(b[9+int(b[8]):], "\x00")
	h := uint64(14695981039346656037) // FNV-1a, as in hash/fnv.
	for _, part := range [2][]byte{size, instructions} {
		for _, c := range part {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return function{hash: h, told: min(bits.Len32(binary.LittleEndian.Uint32(size)), 9) + told(instructions)}
}

// told returns how many bits instructions tell beside those that are the same wherever as many
// registers are saved: where something is pushed or popped that is not at the beginning or
// one behind the other.
func told(b []byte) int {
	n := 0
	for len(b) > 0 {
		op, skip := b[0], 1
		switch {
		case op>>6 == 1: // DW_CFA_advance_loc
			if op&0x3f > 8 {
				n += 3
			}
		case op>>6 == 2: // DW_CFA_offset
			skip = 2
		case op>>6 == 3: // DW_CFA_restore
		case op == 0x02: // DW_CFA_advance_loc1
			n, skip = n+5, 2
		case op == 0x03: // DW_CFA_advance_loc2
			n, skip = n+8, 3
		case op == 0x04: // DW_CFA_advance_loc4
			n, skip = n+8, 5
		case op == 0x0a || op == 0x0b: // DW_CFA_remember_state, DW_CFA_restore_state
		case op == 0x0c: // DW_CFA_def_cfa
			skip = 2 + leb(b[min(2, len(b)):])
		case op == 0x0d: // DW_CFA_def_cfa_register
			skip = 2
		case op == 0x0e: // DW_CFA_def_cfa_offset
			k := leb(b[1:])
			if skip = 1 + k; k > 1 {
				n++
			}
		default:
			return n
		}
		b = b[min(len(b), skip):]
	}
	return n
}

// leb returns the length of a number in LEB128.
func leb(b []byte) int {
	for i, c := range b {
		if c < 0x80 {
			return i + 1
		}
	}
	return len(b)
}

// Functions calls f for each record of a section .eh_frame, as it is in an object file
// or a program.
func Functions(section []byte, f func(fingerprint uint64, first, last int64)) {
	r := Reader{Function: f}
	r.begin(nil)
	for len(section) > 0 && r.reading {
		section = section[r.read(section):]
	}
}
