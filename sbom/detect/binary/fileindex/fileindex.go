// Package fileindex is a file that says which package a program is of, by its build-id or by
// the digest of its content: exact where a program says nothing of itself. Millions of
// programs may be in it; a look-up reads some KiB, and nothing is kept in memory.
//
// Make one from the packages of a distribution with
//
//	go run ./sbom/detect/binary/fileindex/build -o debian.idx *.deb
//
// Package fileindex/debian has one for programs of Debian.
//
// # What it proves
//
// A digest is of one content. A build-id is what the linker wrote into the file: anyone may write
// that of another program into theirs, and it stays when a file is changed afterwards. It says
// what a file is in all honest images, and proves nothing of a file that somebody forged.
//
// # The file
//
// All numbers are little-endian. A header of 64 bytes: "imgtidx2", the numbers of build-ids, of
// digests and of records (each of 4 bytes), 4 bytes of zero, the size of the blocks of records
// (8 bytes), the first 16 bytes of the SHA-256 of all that follows the header, 12 bytes
// of zero, and the CRC-32 (Castagnoli) of the 60 bytes before. Then the table of build-ids, the
// table of digests, the places of the blocks of records, and these blocks.
//
// A key is the beginning of the SHA-256 of the kind (one byte) and the id: 8 bytes of it for a
// build-id, 16 for a digest. A table puts keys into buckets by their first bytes: one bucket up to 256
// entries, 256 buckets up to 2^20 and 65,536 above. It begins with the number of entries before
// each bucket, and of all, in 4 bytes each. A bucket has its entries in order: the rest of
// the key and the number of its record, in as many bytes as the greatest one needs; and
// then the CRC-32 of the kind, the number of the bucket (4 bytes) and the entries.
//
// A record is a text of name, version, package URL and licence, with a new line behind each. The records
// are in order of their text, in blocks of 128: a CRC-32 of what follows, which is the texts,
// compressed with DEFLATE. The places are the offset of each block from that of the first, and
// their size, in 4 bytes each.
//
// All that is read is checked against its sum, and against the limits below. The sums find
// damage; they do not say who made the file. Take an index from where you would take the
// packages from.
package fileindex

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Kind is what identifies a file.
type Kind byte

const (
	// BuildID is the build-id that the linker wrote (.note.gnu.build-id), as bytes.
	BuildID Kind = 1
	// SHA256 is the digest of the whole content, as bytes.
	SHA256 Kind = 2
)

// Record is what is known of a file.
type Record struct {
	// Name is the project's, and Version the upstream's: without what a distribution
	// puts before and behind it.
	Name, Version string
	// PURL is the package URL of the package, with all of its version.
	PURL string
	// License is an SPDX expression; empty if not known.
	License string
}

// Entry is a record and what identifies its file.
type Entry struct {
	Kind Kind
	// ID is from MinID to MaxID bytes long.
	ID []byte
	Record
}

// Limits of what is written and read.
const (
	// MinID and MaxID limit the length of an id, in bytes: a shorter one may be of any file.
	MinID, MaxID = 8, 64
	// MaxEntries is the number of entries of an index.
	MaxEntries = 1 << 28
	// MaxRecords is the number of records that one file may have: the same file is in
	// several versions of a package.
	MaxRecords = 16
	// maxText is the length of a record's text in bytes.
	maxText = 4 << 10
)

// ErrFormat is the error for a file that is no index, or a damaged one.
var ErrFormat = errors.New("fileindex: malformed index")

// ErrRecord is the error for an entry that cannot be written: without a name or a version,
// with control characters, over a limit.
var ErrRecord = errors.New("fileindex: entry that cannot be written")

const (
	magic      = "imgtidx2"
	headerSize = 64
	sumSize    = 4
	// maxBucket is the number of entries of a bucket: four times what the fullest has
	// in an index of MaxEntries.
	maxBucket = 1 << 14
	// perBlock is the number of records in a block, and maxBlock its size in bytes, with or
	// without compression.
	perBlock = 128
	maxBlock = perBlock*maxText + 1<<10
)

