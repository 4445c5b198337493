// Package fileindex is a file that says which package a program is of, by its build-id or by
// the digest of its content: exact where a program says nothing of itself. Millions of
// programs may be in it; a look-up reads some blocks of 4 KiB, and nothing is kept in memory.
//
// Make one from the packages of a distribution with
//
//	go run ./sbom/detect/binary/fileindex/build -o debian.idx *.deb
//
// # The file
//
// All numbers are little-endian. A header of 64 bytes: "imgtidx1", the number of entries, the
// offset and size of the records (each of 8 bytes), the first 16 bytes of the SHA-256 of all that
// follows the header, 12 bytes of zero, and the CRC-32 (Castagnoli) of the 60 bytes before. Then blocks of
// entries, in order of their keys, each block of 200 entries (the last one of fewer) followed by its
// CRC-32. An entry is a key, the first 16 bytes of the SHA-256 of the kind and the id,
// and the offset of its record among the records, in 4 bytes. A record is the length of
// its text in 2 bytes, the CRC-32 of the text, and the text: name, version, package URL
// and licence, divided by new lines.
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
	// Name is the project's or source package's, and Version that of the package.
	Name, Version string
	// PURL is the package URL of the package.
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
	magic      = "imgtidx1"
	headerSize = 64
	keySize    = 16
	entrySize  = keySize + 4
	perBlock   = 200
	blockSize  = perBlock*entrySize + 4
	recordHead = 6
)

type key [keySize]byte

func keyOf(kind Kind, id []byte) key {
	sum := sha256.Sum256(append([]byte{byte(kind)}, id...))
	return key(sum[:keySize])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// blocks returns the number of blocks of n entries, and their size in bytes.
func blocks(n uint64) (count, size uint64) {
	count = (n + perBlock - 1) / perBlock
	return count, n*entrySize + count*4
}

// header is the first bytes of the file.
type header struct {
	entries, recordsAt, recordsSize uint64
	sum                             [16]byte
}

func (h *header) bytes() []byte {
	b := append([]byte(magic), make([]byte, headerSize-len(magic))...)
	binary.LittleEndian.PutUint64(b[8:], h.entries)
	binary.LittleEndian.PutUint64(b[16:], h.recordsAt)
	binary.LittleEndian.PutUint64(b[24:], h.recordsSize)
	copy(b[32:], h.sum[:])
	binary.LittleEndian.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
	return b
}

// parseHeader checks a header against the size of its file.
func parseHeader(b []byte, size int64) (h header, ok bool) {
	if string(b[:8]) != magic || binary.LittleEndian.Uint32(b[headerSize-4:]) != checksum(b[:headerSize-4]) {
		return h, false
	}
	h = header{binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]), [16]byte(b[32:48])}
	if h.entries > MaxEntries || h.recordsSize > 1<<32 {
		return h, false
	}
	_, entries := blocks(h.entries)
	return h, h.recordsAt == headerSize+entries && h.recordsAt+h.recordsSize == uint64(size)
}
