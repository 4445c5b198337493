// Package rpmdbtest makes small RPM databases for tests, in the three formats
// that package rpmdb reads.
package rpmdbtest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/adler32"
	"slices"
)

// Value is a value of a header under its tag's number: a string, []string,
// []uint16, []uint32, or []byte of 8-bit integers.
type Value struct {
	Tag  uint32
	Data any
}

// Package returns a header with what every package has, and further values.
func Package(name, version, release, arch string, more ...Value) []byte {
	values := []Value{{1000, name}, {1001, version}, {1002, release}, {1022, arch}}
	return Header(append(values, more...)...)
}

// Header encodes a header as databases have it.
func Header(values ...Value) []byte {
	slices.SortStableFunc(values, func(a, b Value) int { return cmp.Compare(a.Tag, b.Tag) })
	var index, store []byte
	for _, v := range values {
		typ, count, width, data := encode(v.Data)
		for len(store)%width != 0 {
			store = append(store, 0)
		}
		for _, n := range []uint32{v.Tag, typ, uint32(len(store)), count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		store = append(store, data...)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(values)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(store)))
	return append(append(out, index...), store...)
}

func encode(data any) (typ, count uint32, width int, b []byte) {
	switch v := data.(type) {
	case string:
		return 6, 1, 1, append([]byte(v), 0)
	case []string:
		for _, s := range v {
			b = append(append(b, s...), 0)
		}
		return 8, uint32(len(v)), 1, b
	case []byte:
		return 2, uint32(len(v)), 1, v
	case []uint16:
		for _, n := range v {
			b = binary.BigEndian.AppendUint16(b, n)
		}
		return 3, uint32(len(v)), 2, b
	case []uint32:
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return 4, uint32(len(v)), 4, b
	}
	panic("rpmdbtest: no such type of value")
}

// NDB returns an ndb database of headers, at most 254.
func NDB(headers ...[]byte) []byte {
	const slotPages, block = 1, 16
	out := make([]byte, slotPages*4096)
	copy(out, "RpmP")
	binary.LittleEndian.PutUint32(out[8:], 1)
	binary.LittleEndian.PutUint32(out[12:], slotPages)
	for i := 32; i < len(out); i += block {
		copy(out[i:], "Slot")
	}
	for i, h := range headers {
		blob := append([]byte("BlbS"), u32(binary.LittleEndian, uint32(i+1), 1, uint32(len(h)))...)
		blob = append(blob, h...)
		for len(blob)%block != block-12 {
			blob = append(blob, 0)
		}
		blob = append(blob, u32(binary.LittleEndian, adler32.Checksum(blob), uint32(len(h)))...)
		blob = append(blob, "BlbE"...)
		slot := out[32+block*i:]
		copy(slot[4:], u32(binary.LittleEndian, uint32(i+1), uint32(len(out)/block), uint32(len(blob)/block)))
		out = append(out, blob...)
	}
	return out
}

func u32(order binary.AppendByteOrder, values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = order.AppendUint32(b, v)
	}
	return b
}

// byteOrder reads and appends.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// BDB returns a Berkeley DB hash database of headers with pages of 512 bytes, in
// the byte order of a little- or big-endian machine. Short headers are kept in
// the page, longer ones in overflow pages.
func BDB(bigEndian bool, headers ...[]byte) []byte {
	const size = 512
	var order byteOrder = binary.LittleEndian
	if bigEndian {
		order = binary.BigEndian
	}
	out := make([]byte, size)
	// The first bucket has the pseudo record with the last number.
	out = append(out, bucket(order, size, pair(order, 0, append([]byte{1}, u32(order, uint32(len(headers)))...)))...)
	for i, h := range headers {
		value := append([]byte{1}, h...)
		var chain []byte
		if len(h) > size/4 {
			first := uint32(len(out)/size + 1)
			value = append([]byte{3, 0, 0, 0}, u32(order, first, uint32(len(h)))...)
			chain = overflow(order, size, first, h)
		}
		out = append(out, bucket(order, size, pair(order, uint32(i+1), value))...)
		out = append(out, chain...)
	}
	order.PutUint32(out[12:], 0x061561)
	order.PutUint32(out[16:], 9)
	order.PutUint32(out[20:], size)
	out[25] = 8
	order.PutUint32(out[32:], uint32(len(out)/size-1))
	return out
}

func pair(order binary.AppendByteOrder, key uint32, value []byte) [2][]byte {
	return [2][]byte{append([]byte{1}, u32(order, key)...), value}
}

func bucket(order binary.ByteOrder, size int, items [2][]byte) []byte {
	page := make([]byte, size)
	order.PutUint16(page[20:], 2)
	page[25] = 13
	end := size
	for i, item := range items {
		end -= len(item)
		copy(page[end:], item)
		order.PutUint16(page[26+2*i:], uint16(end))
	}
	return page
}

