package catalog

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// wire writes facts or reads them: each type is described once, by a function that
// is called with a pointer to a value and goes both ways. What is read is hostile:
// the memory it takes is bounded by the length of the input, whatever the numbers
// in it say, and the first mistake ends reading.
type wire struct {
	ctx     context.Context // what takes long asks whether it is still wanted
	reading bool
	// buf is what was written, or what is left to read.
	buf []byte
	// err is the first mistake. Nothing read after it means anything.
	err error
	// table has each string once, in the order of appearance.
	table []string
	// index finds strings in the table; for writing only.
	index map[string]uint64
	// refs are the layers that can be referred to; nil where a layer does not know its place.
	refs []*sbom.LayerRef
	text text
}

// errEncoding is the error of bytes that no encoder wrote.
var errEncoding = errors.New("malformed encoding")

func newWriter(ctx context.Context) *wire {
	w := &wire{ctx: ctx, index: make(map[string]uint64)}
	for _, s := range words() {
		w.intern(s)
	}
	return w
}

// words are the strings that every table begins with, so that a reference to them
// takes one byte. A change needs another encodingVersion.
func words() []string {
	return []string{
		"", string(sbom.KindELF), string(sbom.KindScript), string(sbom.KindPE), string(sbom.KindMachO), string(sbom.KindOther),
		string(sbom.ClaimRecorded), string(sbom.ClaimDirectory), string(sbom.ClaimContent),
		string(sbom.TypeLibrary), string(sbom.TypeApplication), string(sbom.TypeOperatingSystem), string(sbom.TypeFile),
		string(sbom.ScopeDeclared), string(sbom.ScopeBundled), string(sbom.ScopeFixture), string(sbom.ScopeResidual),
		string(sbom.TechniqueManifest), string(sbom.TechniqueBinary), string(sbom.TechniqueHash), string(sbom.TechniqueFilename),
		"purl", "name", "version", "group", "license",
	}
}

func (w *wire) fail() {
	if w.err == nil {
		w.err = errEncoding
	}
	w.buf = nil
}

// interrupted ends the work if nobody wants it any more.
func (w *wire) interrupted() {
	if w.err == nil && w.ctx.Err() != nil {
		w.err = context.Cause(w.ctx)
		w.buf = nil
	}
}

// uint is a number of at most 64 bits, small ones in few bytes.
func (w *wire) uint(v *uint64) {
	if !w.reading {
		w.buf = binary.AppendUvarint(w.buf, *v)
		return
	}
	if len(w.buf) > 0 && w.buf[0] < 0x80 {
		*v = uint64(w.buf[0])
		w.buf = w.buf[1:]
		return
	}
	n := 0
	if *v, n = binary.Uvarint(w.buf); n <= 0 {
		w.fail()
		return
	}
	w.buf = w.buf[n:]
}

// int is a number that may be negative.
func (w *wire) int(v *int64) {
	u := uint64(*v)<<1 ^ uint64(*v>>63)
	w.uint(&u)
	if w.reading {
		*v = int64(u>>1) ^ -int64(u&1)
	}
}

// number is int for the type int.
func (w *wire) number(v *int) {
	n := int64(*v)
	w.int(&n)
	if *v = int(n); int64(*v) != n {
		w.fail()
	}
}

func (w *wire) byte(v *byte) {
	switch {
	case !w.reading:
		w.buf = append(w.buf, *v)
	case len(w.buf) == 0:
		w.fail()
	default:
		*v = w.buf[0]
		w.buf = w.buf[1:]
	}
}

// flags are up to eight booleans in a byte.
func (w *wire) flags(flags ...*bool) {
	var b byte
	for i, f := range flags {
		if *f {
			b |= 1 << i
		}
	}
	w.byte(&b)
	for i, f := range flags {
		*f = b&(1<<i) != 0
	}
	if b>>len(flags) != 0 {
		w.fail()
	}
}

func (w *wire) float(v *float64) {
	if !w.reading {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(*v))
		return
	}
	if b := w.take(8); b != nil {
		*v = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
}

// take reads n bytes, which stay in the input.
func (w *wire) take(n int) []byte {
	if n > len(w.buf) {
		w.fail()
		return nil
	}
	b := w.buf[:n]
	w.buf = w.buf[n:]
	return b
}

