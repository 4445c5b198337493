package rpmdb

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
)

// ndb (rpm, lib/backend/ndb/rpmpkg.c): a header of 32 bytes, then slots of 16
// bytes up to the end of the slot pages, then blobs in blocks of 16 bytes. All
// numbers are little-endian.

const (
	ndbPage     = 4096
	ndbBlock    = 16
	ndbBlobHead = 16
	ndbBlobTail = 12
)

func ndbHeaders(r io.ReaderAt, size int64, yield func([]byte, error) bool) {
	var head [32]byte
	if n, err := r.ReadAt(head[:], 0); n < len(head) {
		yield(nil, malformed("ndb header: %v", err))
		return
	}
	if v := binary.LittleEndian.Uint32(head[4:]); v != 0 {
		yield(nil, fmt.Errorf("%w: ndb version %d", ErrUnsupported, v))
		return
	}
	slots := int64(binary.LittleEndian.Uint32(head[12:])) * ndbPage
	if slots == 0 || slots > size {
		yield(nil, malformed("%d bytes of slots in a file of %d", slots, size))
		return
	}
	db := ndb{r: r, size: size, left: size, seen: make(map[uint32]bool)}
	var page [ndbPage]byte
	for at := int64(0); at < slots; at += ndbPage {
		if n, err := r.ReadAt(page[:], at); n < len(page) {
			yield(nil, malformed("slot page at %d: %v", at, err))
			return
		}
		begin := 0
		if at == 0 {
			begin = len(head)
		}
		for i := begin; i < ndbPage; i += ndbBlock {
			if !db.slot(page[i:i+ndbBlock], yield) {
				return
			}
		}
	}
}

type ndb struct {
	r    io.ReaderAt
	size int64
	// left is how many bytes of blobs the file can still have.
	left int64
	seen map[uint32]bool // package indexes
	buf  []byte
}

// slot yields the blob of a slot; free slots have the package index 0.
func (db *ndb) slot(s []byte, yield func([]byte, error) bool) bool {
	index := binary.LittleEndian.Uint32(s[4:])
	if string(s[:4]) != "Slot" {
		return yield(nil, malformed("slot without magic"))
	}
	if index == 0 {
		return true
	}
	if db.seen[index] {
		return yield(nil, malformed("package %d has two slots", index))
	}
	db.seen[index] = true
	blob, err := db.blob(index, binary.LittleEndian.Uint32(s[8:]), binary.LittleEndian.Uint32(s[12:]))
	return yield(blob, err)
}

// blob reads the blob of a package in count blocks from block first, and checks
// it against its checksum.
func (db *ndb) blob(index, first, count uint32) ([]byte, error) {
	length := int64(count) * ndbBlock
	at := int64(first) * ndbBlock
	switch {
	case length < ndbBlobHead+ndbBlobTail || at+length > db.size || length > db.left:
		return nil, malformed("package %d has %d bytes at %d", index, length, at)
	case length > MaxHeader:
		return nil, fmt.Errorf("%w: package %d has %d bytes", ErrLimit, index, length)
	}
	db.left -= length
	if int64(cap(db.buf)) < length {
		db.buf = make([]byte, length)
	}
	b := db.buf[:length]
	if n, err := db.r.ReadAt(b, at); n < len(b) {
		return nil, malformed("package %d: %v", index, err)
	}
	tail := b[len(b)-ndbBlobTail:]
	size := binary.LittleEndian.Uint32(b[12:])
	switch {
	case string(b[:4]) != "BlbS" || string(tail[8:]) != "BlbE":
		return nil, malformed("package %d has no blob", index)
	case binary.LittleEndian.Uint32(b[4:]) != index:
		return nil, malformed("package %d has the blob of another", index)
	case int64(size) > length-ndbBlobHead-ndbBlobTail || binary.LittleEndian.Uint32(tail[4:]) != size:
		return nil, malformed("package %d has a blob of %d bytes in %d", index, size, length)
	case adler32.Checksum(b[:len(b)-ndbBlobTail]) != binary.LittleEndian.Uint32(tail):
		return nil, malformed("package %d has a wrong checksum", index)
	}
	return b[ndbBlobHead : ndbBlobHead+size], nil
}
