package osv

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// The file, integers little-endian:
//
//	header   magic "IMTOSV1\n", u32 page size, u32 number of pages, u64 size of
//	         the body, u64 zero, SHA-256 of the page table: 64 bytes. The
//	         SHA-256 of the header is the digest of the whole.
//	pages    the SHA-256 of each page of the body
//	body     contents: u64 offset and u64 length of each section, then the sections
//
// Sections of the body:
//
//	meta     dates and counts, see meta
//	buckets  u32 a bucket and one more: the first key of each bucket
//	keys     u64 hash of the key, u64 offset in postings; ordered by hash
//	postings u32 length, then the key, and for every record about the package the
//	         record's offset and that of what it says of the package
//	affected u32 length, then what a record says of a package; equal ones, as of the
//	         binary packages of one advisory, are there once
//	records  u32 length, then the facts of a record
//
// A key is in the bucket that the high bits of its hash name, so buckets and keys
// are in one order, and a lookup reads two numbers, a few keys and one posting.
const (
	magic        = "IMTOSV1\n"
	headerSize   = 64
	contentsSize = 16 * sections
	keySize      = 16
	maxPages     = 1 << 20 // 64 GiB
)

const (
	sectionMeta = iota
	sectionBuckets
	sectionKeys
	sectionPostings
	sectionAffected
	sectionRecords
	sections
)

type section struct{ off, size int64 }

// meta is what an index says about itself.
type meta struct {
	newest                            time.Time
	records, packages                 uint64
	withdrawn, unmatchable, gitRanges uint64
	duplicates, rejected, bucketBits  uint64
	ecosystems                        []EcosystemData
}

func (e *encoder) meta(m *meta) {
	e.time(m.newest)
	for _, v := range []uint64{m.records, m.packages, m.withdrawn, m.unmatchable, m.gitRanges, m.duplicates, m.rejected, m.bucketBits} {
		e.uint(v)
	}
	e.uint(uint64(len(m.ecosystems)))
	for _, eco := range m.ecosystems {
		e.string(string(eco.Ecosystem))
		e.uint(uint64(eco.Packages))
		e.time(eco.Newest)
	}
}

func (d *decoder) meta() meta {
	var m meta
	m.newest = d.time()
	for _, p := range []*uint64{&m.records, &m.packages, &m.withdrawn, &m.unmatchable, &m.gitRanges, &m.duplicates, &m.rejected, &m.bucketBits} {
		*p = d.uint()
	}
	for range d.count() {
		if d.bad {
			break
		}
		m.ecosystems = append(m.ecosystems, EcosystemData{Ecosystem: ecosystem(d.string()), Packages: int(min(d.uint(), 1<<40)), Newest: d.time()})
	}
	return m
}

// hashKey is 64-bit FNV-1a with a final mix, so that the high bits serve too.
func hashKey(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9fb21c651e98df25
	return h ^ h>>28
}

// writeFile writes the file around a body.
func writeFile(w io.Writer, body []byte) (sbom.Digest, error) {
	n := countPages(int64(len(body)))
	table := make([]byte, 0, n*sha256.Size)
	for i := range n {
		sum := sha256.Sum256(body[i*pageSize : min(int64(len(body)), (i+1)*pageSize)])
		table = append(table, sum[:]...)
	}
	root := sha256.Sum256(table)
	header := make([]byte, 0, headerSize)
	header = append(header, magic...)
	header = binary.LittleEndian.AppendUint32(header, pageSize)
	header = binary.LittleEndian.AppendUint32(header, uint32(n))
	header = binary.LittleEndian.AppendUint64(header, uint64(len(body)))
	header = binary.LittleEndian.AppendUint64(header, 0)
	header = append(header, root[:]...)
	for _, b := range [][]byte{header, table, body} {
		if _, err := w.Write(b); err != nil {
			return "", fmt.Errorf("osv: writing the index: %w", err)
		}
	}
	return digestOf(header), nil
}

func digestOf(header []byte) sbom.Digest {
	return sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(header)))
}

// readHeader checks a header against the size of its file and returns the
// number of pages, the size of the body and the hash of the page table.
func readHeader(h []byte, fileSize int64) (pageCount, bodySize int64, root [sha256.Size]byte, err error) {
	if len(h) != headerSize || string(h[:8]) != magic {
		return 0, 0, root, fmt.Errorf("%w: no header", ErrFormat)
	}
	size, reserved := binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[24:])
	if ps := binary.LittleEndian.Uint32(h[8:]); ps != pageSize || reserved != 0 {
		return 0, 0, root, fmt.Errorf("%w: pages of %d bytes", ErrFormat, ps)
	}
	n := int64(binary.LittleEndian.Uint32(h[12:]))
	if n > maxPages || size > maxPages*pageSize || countPages(int64(size)) != n ||
		headerSize+n*sha256.Size+int64(size) != fileSize {
		return 0, 0, root, fmt.Errorf("%w: %d pages and %d bytes in a file of %d", ErrCorrupt, n, size, fileSize)
	}
	return n, int64(size), [sha256.Size]byte(h[32:]), nil
}

// readContents checks the table of sections.
func readContents(b []byte, bodySize int64) (s [sections]section, err error) {
	for i := range s {
		off, size := binary.LittleEndian.Uint64(b[16*i:]), binary.LittleEndian.Uint64(b[16*i+8:])
		if off > uint64(bodySize) || size > uint64(bodySize)-off {
			return s, fmt.Errorf("%w: section %d", ErrCorrupt, i)
		}
		s[i] = section{int64(off), int64(size)}
	}
	return s, nil
}
