package section

import (
	"bytes"
	"io"
)

// maxFinds is how often a word is found; further ones are not known.
const maxFinds = 16

// Word is what a Sieve searches for.
type Word struct {
	// Text has at most 64 bytes. It is found where it lies in the content, but for
	// places that overlap the last.
	Text string
	// Rare is the place in Text of a byte that is rare in what is searched. Nothing but
	// the time that it takes depends on it.
	Rare int
	// Found is called while the last byte of the word goes by, for the first 16 in the
	// file; never if nil. The sieve has what lies before the word, as far as Keep says.
	Found func(s *Sieve, at int64)
}

// in returns where in b the word is first, -1 if nowhere.
func (w *Word) in(b []byte) int {
	rest := []byte(w.Text[w.Rare:])
	for at := w.Rare; at <= len(b); at++ {
		i := bytes.Index(b[at:], rest)
		if i < 0 {
			return -1
		}
		if at += i; string(b[at-w.Rare:at]) == w.Text[:w.Rare] {
			return at - w.Rare
		}
	}
	return -1
}

// search is a word that is searched for.
type search struct {
	word  Word
	parts []span // in order
	finds []int64
	more  bool // than maxFinds
}

// Search searches for one more word, from what is going by to the end.
func (s *Sieve) Search(w Word) { s.search(w, span{s.pos, s.size}) }

func (s *Sieve) search(w Word, parts ...span) {
	s.searches = append(s.searches, &search{word: w, parts: parts})
}

func (s *Sieve) searchWords(parts ...span) {
	for _, w := range s.plan.Words {
		s.search(w, parts...)
	}
}

// look looks for the word where it ends in the piece of s.
func (r *search) look(s *Sieve) {
	for _, part := range r.parts {
		from, to := max(part.from, s.pos), min(part.to, s.pos+int64(len(s.piece)))
		if from < to {
			r.seam(s, part.from, to)
			r.within(s, from, to)
		}
	}
}

// within finds what lies between two offsets in the piece.
func (r *search) within(s *Sieve, from, to int64) {
	for {
		i := r.word.in(s.piece[from-s.pos : to-s.pos])
		if i < 0 {
			return
		}
		r.found(s, from+int64(i))
		from += int64(i) + 1
	}
}

// seam finds what began before the piece.
func (r *search) seam(s *Sieve, from, to int64) {
	reach := len(r.word.Text) - 1
	n := min(reach, len(s.before), int(max(0, s.pos-from)))
	if n == 0 {
		return
	}
	var buf [2 * maxName]byte
	seam := append(buf[:0], s.before[len(s.before)-n:]...)
	seam = append(seam, s.piece[:min(int64(reach), to-s.pos)]...)
	if i := r.word.in(seam); i >= 0 {
		r.found(s, s.pos-int64(n)+int64(i))
	}
}

// near reports whether something may yet be found of which the bytes before pos are a
// part, or which is to be kept with them.
func (r *search) near(pos int64) bool {
	for _, p := range r.parts {
		if p.from <= pos+keptAround && pos < p.to {
			return true
		}
	}
	return false
}

func (r *search) found(s *Sieve, at int64) {
	if r.more = len(r.finds) == maxFinds; r.more {
		return
	}
	r.finds = append(r.finds, at)
	if r.word.Found != nil {
		r.word.Found(s, at)
	}
}

// Index returns the offset of the first word that lies in the n bytes of r from off, at
// a multiple of align from there, and -1 if there is none. If r is a Sieve it says
// what was found of a word of its plan; see Skipped.
func Index(r io.ReaderAt, word string, off, n, align int64) int64 {
	if s, ok := r.(*Sieve); ok {
		return s.index(word, off, n, align)
	}
	overlap := len(word) - 1
	buf := make([]byte, min(n, 64<<10)+int64(overlap))
	kept := 0
	for at, end := off, off+n; at < end; {
		k, _ := r.ReadAt(buf[kept:min(int64(len(buf)), int64(kept)+end-at)], at)
		at += int64(k)
		data := buf[:kept+k]
		if hit := aligned(data, word, at-int64(len(data))-off, align); hit >= 0 {
			return off + hit
		}
		if k == 0 {
			break
		}
		kept = copy(buf, data[max(0, len(data)-overlap):])
	}
	return -1
}

// aligned returns the first multiple of align that the word is at in data, which
// itself is at base.
func aligned(data []byte, word string, base, align int64) int64 {
	for {
		i := bytes.Index(data, []byte(word))
		if i < 0 {
			return -1
		}
		if at := base + int64(i); at%align == 0 {
			return at
		}
		data, base = data[i+1:], base+int64(i)+1
	}
}

func (s *Sieve) index(word string, off, n, align int64) int64 {
	if n < int64(len(word)) {
		return -1
	}
	var r *search
	for _, c := range s.searches {
		if c.word.Text == word && c.covers(off, min(n, s.size-off)) {
			r = c
		}
	}
	if r == nil || r.more {
		s.skipped = true
		return -1
	}
	first := int64(-1)
	for _, at := range r.finds {
		if at >= off && at+int64(len(word)) <= off+n && (at-off)%align == 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}

// covers reports whether the n bytes from off were searched.
func (r *search) covers(off, n int64) bool {
	for _, p := range r.parts {
		if p.from <= off && off+n <= p.to {
			return true
		}
	}
	return false
}