// bytes is a string that is like no other.
func (w *wire) bytes(s *string) {
	n := uint64(len(*s))
	w.uint(&n)
	switch {
	case !w.reading:
		w.buf = append(w.buf, *s...)
	case n > uint64(len(w.buf)):
		w.fail()
	default:
		*s = string(w.take(int(n)))
	}
}

// intern returns the place of s in the table.
func (w *wire) intern(s string) uint64 {
	i, known := w.index[s]
	if !known {
		i = uint64(len(w.table))
		w.index[s] = i
		w.table = append(w.table, s)
	}
	return i
}

// at returns a string of the table.
func (w *wire) at(i uint64) string {
	if i >= uint64(len(w.table)) {
		w.fail()
		return ""
	}
	return w.table[i]
}

// str is a string of which others may be like it.
func str[S ~string](w *wire, s *S) {
	var i uint64
	if !w.reading {
		i = w.intern(string(*s))
	}
	w.uint(&i)
	if w.reading {
		*s = S(w.at(i))
	}
}

// strs are several strings.
func strs[S ~string](w *wire, fields ...*S) {
	for _, s := range fields {
		str(w, s)
	}
}

// near is a string whose place in the table is near that of the one before it in the same
// sequence: paths mostly come in the order in which they were first met.
func (w *wire) near(s *string, last *int64) {
	var d int64
	if !w.reading {
		d = int64(w.intern(*s)) - *last
	}
	w.int(&d)
	*last += d
	if w.reading {
		*s = w.at(uint64(*last))
	}
}

// many is a slice whose elements take at least so many bytes each, which bounds
// what is made for a number that lies. A slice without elements is read as nil.
func many[T any](w *wire, least int, s *[]T, each func(*T)) {
	n := uint64(len(*s))
	w.uint(&n)
	if w.reading {
		if n > uint64(len(w.buf)/least) {
			w.fail()
			return
		}
		if *s = nil; n > 0 {
			*s = make([]T, n)
		}
	}
	for i := range *s {
		if i%askEvery == askEvery-1 {
			w.interrupted()
		}
		if each(&(*s)[i]); w.err != nil {
			return
		}
	}
}

// optional is a pointer that may be nil.
func optional[T any](w *wire, p **T, each func(*T)) {
	there := *p != nil
	w.flags(&there)
	if w.reading && there {
		*p = new(T)
	}
	if there && w.err == nil {
		each(*p)
	}
}

// hashes are the digests that are stored as bytes. The place in the list, from 1,
// stands for the algorithm; 0 is a digest that is none of these, as a string.
var hashes = [...]struct {
	prefix string
	size   int
}{{"sha256:", 32}, {"md5:", 16}, {"sha1:", 20}, {"sha512:", 64}, {"sha384:", 48}, {"sha224:", 28}}

func (w *wire) digest(d *sbom.Digest) {
	var kind byte
	if !w.reading {
		w.putDigest(string(*d))
		return
	}
	w.byte(&kind)
	switch {
	case kind == 0:
		str(w, d)
	case int(kind) > len(hashes):
		w.fail()
	default:
		h := hashes[kind-1]
		if raw := w.take(h.size); raw != nil {
			*d = sbom.Digest(w.text.hex(h.prefix, raw))
		}
	}
}

func (w *wire) putDigest(s string) {
	packed, ok := appendHash(w.buf, sbom.Digest(s))
	if ok {
		w.buf = packed
		return
	}
	w.buf = append(w.buf, 0)
	str(w, &s)
}

// text makes many short strings in few pieces of memory.
type text struct{ b *strings.Builder }

// textPiece is large enough to make allocations rare, and so small that one string that is kept does not
// keep much else.
const textPiece = 16 << 10

// room returns a builder that takes n more bytes without moving.
func (t *text) room(n int) *strings.Builder {
	if t.b == nil || t.b.Cap()-t.b.Len() < n {
		t.b = new(strings.Builder)
		t.b.Grow(max(n, textPiece))
	}
	return t.b
}

// join returns a+b.
func (t *text) join(a string, b []byte) string {
	to := t.room(len(a) + len(b))
	start := to.Len()
	to.WriteString(a)
	to.Write(b)
	return to.String()[start:]
}

// hex returns the prefix and raw in hexadecimal.
func (t *text) hex(prefix string, raw []byte) string {
	var digits [128]byte
	return t.join(prefix, digits[:hex.Encode(digits[:], raw)])
}
