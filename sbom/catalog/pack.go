package catalog

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// sharedPrefix returns the length of the beginning that a and b have in common.
func sharedPrefix(a, b string, most int) int {
	n := 0
	for n < min(most, len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// packReader reads the data of a list. What is read shares its memory.
type packReader struct {
	data string
	bad  bool
}

// uint reads a uvarint.
func (r *packReader) uint() uint64 {
	var n uint64
	for i := range min(len(r.data), binary.MaxVarintLen64) {
		b := r.data[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.data = r.data[i+1:]
			return n
		}
	}
	r.bad = true
	return 0
}

// number reads one of at most most; 0 if there is none.
func (r *packReader) number(most int) int {
	n := r.uint()
	if most < 0 || n > uint64(most) {
		r.bad = true
		return 0
	}
	return int(n)
}

// word reads what appendWord wrote.
func (r *packReader) word() string { return r.take(r.number(len(r.data))) }

func (r *packReader) take(n int) string {
	if n > len(r.data) {
		r.bad = true
		return ""
	}
	s := r.data[:n]
	r.data = r.data[n:]
	return s
}

func (r *packReader) digest() packedDigest {
	if r.data == "" {
		r.bad = true
		return ""
	}
	kind := int(r.data[0])
	if kind > len(hashes) {
		r.bad = true
		return ""
	}
	if kind > 0 {
		return packedDigest(r.take(1 + hashes[kind-1].size))
	}
	rest := r.data
	r.take(1)
	r.word()
	return packedDigest(rest[:len(rest)-len(r.data)])
}

// packedDigest is a digest in as few bytes as it takes: the number of its algorithm
// among hashes, from 1, and its bytes; or 0, and what it is as a string with its
// length before it. "" is none.
type packedDigest string

func appendDigest(b []byte, d sbom.Digest) []byte {
	if packed, ok := appendHash(b, d); ok {
		return packed
	}
	return appendWord(append(b, 0), string(d))
}

// appendHash appends a digest whose algorithm is among hashes.
func appendHash(b []byte, d sbom.Digest) ([]byte, bool) {
	for i, h := range hashes {
		digits, ok := strings.CutPrefix(string(d), h.prefix)
		if ok && len(digits) == 2*h.size && strings.Trim(digits, lowerHex) == "" {
			packed, err := hex.AppendDecode(append(b, byte(i+1)), []byte(digits))
			return packed, err == nil
		}
	}
	return b, false
}

const lowerHex = "0123456789abcdef"

// text returns the digest as detectors state it.
func (p packedDigest) text() sbom.Digest {
	switch {
	case p == "":
		return ""
	case p[0] == 0:
		r := packReader{data: string(p[1:])}
		return sbom.Digest(r.word())
	}
	return sbom.Digest(hashes[p[0]-1].prefix + hex.EncodeToString([]byte(p[1:])))
}

// compare reports whether d is of the same algorithm, and whether it is the same.
func (p packedDigest) compare(d sbom.Digest) (comparable, same bool) {
	if p == "" {
		return false, false
	}
	if p[0] == 0 {
		text := p.text()
		return text.Algorithm() == d.Algorithm(), text == d
	}
	digits, ok := strings.CutPrefix(string(d), hashes[p[0]-1].prefix)
	if !ok || len(digits) != 2*(len(p)-1) {
		return ok, false
	}
	for i, b := range []byte(p[1:]) {
		if digits[2*i] != lowerHex[b>>4] || digits[2*i+1] != lowerHex[b&15] {
			return true, false
		}
	}
	return true, true
}
