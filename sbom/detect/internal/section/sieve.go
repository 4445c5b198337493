package section

import (
	"bytes"
	"cmp"
	"io"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// What a sieve keeps besides what is asked for. It is 100 KiB at most, in a file that
// means ill, and usually 30.
const (
	keptHead   = 8 << 10  // from the beginning: program headers, and the section headers of Go's own linker
	keptOther  = 32 << 10 // from the beginning of what is not ELF: PE section headers, Mach-O load commands
	keptTail   = 16 << 10 // before section headers at the end, where GNU ld puts their names
	keptTable  = 64 << 10 // bytes of section headers: 1,024 of them, 30 being usual
	keptNames  = 64 << 10 // bytes of the names of sections, where these come last
	keptAround = 4 << 10  // on both sides of what may be the names of sections, and before what goes by
	maxNamings = 8        // what may be the names of sections
	maxSpans   = 8        // segments that are searched
	maxKept    = 64       // parts
)

// ownName is in every table of section names, and hardly anywhere else.
const ownName = ".shstrtab\x00"

// Plan is what a Sieve is for.
type Plan struct {
	// Sections keeps the section headers of an ELF file and their names.
	Sections bool
	// Words are searched for where ELF files have data that programs can write, and
	// everywhere in other files.
	Words []Word
}

// Sieve is a detect.Sieve for an executable. It keeps the headers, and what the finders
// of its words ask for. That of an ELF file is where the headers say, and these
// come first or last. Where the linker leaves the headers of the sections to the end,
// their names lie somewhere before, and are told by the one name that they
// always have.
type Sieve struct {
	size, pos int64
	elf       *ELF // nil for other formats
	plan      Plan

	kept     []extent
	searches []*search
	namings  int

	// piece are the bytes at pos that are being taken in, and before the last that
	// went by.
	piece, before []byte
	// planned are the steps of advance that are done.
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

// NewSieve returns a sieve for a file that begins with head, all of it or
// detect.HeadSize bytes, and has size bytes. It keeps nothing of head.
func NewSieve(head []byte, size int64, plan Plan) *Sieve {
	s := &Sieve{size: size, plan: plan}
	h, ok := ReadELF(bytes.Clone(head))
	if !ok {
		s.Keep(0, keptOther)
		s.planned = 2
		s.searchWords(span{0, size})
		return s
	}
	s.elf = h
	s.Keep(0, keptHead)
	off, n := h.programs()
	s.Keep(off, off+n)
	if off > keptHead { // They come too late to say anything.
		s.searchWords(span{0, size})
		if plan.Sections {
			s.search(Word{Text: ownName, Found: foundNames}, span{0, size})
		}
	}
	if off, n, _, err := h.sections(size); plan.Sections && err == nil && n <= keptTable {
		s.Keep(off-keptTail, off+n)
	}
	return s
}

// Keep keeps what is between two offsets in the file, as far as it has not gone by:
// of that, where words are searched for, the last 4 KiB are still there. It keeps 64
// parts at most.
func (s *Sieve) Keep(from, to int64) {
	from, to = max(from, s.pos-int64(len(s.before)), 0), min(to, s.size)
	if from >= to || len(s.kept) == maxKept {
		return
	}
	e := extent{span: span{from, to}}
	e.take(s.before, s.pos-int64(len(s.before)))
	e.take(s.piece, s.pos)
	s.kept = append(s.kept, e)
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

// Write implements io.Writer.
func (s *Sieve) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		// In pieces that end where headers do, so that what they say comes not too late.
		s.piece = rest
		if n := s.turn() - s.pos; n > 0 && n < int64(len(rest)) {
			s.piece = rest[:n]
		}
		rest = rest[len(s.piece):]
		s.take()
		s.advance()
	}
	return len(p), nil
}

// take takes in the piece.
func (s *Sieve) take() {
	for i := range s.kept {
		s.kept[i].take(s.piece, s.pos)
	}
	for i := 0; i < len(s.searches); i++ { // A finder may add some.
		s.searches[i].look(s)
	}
	s.pos += int64(len(s.piece))
	s.remember()
	s.piece = nil
}

// remember keeps the last bytes that went by while something is searched for.
func (s *Sieve) remember() {
	near := func(r *search) bool { return r.near(s.pos) }
	switch n := len(s.piece) - keptAround; {
	case !slices.ContainsFunc(s.searches, near):
		s.before = s.before[:0]
	case n >= 0:
		s.before = append(s.before[:0], s.piece[n:]...)
	default:
		s.before = append(s.before, s.piece...)
		s.before = append(s.before[:0], s.before[max(0, len(s.before)-keptAround):]...)
	}
}

// turn is the offset where headers are complete that say where the rest is.
func (s *Sieve) turn() int64 {
	switch s.planned {
	case 0:
		off, n := s.elf.programs()
		return min(off+n, s.size)
	case 1:
		if off, n, _, err := s.elf.sections(s.size); err == nil {
			return off + n
		}
	}
	return 0
}

// advance looks at the headers that are complete.
func (s *Sieve) advance() {
	for s.planned < 2 && s.pos >= s.turn() {
		if s.planned++; s.planned == 1 {
			s.planData()
		} else {
			s.planNames()
		}
	}
	s.skipped = false // Nobody asked yet.
}

// planData searches for the words in the segments that data is loaded from, and for the
// names of the sections behind all segments.
func (s *Sieve) planData() {
	if off, _ := s.elf.programs(); off > keptHead {
		return // They are searched for everywhere.
	}
	var end int64
	var data []span
	for _, g := range s.elf.Segments(s) {
		if g.Type != segmentLoad || g.Off > uint64(s.size) {
			continue
		}
		to := int64(min(g.Off+min(g.Filesz, uint64(s.size)), uint64(s.size)))
		end = max(end, to)
		if g.Writable() && len(data) < maxSpans {
			data = append(data, span{max(int64(g.Off), s.pos), to})
		}
	}
	s.searchWords(merge(data)...)
	if off, _, _, err := s.elf.sections(s.size); err == nil && s.plan.Sections {
		s.search(Word{Text: ownName, Found: foundNames}, span{end, off})
	}
}

// merge joins the parts that overlap, so that nothing is searched twice.
func merge(parts []span) []span {
	slices.SortFunc(parts, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, p := range parts {
		if n := len(out); n > 0 && p.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, p.to)
			continue
		}
		out = append(out, p)
	}
	return out
}

