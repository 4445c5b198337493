// Package sqlite reads the rows of a table in an SQLite database file, and nothing else:
// no query, no index, no journal. It is for the databases of package managers in images
// that may be hostile (https://www.sqlite.org/fileformat2.html).
package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/imagetrust/imagetrust/internal/pagefile"
)

// Magic is what a database file begins with.
const Magic = "SQLite format 3\x00"

var (
	// ErrFormat: the file is no SQLite database, or damaged.
	ErrFormat = errors.New("malformed SQLite database")
	// ErrUnsupported: the database has a feature that is not read.
	ErrUnsupported = errors.New("unsupported SQLite database")
	// ErrLimit: a row is longer than was asked for.
	ErrLimit = errors.New("row of an SQLite database over the limit")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

const (
	leafPage     = 13
	interiorPage = 5
	// maxTreeDepth bounds the levels of a b-tree; SQLite's own bound is 20.
	maxTreeDepth = 20
	// maxColumns is the number of columns that are looked at.
	maxColumns = 64
	// maxSchema is the longest statement in the schema.
	maxSchema = 1 << 20
)

// Row is a row of a table.
type Row struct {
	// ID is the row's number, which is also the value of a column INTEGER PRIMARY KEY;
	// the column itself is null.
	ID      int64
	columns []column
}

// Integer returns the value of column i, from 0; ok is false when it is no integer.
func (r *Row) Integer(i int) (v int64, ok bool) {
	if i >= len(r.columns) {
		return 0, false
	}
	return r.columns[i].integer()
}

// Text returns the value of column i, from 0, which is valid until the next row; ok is
// false when it is no text.
func (r *Row) Text(i int) (v []byte, ok bool) { return r.bytes(i, 1) }

// Blob is like Text for a blob.
func (r *Row) Blob(i int) (v []byte, ok bool) { return r.bytes(i, 0) }

func (r *Row) bytes(i int, parity uint64) ([]byte, bool) {
	if i >= len(r.columns) || r.columns[i].serial < 12 || r.columns[i].serial%2 != parity {
		return nil, false
	}
	return r.columns[i].data, true
}

type database struct {
	pages *pagefile.File
	// usable is a page's size without its reserved space.
	usable int
	// maxRow is the length of the longest row, in bytes.
	maxRow   int
	row      Row
	payload  []byte
	overflow []byte
	// levels are the page buffers of the b-tree's levels.
	levels [maxTreeDepth + 1][]byte
}

// visit is called with every row, which is valid during the call, or with the error of a
// row or page. It reports whether to go on.
type visit func(*Row, error) bool

// Rows iterates over the rows of the named table of a database of size bytes, in the order
// of their numbers. A row is valid until the next; one of more than maxRow bytes is an
// error that wraps ErrLimit. An error concerns one row, or a part of the file whose
// rows are then missing, or the table, which is then not there.
func Rows(r io.ReaderAt, size int64, table string, maxRow int) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		db, err := open(r, size)
		if err != nil {
			yield(nil, err)
			return
		}
		db.maxRow = maxSchema
		if root := db.root(table, yield); root != 0 {
			db.maxRow = maxRow
			db.walk(root, 0, yield)
		}
	}
}