func overflow(order binary.ByteOrder, size int, first uint32, data []byte) []byte {
	var out []byte
	for chunk := range slices.Chunk(data, size-26) {
		page := make([]byte, size)
		first++
		if len(out)/(size)+1 < (len(data)+size-27)/(size-26) {
			order.PutUint32(page[16:], first)
		}
		order.PutUint16(page[22:], uint16(len(chunk)))
		page[25] = 7
		copy(page[26:], chunk)
		out = append(out, page...)
	}
	return out
}

// SQLite returns an SQLite database with the table Packages, of pages of 512
// bytes: the schema, an interior page, and a leaf for each header with its
// overflow pages. There may be 40 headers.
func SQLite(headers ...[]byte) []byte {
	const size = 512
	schema := record("table", "Packages", "Packages", 2,
		"CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)")
	first := leaf(size, 100, cell(1, schema))
	copy(first, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(first[16:], size)
	copy(first[18:], []byte{1, 1, 0, 64, 32, 32}) // Versions, reserved bytes, payload fractions.
	binary.BigEndian.PutUint32(first[44:], 4)     // The schema's format.
	binary.BigEndian.PutUint32(first[56:], 1)     // UTF-8.
	var leaves []byte
	var numbers []uint32
	for i, h := range headers {
		number := uint32(3 + len(leaves)/size)
		numbers = append(numbers, number)
		payload := record(nil, h)
		local, rest := split(payload, size)
		c := append(uvarint(uint64(len(payload))), uvarint(uint64(i+1))...)
		c = append(c, local...)
		if len(rest) > 0 {
			c = binary.BigEndian.AppendUint32(c, number+1)
		}
		leaves = append(leaves, leaf(size, 0, c)...)
		leaves = append(leaves, sqliteOverflow(size, number+1, rest)...)
	}
	root := leaf(size, 0)
	if len(headers) > 0 {
		root = interior(size, numbers)
	}
	out := slices.Concat(first, root, leaves)
	binary.BigEndian.PutUint32(out[28:], uint32(len(out)/size))
	return out
}

// split divides a payload into the part in a leaf page and the rest.
func split(payload []byte, size int) (local, rest []byte) {
	if len(payload) <= size-35 {
		return payload, nil
	}
	n := (size-12)*32/255 - 23
	if k := n + (len(payload)-n)%(size-4); k <= size-35 {
		n = k
	}
	return payload[:n], payload[n:]
}

func sqliteOverflow(size int, number uint32, data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		n := min(len(data), size-4)
		number++
		next := number
		if n == len(data) {
			next = 0
		}
		page := make([]byte, size)
		binary.BigEndian.PutUint32(page, next)
		copy(page[4:], data[:n])
		out, data = append(out, page...), data[n:]
	}
	return out
}

func cell(rowid uint64, payload []byte) []byte {
	return slices.Concat(uvarint(uint64(len(payload))), uvarint(rowid), payload)
}

// leaf returns a leaf page of a table, whose header begins at an offset.
func leaf(size, offset int, cells ...[]byte) []byte {
	page := make([]byte, size)
	h := page[offset:]
	h[0] = 13
	binary.BigEndian.PutUint16(h[3:], uint16(len(cells)))
	end := size
	for i, c := range cells {
		end -= len(c)
		copy(page[end:], c)
		binary.BigEndian.PutUint16(h[8+2*i:], uint16(end))
	}
	binary.BigEndian.PutUint16(h[5:], uint16(end))
	return page
}

func interior(size int, children []uint32) []byte {
	page := make([]byte, size)
	page[0] = 5
	last := len(children) - 1
	binary.BigEndian.PutUint16(page[3:], uint16(last))
	binary.BigEndian.PutUint32(page[8:], children[last])
	end := size
	for i, child := range children[:last] {
		c := append(binary.BigEndian.AppendUint32(nil, child), uvarint(uint64(i+1))...)
		end -= len(c)
		copy(page[end:], c)
		binary.BigEndian.PutUint16(page[12+2*i:], uint16(end))
	}
	binary.BigEndian.PutUint16(page[5:], uint16(end))
	return page
}

// record encodes values: nil, int below 128, string and []byte.
func record(values ...any) []byte {
	var types, body []byte
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			types = append(types, 0)
		case int:
			types, body = append(types, 1), append(body, byte(v))
		case string:
			types, body = append(types, uvarint(uint64(13+2*len(v)))...), append(body, v...)
		case []byte:
			types, body = append(types, uvarint(uint64(12+2*len(v)))...), append(body, v...)
		}
	}
	return slices.Concat(uvarint(uint64(len(types)+1)), types, body)
}

// uvarint encodes SQLite's variable-length integer, for values below 2^56.
func uvarint(v uint64) []byte {
	b := []byte{byte(v & 0x7f)}
	for v >>= 7; v > 0; v >>= 7 {
		b = append(b, byte(v&0x7f)|0x80)
	}
	slices.Reverse(b)
	return bytes.Clone(b)
}