// planNames keeps the names of the sections, if these come after their headers.
func (s *Sieve) planNames() {
	_, _, at, err := s.elf.sections(s.size)
	if err != nil || !s.plan.Sections {
		return
	}
	header := make([]byte, s.elf.layout.section)
	if n, _ := s.ReadAt(header, at); n < len(header) {
		return
	}
	if off, n := s.elf.extent(header); off < maxOffset && n <= keptNames {
		s.Keep(int64(off), int64(off+n))
	}
}

// foundNames is the finder of ownName.
func foundNames(s *Sieve, at int64) {
	if s.namings++; s.namings <= maxNamings {
		s.Keep(at-keptAround, at+keptAround)
	}
}

// ReadAt implements io.ReaderAt. It returns detect.ErrSkipped for what was not kept.
func (s *Sieve) ReadAt(p []byte, off int64) (int, error) {
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

// Skipped reports whether r is a Sieve of which something was asked that it does not
// know: whatever was made of the answer, Detect is to return detect.ErrSkipped.
func Skipped(r io.ReaderAt) bool {
	s, ok := r.(*Sieve)
	return ok && s.skipped
}

// Kept returns for how many bytes the sieve has memory at this moment.
func (s *Sieve) Kept() int {
	n := cap(s.before)
	for i := range s.kept {
		n += cap(s.kept[i].data)
	}
	return n
}
