package rpmdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// The file format is that of https://www.sqlite.org/fileformat2.html. rpm keeps
// the headers in the table Packages(hnum INTEGER PRIMARY KEY, blob BLOB).

const sqliteMagic = "SQLite format 3\x00"

const (
	leafPage     = 13
	interiorPage = 5
	// maxTreeDepth bounds the levels of a b-tree; SQLite's own bound is 20.
	maxTreeDepth = 20
)

type sqlite struct {
	pages *pages
	// usable is a page's size without its reserved space.
	usable   int
	payload  []byte
	overflow []byte
	// levels are the page buffers of the b-tree's levels.
	levels [maxTreeDepth + 1][]byte
}

// record is called with a row's record, which is valid during the call, or with
// the error of a row or page. It reports whether to go on.
type record func(data []byte, err error) bool

func sqliteHeaders(r io.ReaderAt, size int64, yield func([]byte, error) bool) {
	db, err := openSQLite(r, size)
	if err != nil {
		yield(nil, err)
		return
	}
	root := db.packagesRoot(yield)
	if root == 0 {
		return
	}
	db.walk(root, 0, func(data []byte, err error) bool {
		if err != nil {
			return yield(nil, err)
		}
		blob, err := blobColumn(data)
		return yield(blob, err)
	})
}

