package rpmdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/imagetrust/imagetrust/internal/pagefile"
)

// Berkeley DB hash database (db 5.3, dbinc/db_page.h): pages of which those of
// hash buckets hold pairs of a key, the package's number, and a value, its header.
// A header that does not fit into a quarter of a page is in a chain of overflow
// pages. Numbers have the byte order of the machine that wrote the file.

const (
	bdbHashMagic  = 0x061561
	bdbBtreeMagic = 0x053162

	bdbPageHead     = 26 // lsn 8, pgno 4, prev 4, next 4, entries 2, hf_offset 2, level 1, type 1
	bdbHashUnsorted = 2
	bdbOverflow     = 7
	bdbHash         = 13

	bdbKeyData = 1
	bdbOffPage = 3
)

type bdb struct {
	pages *pagefile.File
	order binary.ByteOrder
	last  uint32 // the last page's number
	page  []byte
	chain []byte
	value []byte
}

func bdbHeaders(r io.ReaderAt, size int64, yield func([]byte, error) bool) {
	db, err := openBDB(r, size)
	if err != nil {
		yield(nil, err)
		return
	}
	if db.last >= db.pages.Pages() && !yield(nil, malformed("Berkeley DB of %d pages has %d bytes", int64(db.last)+1, size)) {
		return
	}
	// Overflow pages are looked at twice: here, to be passed over, and in the
	// chain of their value. The pages of this loop are counted by themselves.
	scan := pagefile.New(r, size, db.pages.PageSize())
	for i := range scan.Pages() {
		page, err := readPage(scan, i, db.page)
		if err != nil {
			yield(nil, err)
			return
		}
		db.page = page
		if t := page[25]; (t == bdbHash || t == bdbHashUnsorted) && i > 0 && !db.bucket(page, yield) {
			return
		}
	}
}

func openBDB(r io.ReaderAt, size int64) (*bdb, error) {
	var m [72]byte
	if n, err := r.ReadAt(m[:], 0); n < len(m) {
		return nil, malformed("Berkeley DB header: %v", err)
	}
	order, err := byteOrder(m[12:16])
	if err != nil {
		return nil, err
	}
	pageSize := order.Uint32(m[20:])
	if pageSize < 512 || pageSize > 65536 || pageSize&(pageSize-1) != 0 {
		return nil, malformed("Berkeley DB pages of %d bytes", pageSize)
	}
	if m[24] != 0 || m[26]&1 != 0 {
		return nil, fmt.Errorf("%w: Berkeley DB with encryption or checksums", ErrUnsupported)
	}
	return &bdb{pages: pagefile.New(r, size, int(pageSize)), order: order, last: order.Uint32(m[32:])}, nil
}

// byteOrder returns the byte order in which the magic is that of a hash database.
func byteOrder(magic []byte) (binary.ByteOrder, error) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case bdbHashMagic:
			return order, nil
		case bdbBtreeMagic:
			return nil, fmt.Errorf("%w: Berkeley DB of type btree", ErrUnsupported)
		}
	}
	return nil, malformed("unknown magic % x", magic)
}

// bucket yields the values of a page of a hash bucket.
func (db *bdb) bucket(page []byte, yield func([]byte, error) bool) bool {
	entries := int(db.order.Uint16(page[20:]))
	if bdbPageHead+2*entries > len(page) || entries%2 != 0 {
		return yield(nil, malformed("%d entries in a page", entries))
	}
	end := len(page)
	var key []byte
	for i := range entries {
		at := int(db.order.Uint16(page[bdbPageHead+2*i:]))
		if at < bdbPageHead+2*entries || at >= end {
			return yield(nil, malformed("entry at %d", at))
		}
		item := page[at:end]
		end = at
		if i%2 == 0 {
			key = item
			continue
		}
		// The value of key 0 is the number of the last package.
		if len(key) == 5 && db.order.Uint32(key[1:]) == 0 {
			continue
		}
		if !yield(db.item(item)) {
			return false
		}
	}
	return true
}

// item returns the value of a hash item.
func (db *bdb) item(item []byte) ([]byte, error) {
	switch {
	case item[0] == bdbKeyData:
		return item[1:], nil
	case item[0] == bdbOffPage && len(item) >= 12:
		return db.offPage(db.order.Uint32(item[4:]), db.order.Uint32(item[8:]))
	}
	return nil, malformed("value of type %d", item[0])
}

// offPage returns the value in the chain of overflow pages from a page on.
func (db *bdb) offPage(number, length uint32) ([]byte, error) {
	if length > MaxHeader {
		return nil, fmt.Errorf("%w: %d bytes", ErrLimit, length)
	}
	if int64(length) > db.pages.Bytes() {
		return nil, malformed("a value is longer than the file")
	}
	data := slices.Grow(db.value[:0], int(length))
	for len(data) < int(length) {
		page, err := readPage(db.pages, number, db.chain)
		if err != nil {
			return nil, err
		}
		db.chain = page
		n := int(db.order.Uint16(page[22:]))
		if page[25] != bdbOverflow || n == 0 || bdbPageHead+n > len(page) {
			return nil, malformed("page %d is no overflow page", number)
		}
		data = append(data, page[bdbPageHead:bdbPageHead+min(n, int(length)-len(data))]...)
		number = db.order.Uint32(page[16:])
	}
	db.value = data
	return data, nil
}

// readPage reads a page, from 0.
func readPage(f *pagefile.File, i uint32, buf []byte) ([]byte, error) {
	page, err := f.Read(i, buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return page, nil
}
