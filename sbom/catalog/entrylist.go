package catalog

import (
	"context"
	"encoding/binary"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// entryList is the entries of a layer in the order of the tar stream. All layers' are
// held until the last one is read: here an entry takes a few bytes more than the end of
// its path. The cache stores the same bytes.
//
// In data, an entry is
//
//	1 byte    flags, below: the op, and which of the following are there
//	uvarint   how many bytes of its path are those of the entry before
//	uvarint   how many follow, and these
//	uvarint   the size, as zigzag
//	uvarint   the mode, if it is another than that of the entry before
//	word      the link
//	word      the kind
//	uvarint   the number of digests, and each as a packedDigest
//	word      the capabilities
//
// where a word is a uvarint and so many bytes.
type entryList struct {
	data string
	size int
}

const (
	entryOp   = 3 // the bits of the op
	entryLink = 1 << (iota + 1)
	entryKind
	entryDigests
	entryMode
	entryCapable
)

func packEntries(entries []entry, p *patience) entryList {
	data, total := appendEntries(make([]byte, 0, 24*len(entries)), entries, maxPath, p)
	if total > maxGrowth*len(data) {
		data, _ = appendEntries(data[:0], entries, 0, p) // No layer's paths are like this.
	}
	return entryList{data: string(data), size: len(entries)}
}

func appendEntries(data []byte, entries []entry, most int, p *patience) (out []byte, total int) {
	last, mode := "", fs.FileMode(0)
	for i := range entries {
		p.ask()
		e := &entries[i]
		data = append(data, e.flags(mode))
		shared := sharedPrefix(last, e.Path, most)
		data = appendWord(binary.AppendUvarint(data, uint64(shared)), e.Path[shared:])
		data = binary.AppendUvarint(data, uint64(e.Size)<<1^uint64(e.Size>>63))
		if e.Mode != mode {
			data = binary.AppendUvarint(data, uint64(e.Mode))
		}
		if e.Link != "" {
			data = appendWord(data, e.Link)
		}
		if e.Kind != "" {
			data = appendWord(data, string(e.Kind))
		}
		if len(e.Digests) > 0 {
			data = binary.AppendUvarint(data, uint64(len(e.Digests)))
			for _, d := range e.Digests {
				data = appendDigest(data, d)
			}
		}
		if e.Capabilities != "" {
			data = appendWord(data, e.Capabilities)
		}
		last, mode = e.Path, e.Mode
		total += len(e.Path)
	}
	return data, total
}

func (e *entry) flags(mode fs.FileMode) byte {
	b := byte(e.Op) & entryOp
	for _, f := range []struct {
		is  bool
		bit byte
	}{{e.Link != "", entryLink}, {e.Kind != "", entryKind}, {len(e.Digests) > 0, entryDigests}, {e.Mode != mode, entryMode}, {e.Capabilities != "", entryCapable}} {
		if f.is {
			b |= f.bit
		}
	}
	return b
}

// all yields the entries with their places. An entry is valid until the next. It ends early at what
// packEntries did not write; check tells whether there is any.
func (l *entryList) all(yield func(int, *entry) bool) { l.walk(yield) }

// unpack returns the entries.
func (l *entryList) unpack(p *patience) []entry {
	out := make([]entry, 0, l.size)
	for _, e := range l.all {
		p.ask()
		kept := *e
		kept.Digests = slices.Clone(e.Digests)
		out = append(out, kept)
	}
	return out
}

// check reports whether the list is one that packEntries can have made. It does not look
// further when ctx is done.
func (l *entryList) check(ctx context.Context) bool {
	n, left := 0, maxGrowth*len(l.data)
	whole := l.walk(func(_ int, e *entry) bool {
		n++
		left -= len(e.Path)
		return left >= 0 && (n%askEvery != 0 || ctx.Err() == nil)
	})
	return whole && n == l.size
}

// walk reports whether it came to the end.
func (l *entryList) walk(yield func(int, *entry) bool) bool {
	var (
		e       entry
		r       = packReader{data: l.data}
		text    text
		path    []byte
		digests []sbom.Digest
	)
	for i := 0; r.data != ""; i++ {
		flags := r.data[0]
		r.data = r.data[1:]
		e.Op = op(flags & entryOp)
		shared := r.number(len(path))
		path = append(path[:shared], r.word()...)
		e.Path = text.join("", path)
		size := r.uint()
		e.Size = int64(size>>1) ^ -int64(size&1)
		if flags&entryMode != 0 {
			mode := r.uint()
			e.Mode, r.bad = fs.FileMode(mode), r.bad || mode > math.MaxUint32
		}
		e.Link, e.Kind, e.Digests, e.Capabilities = "", "", nil, ""
		if flags&entryLink != 0 {
			e.Link = strings.Clone(r.word())
		}
		if flags&entryKind != 0 {
			e.Kind = kindNamed(r.word())
		}
		if flags&entryDigests != 0 {
			digests = digests[:0]
			for range r.number(len(r.data)) {
				digests = append(digests, r.digest().text())
			}
			e.Digests = digests
		}
		if flags&entryCapable != 0 {
			e.Capabilities = strings.Clone(r.word())
		}
		if r.bad || flags >= entryCapable<<1 || !yield(i, &e) {
			return false
		}
	}
	return true
}

// kindNamed returns the constant, so that what is packed need not stay.
func kindNamed(s string) sbom.FileKind {
	for _, k := range []sbom.FileKind{sbom.KindELF, sbom.KindScript, sbom.KindOther, sbom.KindPE, sbom.KindMachO} {
		if string(k) == s {
			return k
		}
	}
	return sbom.FileKind(strings.Clone(s))
}