// keySize is the length of the keys of a kind in bytes, 0 for no kind. A longer one would not
// make a build-id more of a proof.
func (k Kind) keySize() int {
	switch k {
	case BuildID:
		return 8
	case SHA256:
		return 16
	}
	return 0
}

// key is at the beginning of the array.
type key [16]byte

func keyOf(kind Kind, id []byte) (k key) {
	sum := sha256.Sum256(append([]byte{byte(kind)}, id...))
	copy(k[:kind.keySize()], sum[:])
	return k
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// table is where the entries of one kind are.
type table struct {
	kind        Kind
	at, entries uint64
	width       int // of the number of a record
}

// prefix returns the number of bytes of a key that choose its bucket.
func (t *table) prefix() int {
	switch {
	case t.entries <= 1<<8:
		return 0
	case t.entries <= 1<<20:
		return 1
	}
	return 2
}

func (t *table) buckets() uint64   { return 1 << (8 * t.prefix()) }
func (t *table) entrySize() uint64 { return uint64(t.kind.keySize() - t.prefix() + t.width) } //nolint:gosec // From 7 to 20.

// size is that of the whole table in bytes.
func (t *table) size() uint64 {
	return (t.buckets()+1)*4 + t.entries*t.entrySize() + t.buckets()*sumSize
}

// bucketOf returns the number of the bucket that a key is in.
func (t *table) bucketOf(k key) (n uint64) {
	for _, c := range k[:t.prefix()] {
		n = n<<8 | uint64(c)
	}
	return n
}

// bucketAt returns where a bucket is that has so many entries before it.
func (t *table) bucketAt(number, before uint64) uint64 {
	return t.at + (t.buckets()+1)*4 + before*t.entrySize() + number*sumSize
}

// bucketSum is the sum of a bucket. It is of no other one.
func (t *table) bucketSum(number uint64, entries []byte) uint32 {
	head := binary.LittleEndian.AppendUint32([]byte{byte(t.kind)}, uint32(number)) //nolint:gosec // At most 65,535.
	return crc32.Update(checksum(head), castagnoli, entries)
}

// header is the first bytes of the file.
type header struct {
	buildIDs, digests, records uint64
	blocksSize                 uint64
	sum                        [16]byte
}

func (h *header) bytes() []byte {
	b := append([]byte(magic), make([]byte, headerSize-len(magic))...)
	for i, n := range []uint64{h.buildIDs, h.digests, h.records} {
		binary.LittleEndian.PutUint32(b[8+4*i:], uint32(n)) //nolint:gosec // At most MaxEntries.
	}
	binary.LittleEndian.PutUint64(b[24:], h.blocksSize)
	copy(b[32:], h.sum[:])
	binary.LittleEndian.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
	return b
}

// width returns the number of bytes that the number of a record needs.
func (h *header) width() int {
	n := 1
	for most := (max(h.records, 1) - 1) >> 8; most > 0; most >>= 8 {
		n++
	}
	return n
}

// layout returns where everything is that the header speaks of, and the size of the file.
func (h *header) layout() (buildIDs, digests table, places, blocks, size uint64) {
	buildIDs = table{BuildID, headerSize, h.buildIDs, h.width()}
	digests = table{SHA256, headerSize + buildIDs.size(), h.digests, h.width()}
	places = digests.at + digests.size()
	blocks = places + (h.blocks()+1)*4
	return buildIDs, digests, places, blocks, blocks + h.blocksSize
}

// blocks returns the number of blocks of records.
func (h *header) blocks() uint64 { return (h.records + perBlock - 1) / perBlock }

// parseHeader checks a header against the size of its file.
func parseHeader(b []byte, size int64) (h header, ok bool) {
	if string(b[:8]) != magic || binary.LittleEndian.Uint32(b[headerSize-4:]) != checksum(b[:headerSize-4]) {
		return h, false
	}
	number := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
	h = header{number(8), number(12), number(16), binary.LittleEndian.Uint64(b[24:]), [16]byte(b[32:48])}
	if h.buildIDs+h.digests > MaxEntries || h.records > MaxEntries || h.blocksSize >= 1<<32 {
		return h, false
	}
	_, _, _, _, end := h.layout()
	return h, end == uint64(size) //nolint:gosec // Not negative.
}
