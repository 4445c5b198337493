package golang

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// What a sieve keeps of an ELF file. Together it is at most some 5 MiB, in a file that
// means ill, and usually 300 KiB.
const (
	keptHead   = 8 << 10   // from the beginning: program headers, and the section headers of Go's own linker
	keptTail   = 16 << 10  // before section headers at the end, where GNU ld puts their names
	keptAround = 4 << 10   // on both sides of what may be the names of sections
	keptInfo   = 256 << 10 // from each magic; the largest build information known has 200 KiB
	maxInfos   = 16        // magics
	maxNamings = 8         // what may be the names of sections
)

// ownName is in every table of section names, and hardly anywhere else.
const ownName = ".shstrtab\x00"

// sieve keeps of an ELF program what readELF reads of it. Everything is where the
// headers say, and these come first or last. Where the linker leaves the headers of
// the sections to the end, their names lie somewhere before, and are told by
// the one name that they always have; the build information is told by its magic.
type sieve struct {
	size, pos int64
	head      []byte
	bo        binary.ByteOrder
	table     elfTable

	kept    []extent
	data    []span // where the magic is searched
	names   span   // where the names of the sections are searched, if it is not known before
	infos   []int64
	namings int

	// before are the last bytes that went by.
	before []byte
	// planned are the steps of plan that are done.
	planned int
	skipped bool
}

// span is a part of the file.
type span struct{ from, to int64 }

// extent is a part of the file that is kept, as far as it has gone by.
type extent struct {
	span
	data []byte
}

// newSieve returns a sieve for a file of the given size and first bytes.
func newSieve(head []byte, size int64) *sieve {
	s := &sieve{size: size, head: bytes.Clone(head), bo: elfOrder(head), table: elfLayout(head)}
	s.keep(span{0, keptHead}, nil)
	off, n := s.table.programs(s.bo, s.head)
	s.keep(span{off, off + n}, nil)
	if off > keptHead {
		s.data, s.names = []span{{0, size}}, span{0, size} // Everywhere, then.
	}
	if off, n = s.table.sections(s.bo, s.head); n > 0 {
		s.keep(span{off - keptTail, off + n}, nil)
	}
	return s
}

// keep plans to keep a part of which the beginning has gone by. It reports false if
// more than that has.
func (s *sieve) keep(part span, gone []byte) bool {
	part.from = max(part.from, 0)
	part.to = min(part.to, s.size)
	if part.from+int64(len(gone)) < s.pos || part.from >= part.to {
		return false
	}
	e := extent{span: part}
	if len(gone) > 0 {
		e.data = append(make([]byte, 0, part.to-part.from), gone...)
	}
	s.kept = append(s.kept, e)
	return true
}

// Write implements io.Writer.
func (s *sieve) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		// In pieces that end where headers do, so that what they say comes not too late.
		piece := rest
		if n := s.turn() - s.pos; n > 0 && n < int64(len(piece)) {
			piece = rest[:n]
		}
		rest = rest[len(piece):]
		s.take(piece)
		s.plan()
	}
	return len(p), nil
}

// take takes in the bytes at pos.
func (s *sieve) take(p []byte) {
	for i := range s.kept {
		s.kept[i].take(p, s.pos)
	}
	for _, d := range s.data {
		s.look(p, d, infoMagic, s.foundInfo)
	}
	s.look(p, s.names, ownName, s.foundNames)
	s.pos += int64(len(p))
	if len(p) >= keptAround {
		s.before = append(s.before[:0], p[len(p)-keptAround:]...)
		return
	}
	s.before = append(s.before, p...)
	if n := len(s.before) - keptAround; n > 0 {
		s.before = append(s.before[:0], s.before[n:]...)
	}
}

// take takes in what it wants of the bytes at pos.
func (e *extent) take(p []byte, pos int64) {
	from, to := max(e.from, pos), min(e.to, pos+int64(len(p)))
	if from >= to {
		return
	}
	if e.data == nil {
		e.data = make([]byte, 0, e.to-e.from)
	}
	e.data = append(e.data, p[from-pos:to-pos]...)
}