func openSQLite(r io.ReaderAt, size int64) (*sqlite, error) {
	var h [100]byte
	if n, err := r.ReadAt(h[:], 0); n < len(h) {
		return nil, malformed("SQLite header: %v", err)
	}
	pageSize := int(binary.BigEndian.Uint16(h[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	usable := pageSize - int(h[20])
	if pageSize < 512 || pageSize&(pageSize-1) != 0 || usable < 480 {
		return nil, malformed("SQLite pages of %d bytes, %d reserved", pageSize, h[20])
	}
	if enc := binary.BigEndian.Uint32(h[56:]); enc > 1 {
		return nil, fmt.Errorf("%w: text encoding %d of SQLite", ErrUnsupported, enc)
	}
	return &sqlite{pages: newPages(r, size, pageSize), usable: usable}, nil
}

// packagesRoot returns the root page of the table Packages. When there is none,
// it yields why, and returns 0.
func (db *sqlite) packagesRoot(yield func([]byte, error) bool) uint32 {
	var root uint32
	stopped := false
	db.walk(1, 0, func(data []byte, err error) bool {
		if err == nil {
			var cols []column
			if cols, err = columns(data, 5); err == nil {
				if string(cols[0].data) == "table" && string(cols[1].data) == "Packages" {
					root = uint32(cols[3].integer())
				}
				return true
			}
		}
		stopped = !yield(nil, err)
		return !stopped
	})
	if root == 0 && !stopped {
		yield(nil, malformed("no table Packages"))
	}
	if stopped {
		return 0
	}
	return root
}

// walk calls fn with every record of the table b-tree at a page, from 1.
func (db *sqlite) walk(number uint32, depth int, fn record) bool {
	if depth > maxTreeDepth {
		return fn(nil, malformed("b-tree deeper than %d", maxTreeDepth))
	}
	page, err := db.pages.read(number-1, db.levels[depth])
	if err != nil {
		return fn(nil, err)
	}
	db.levels[depth] = page
	h := page
	if number == 1 {
		h = page[100:]
	}
	cells := int(binary.BigEndian.Uint16(h[3:]))
	switch h[0] {
	case leafPage:
		return db.leaf(page, h, cells, fn)
	case interiorPage:
		return db.interior(page, h, cells, depth, fn)
	}
	return fn(nil, malformed("page %d is no page of a table", number))
}

func (db *sqlite) interior(page, h []byte, cells, depth int, fn record) bool {
	if 12+2*cells > len(h) {
		return fn(nil, malformed("%d cells in a page", cells))
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(h[12+2*i:]))
		if at+4 > len(page) {
			if !fn(nil, malformed("cell at %d", at)) {
				return false
			}
			continue
		}
		if !db.walk(binary.BigEndian.Uint32(page[at:]), depth+1, fn) {
			return false
		}
	}
	return db.walk(binary.BigEndian.Uint32(h[8:]), depth+1, fn)
}

func (db *sqlite) leaf(page, h []byte, cells int, fn record) bool {
	if 8+2*cells > len(h) {
		return fn(nil, malformed("%d cells in a page", cells))
	}
	used := 0
	for i := range cells {
		data, local, err := db.cell(page, int(binary.BigEndian.Uint16(h[8+2*i:])))
		// Cells do not overlap: together they fit into the page.
		if used += local; used > len(page) {
			return fn(nil, malformed("overlapping cells"))
		}
		if !fn(data, err) {
			return false
		}
	}
	return true
}

// cell returns the record of the leaf cell at an offset, and how much of it lies
// in the page.
func (db *sqlite) cell(page []byte, at int) (data []byte, local int, err error) {
	if at >= db.usable {
		return nil, 0, malformed("cell at %d", at)
	}
	b := page[at:db.usable]
	length, n := uvarint(b)
	_, m := uvarint(b[n:])
	if n == 0 || m == 0 {
		return nil, 0, malformed("cell at %d", at)
	}
	b = b[n+m:]
	if length > MaxHeader {
		return nil, 0, fmt.Errorf("%w: %d bytes", ErrLimit, length)
	}
	local = db.localSize(int(length))
	if local > len(b) || local < int(length) && local+4 > len(b) {
		return nil, 0, malformed("cell at %d is cut off", at)
	}
	if local == int(length) {
		return b[:local], local, nil
	}
	data, err = db.chain(b[:local], int(length), binary.BigEndian.Uint32(b[local:]))
	return data, local, err
}

// localSize returns how many bytes of a payload lie in a leaf page.
func (db *sqlite) localSize(length int) int {
	if length <= db.usable-35 {
		return length
	}
	low := (db.usable-12)*32/255 - 23
	if k := low + (length-low)%(db.usable-4); k <= db.usable-35 {
		return k
	}
	return low
}

// chain returns a payload that begins with local and goes on in overflow pages.
func (db *sqlite) chain(local []byte, length int, next uint32) ([]byte, error) {
	if int64(length) > int64(db.pages.n)*int64(db.pages.size) {
		return nil, malformed("a record is longer than the file")
	}
	data := append(slices.Grow(db.payload[:0], length), local...)
	for len(data) < length {
		page, err := db.pages.read(next-1, db.overflow)
		if err != nil {
			return nil, err
		}
		db.overflow = page
		next = binary.BigEndian.Uint32(page)
		data = append(data, page[4:4+min(db.usable-4, length-len(data))]...)
	}
	db.payload = data
	return data, nil
}

// column is a value of a record.
type column struct {
	serial uint64
	data   []byte
}

// integer returns the value of an integer column, 0 of others.
func (c column) integer() int64 {
	switch {
	case c.serial == 9:
		return 1
	case c.serial < 1 || c.serial > 6 || len(c.data) == 0:
		return 0
	}
	v := int64(int8(c.data[0]))
	for _, b := range c.data[1:] {
		v = v<<8 | int64(b)
	}
	return v
}

// columns returns the first n values of a record.
func columns(data []byte, n int) ([]column, error) {
	headerLen, at := uvarint(data)
	if at == 0 || headerLen > uint64(len(data)) {
		return nil, malformed("record header")
	}
	types, body := data[at:max(at, int(headerLen))], data[headerLen:]
	cols := make([]column, 0, n)
	for range n {
		serial, m := uvarint(types)
		size := serialSize(serial)
		if m == 0 || size > uint64(len(body)) {
			return nil, malformed("record has no %d values", n)
		}
		cols = append(cols, column{serial, body[:size]})
		types, body = types[m:], body[size:]
	}
	return cols, nil
}

// serialSize returns the length of a value by its serial type.
func serialSize(serial uint64) uint64 {
	switch {
	case serial >= 12:
		return (serial - 12) / 2
	case serial <= 4:
		return serial
	case serial == 5:
		return 6
	case serial <= 7:
		return 8
	}
	return 0
}

// blobColumn returns the second value of a row of Packages.
func blobColumn(data []byte) ([]byte, error) {
	cols, err := columns(data, 2)
	if err != nil {
		return nil, err
	}
	if c := cols[1]; c.serial < 12 || c.serial%2 != 0 {
		return nil, malformed("a row of Packages has no blob")
	}
	return cols[1].data, nil
}

// uvarint reads SQLite's variable-length integer: big-endian groups of 7 bits,
// the ninth byte whole. n is 0 when b is too short.
func uvarint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
