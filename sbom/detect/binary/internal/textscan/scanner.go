// Package textscan looks for text in the bytes of a program as they go by: versions
// with what stands around them, names of shared libraries, and any number of
// literals at once.
//
// Versions are found by their full stops between digits, which are rare in code; the
// strings of a file are never collected. The Scanner needs some KiB, whatever the size
// of the file, and looks at large pieces of it where they are.
package textscan

import "bytes"

// What is seen around a version, in bytes.
const (
	// MaxBefore and MaxAfter limit the text of the same string.
	MaxBefore = 256
	MaxAfter  = 160
	// maxPad is the padding between neighbours, and maxNear the length of one.
	maxPad  = 16
	maxNear = 80
	// margin is what is there on both sides of the place that is looked at.
	margin = 512
	// room is the size of the buffer for what comes in small pieces, and for the ends of
	// larger ones.
	room = 4 * margin
	// MaxVersions is the number of versions in a file that are looked at. The largest
	// programs have some 50,000.
	MaxVersions = 1 << 20
)

// Version is a version in the file, with its surroundings. Its slices are valid during
// the call.
type Version struct {
	// Offset is where Text begins.
	Offset int64
	// Text is the version, and Core the part of it that is numbers.
	Text, Core []byte
	// Before and After are the text on both sides up to the ends of the string.
	Before, After []byte
	// Previous and Next are the strings before and after this one.
	Previous, Next []byte
	// Closed reports that the string ends in a NUL or new line, and Opened that it
	// begins behind one: it is a string of a language that ends strings so.
	Opened, Closed bool
	// Between reports that NULs stand on both sides of the string.
	Between bool
}

// Observer is told what the Scanner finds, in the order of the file but for literals,
// which come behind the versions of the same piece.
type Observer interface {
	// Version is called for each version.
	Version(v *Version)
	// Literal is called for each occurrence of a literal, with what follows it.
	Literal(index int, offset int64, after []byte)
	// Library is called for each string that ends like the name of a shared library.
	Library(offset int64, name []byte)
}

// Scanner takes in a file by Write and Skip, in order, and then Close.
type Scanner struct {
	observer Observer
	matcher  *Matcher
	own      []byte // for what has to be kept
	buf      []byte // what is looked at: own, or what is written
	base     int64  // offset of buf[0]
	done     int    // in buf
	versions int
	version  Version
}

// New returns a Scanner that tells the observer.
func New(m *Matcher, o Observer) *Scanner {
	own := make([]byte, 0, 2*room)
	return &Scanner{observer: o, matcher: m, own: own, buf: own}
}

// Write implements io.Writer. It never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	if len(p) >= room {
		s.lookAt(p)
		return len(p), nil
	}
	s.buf = append(s.buf, p...)
	if len(s.buf) >= room {
		s.look(len(s.buf) - margin)
		s.keep()
	}
	return len(p), nil
}

// lookAt looks at a large piece where it is, but for its beginning, which is looked at behind
// what came before.
func (s *Scanner) lookAt(p []byte) {
	s.buf = append(s.buf, p[:2*margin]...)
	s.look(len(s.buf) - margin)
	s.base += int64(len(s.buf) - 2*margin)
	s.buf, s.done = p, margin
	s.look(len(p) - margin)
	s.keep()
}

// keep keeps of the buffer what comes next and what stands before it.
func (s *Scanner) keep() {
	drop := s.done - margin
	s.base, s.done = s.base+int64(drop), margin
	s.buf = append(s.own, s.buf[drop:]...)
}

// Skip goes over n bytes that are not to be looked at, as if they were not text.
func (s *Scanner) Skip(n int64) {
	s.Close()
	s.base += int64(len(s.buf)) + n
	s.buf, s.done = s.own, 0
}

// Limited reports whether there were more versions than MaxVersions.
func (s *Scanner) Limited() bool { return s.versions > MaxVersions }

// Close looks at what is left.
func (s *Scanner) Close() { s.look(len(s.buf)) }

// look looks at everything before to.
func (s *Scanner) look(to int) {
	b := s.buf
	for i := s.done; i < to; i++ {
		n := bytes.IndexByte(b[i:to], '.')
		if n < 0 {
			break
		}
		i += n
		if i == 0 || i+1 >= len(b) {
			continue
		}
		switch next := b[i+1]; {
		case digit(next) && digit(b[i-1]):
			s.number(i)
		case next == 's' && i+2 < len(b) && b[i+2] == 'o':
			s.library(i, i+3)
		case next|0x20 == 'd' && i+3 < len(b) && b[i+2]|0x20 == 'l' && b[i+3]|0x20 == 'l':
			s.library(i, i+4)
		}
	}
	s.matcher.find(b, s.done, to, s.base, func(literal, at int) {
		end := at + len(s.matcher.texts[literal])
		s.observer.Literal(literal, s.base+int64(at), b[end:min(len(b), end+64)])
	})
	s.done = to
}

// number looks at the full stop between digits at b[dot].
func (s *Scanner) number(dot int) {
	b, start := s.buf, dot
	for start > 0 && digit(b[start-1]) {
		start--
	}
	if dot-start > maxNumber || start > 1 && b[start-1] == '.' && digit(b[start-2]) {
		return // Not the first of its numbers.
	}
	core, end := parseVersion(b, start)
	if end == start || s.versions > MaxVersions {
		return
	}
	if s.versions++; s.Limited() {
		return
	}
	from, to := start, end
	for from > 0 && start-from < MaxBefore && printable[b[from-1]] {
		from--
	}
	for to < len(b) && to-end < MaxAfter && printable[b[to]] {
		to++
	}
	v := &s.version
	*v = Version{
		Offset: s.base + int64(start), Text: b[start:end], Core: b[start:core], Before: b[from:start], After: b[end:to],
		Opened: from == 0 && s.base == 0 || from > 0 && !printable[b[from-1]],
		Closed: to == len(b) || !printable[b[to]],
	}
	v.Between = from > 0 && to < len(b) && b[from-1] == 0 && b[to] == 0
	v.Previous, v.Next = before(b[:from]), after(b[to:])
	s.observer.Version(v)
}

// before returns the string that b ends with, behind some padding.
func before(b []byte) []byte {
	i := len(b)
	for i > 0 && len(b)-i < maxPad && !printable[b[i-1]] {
		i--
	}
	end := i
	for i > 0 && end-i < maxNear && printable[b[i-1]] {
		i--
	}
	return b[i:end]
}

// after returns the string that b begins with, behind some padding.
func after(b []byte) []byte {
	i := 0
	for i < len(b) && i < maxPad && !printable[b[i]] {
		i++
	}
	start := i
	for i < len(b) && i-start < maxNear && printable[b[i]] {
		i++
	}
	return b[start:i]
}

// library looks at the ".so" or ".dll" at b[dot:end].
func (s *Scanner) library(dot, end int) {
	b, start := s.buf, dot
	if end < len(b) && b[end] != 0 && b[end] != '.' {
		return
	}
	for end < len(b) && end-dot < maxNear && (b[end] == '.' || wordAt(b, end)) {
		end++
	}
	if end < len(b) && b[end] != 0 {
		return
	}
	for start > 0 && dot-start < maxNear && printable[b[start-1]] && b[start-1] != ' ' && b[start-1] != '/' {
		start--
	}
	s.observer.Library(s.base+int64(start), b[start:end])
}