// look calls found for each place of the word which lies in the part and ends in the
// bytes p at pos.
func (s *sieve) look(p []byte, part span, word string, found func(p []byte, at int64)) {
	from, to := max(part.from, s.pos), min(part.to, s.pos+int64(len(p)))
	if from >= to {
		return
	}
	// One that began before.
	if n := min(len(word)-1, len(s.before), int(s.pos-min(part.from, s.pos))); n > 0 {
		seam := append(bytes.Clone(s.before[len(s.before)-n:]), p[:min(int64(len(word)-1), to-s.pos)]...)
		if i := bytes.Index(seam, []byte(word)); i >= 0 {
			found(p, s.pos-int64(n)+int64(i))
		}
	}
	for {
		i := bytes.Index(p[from-s.pos:to-s.pos], []byte(word))
		if i < 0 {
			return
		}
		found(p, from+int64(i))
		from += int64(i) + 1
	}
}

func (s *sieve) foundInfo(p []byte, at int64) {
	if len(s.infos) <= maxInfos {
		s.infos = append(s.infos, at) // One too many says that there may be more.
	}
	if len(s.infos) <= maxInfos {
		s.keepSince(span{at, at + keptInfo}, p)
	}
}

func (s *sieve) foundNames(p []byte, at int64) {
	if s.namings++; s.namings <= maxNamings {
		s.keepSince(span{at - keptAround, at + keptAround}, p)
	}
}

// keepSince keeps a part that may have begun in the bytes before, and goes on in p.
func (s *sieve) keepSince(part span, p []byte) {
	part.from = max(part.from, s.pos-int64(len(s.before)))
	var gone []byte
	if n := s.pos - part.from; n > 0 {
		gone = s.before[int64(len(s.before))-n:]
	}
	if s.keep(part, gone) {
		s.kept[len(s.kept)-1].take(p, s.pos)
	}
}

// turn is the offset where headers are complete that say where the rest is.
func (s *sieve) turn() int64 {
	off, n := s.table.programs(s.bo, s.head)
	if s.planned > 0 {
		off, n = s.table.sections(s.bo, s.head)
	}
	if s.planned > 1 || n == 0 || off+n > s.size {
		return 0
	}
	return off + n
}

// plan looks at the headers that are complete.
func (s *sieve) plan() {
	for s.planned < 2 && s.pos >= s.turn() {
		if s.planned++; s.planned == 1 {
			s.planData()
		} else {
			s.planNames()
		}
	}
	s.skipped = false // Nobody asked yet.
}

// planData looks for the build information in the segments that data is loaded from,
// and for the names of the sections behind all segments.
func (s *sieve) planData() {
	var end int64
	for _, g := range elfSegments(s, s.head, s.bo, s.table) {
		if g.off > uint64(s.size) {
			continue
		}
		to := int64(min(g.off+g.filesz, uint64(s.size)))
		if g.kind == elf.PT_LOAD {
			end = max(end, to)
		}
		if g.data() && len(s.data) < maxNamings {
			s.data = append(s.data, span{max(int64(g.off), s.pos), to})
		}
	}
	if off, n := s.table.sections(s.bo, s.head); n > 0 && s.names.to == 0 {
		s.names = span{end, off}
	}
}

// planNames keeps the names of the sections, if these come after their headers.
func (s *sieve) planNames() {
	off, n := s.table.sections(s.bo, s.head)
	table := make([]byte, n)
	if _, err := s.ReadAt(table, off); err != nil || n == 0 {
		return
	}
	names, length := s.table.names(s.bo, s.head, table)
	s.keep(span{names, names + length}, nil)
}

// ReadAt implements io.ReaderAt. It returns detect.ErrSkipped for what was not kept.
func (s *sieve) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), s.size-off)]
	for i := range s.kept {
		e := &s.kept[i]
		if skip := off - e.from; skip >= 0 && skip+int64(len(want)) <= int64(len(e.data)) {
			n := copy(want, e.data[skip:])
			if n < len(p) {
				return n, io.EOF
			}
			return n, nil
		}
	}
	s.skipped = true
	return 0, detect.ErrSkipped
}

// search implements source.
func (s *sieve) search(off, n int64) int64 {
	// The whole of it must have been searched: a span at most, and all its finds noted.
	looked := false
	for _, d := range s.data {
		looked = looked || d.from <= off && off+n <= d.to
	}
	if !looked || len(s.infos) > maxInfos {
		s.skipped = true
		return -1
	}
	first := int64(-1)
	for _, at := range s.infos {
		if at >= off && at+int64(len(infoMagic)) <= off+n && (at-off)%infoAlign == 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}