func open(r io.ReaderAt, size int64) (*database, error) {
	var h [100]byte
	if n, err := r.ReadAt(h[:], 0); n < len(h) {
		return nil, malformed("header: %v", err)
	}
	if string(h[:len(Magic)]) != Magic {
		return nil, malformed("it does not begin like one")
	}
	pageSize := int(binary.BigEndian.Uint16(h[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	usable := pageSize - int(h[20])
	if pageSize < 512 || pageSize&(pageSize-1) != 0 || usable < 480 {
		return nil, malformed("pages of %d bytes, %d reserved", pageSize, h[20])
	}
	if enc := binary.BigEndian.Uint32(h[56:]); enc > 1 {
		return nil, fmt.Errorf("%w: text encoding %d", ErrUnsupported, enc)
	}
	return &database{pages: pagefile.New(r, size, pageSize), usable: usable}, nil
}

// root returns the root page of a table. When there is none, it yields why, and returns 0.
func (db *database) root(table string, yield visit) uint32 {
	var root uint32
	stopped := false
	db.walk(1, 0, func(row *Row, err error) bool {
		if err != nil {
			stopped = !yield(nil, err)
			return !stopped
		}
		// CREATE TABLE sqlite_schema(type, name, tbl_name, rootpage, sql)
		kind, _ := row.Text(0)
		name, _ := row.Text(1)
		if string(kind) == "table" && string(name) == table {
			page, _ := row.Integer(3)
			root = uint32(page)
		}
		return true
	})
	if root == 0 && !stopped {
		yield(nil, malformed("no table %s", table))
	}
	if stopped {
		return 0
	}
	return root
}

// walk calls fn with every row of the table b-tree at a page, from 1.
func (db *database) walk(number uint32, depth int, fn visit) bool {
	if depth > maxTreeDepth {
		return fn(nil, malformed("b-tree deeper than %d", maxTreeDepth))
	}
	page, err := db.page(number, db.levels[depth])
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

func (db *database) interior(page, h []byte, cells, depth int, fn visit) bool {
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

func (db *database) leaf(page, h []byte, cells int, fn visit) bool {
	if 8+2*cells > len(h) {
		return fn(nil, malformed("%d cells in a page", cells))
	}
	used := 0
	for i := range cells {
		local, err := db.cell(page, int(binary.BigEndian.Uint16(h[8+2*i:])))
		// Cells do not overlap: together they fit into the page.
		if used += local; used > len(page) {
			return fn(nil, malformed("overlapping cells"))
		}
		row := &db.row
		if err != nil {
			row = nil
		}
		if !fn(row, err) {
			return false
		}
	}
	return true
}

// cell reads the row of the leaf cell at an offset, and returns how much of it lies in
// the page.
func (db *database) cell(page []byte, at int) (local int, err error) {
	if at >= db.usable {
		return 0, malformed("cell at %d", at)
	}
	b := page[at:db.usable]
	length, n := uvarint(b)
	id, m := uvarint(b[n:])
	if n == 0 || m == 0 {
		return 0, malformed("cell at %d", at)
	}
	b = b[n+m:]
	if length > uint64(db.maxRow) {
		return 0, fmt.Errorf("%w: %d bytes", ErrLimit, length)
	}
	local = db.localSize(int(length))
	if local > len(b) || local < int(length) && local+4 > len(b) {
		return 0, malformed("cell at %d is cut off", at)
	}
	data := b[:local]
	if local < int(length) {
		if data, err = db.chain(data, int(length), binary.BigEndian.Uint32(b[local:])); err != nil {
			return local, err
		}
	}
	db.row.ID = int64(id)
	db.row.columns, err = columns(data, db.row.columns[:0])
	return local, err
}

// page reads a page, from 1.
func (db *database) page(number uint32, buf []byte) ([]byte, error) {
	page, err := db.pages.Read(number-1, buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return page, nil
}

// localSize returns how many bytes of a payload lie in a leaf page.
func (db *database) localSize(length int) int {
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
func (db *database) chain(local []byte, length int, next uint32) ([]byte, error) {
	if int64(length) > db.pages.Bytes() {
		return nil, malformed("a record is longer than the file")
	}
	data := append(slices.Grow(db.payload[:0], length), local...)
	for len(data) < length {
		page, err := db.page(next, db.overflow)
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

// integer returns the value of an integer column.
func (c column) integer() (v int64, ok bool) {
	switch {
	case c.serial == 8 || c.serial == 9:
		return int64(c.serial - 8), true
	case c.serial < 1 || c.serial > 6:
		return 0, false
	}
	v = int64(int8(c.data[0]))
	for _, b := range c.data[1:] {
		v = v<<8 | int64(b)
	}
	return v, true
}

// columns appends the values of a record to cols, up to maxColumns.
func columns(data []byte, cols []column) ([]column, error) {
	headerLen, at := uvarint(data)
	if at == 0 || headerLen > uint64(len(data)) {
		return cols, malformed("record header")
	}
	types, body := data[at:max(at, int(headerLen))], data[headerLen:]
	for len(types) > 0 && len(cols) < maxColumns {
		serial, m := uvarint(types)
		size := serialSize(serial)
		if m == 0 || size > uint64(len(body)) {
			return cols, malformed("value %d of a record is cut off", len(cols))
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
