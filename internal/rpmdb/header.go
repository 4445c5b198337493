package rpmdb

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tag identifies a value of a header (rpm, rpmtag.h).
type Tag uint32

// The tags that are read.
const (
	tagName            Tag = 1000
	tagVersion         Tag = 1001
	tagRelease         Tag = 1002
	tagEpoch           Tag = 1003
	tagSummary         Tag = 1004
	tagVendor          Tag = 1011
	tagLicense         Tag = 1014
	tagPackager        Tag = 1015
	tagURL             Tag = 1020
	tagArch            Tag = 1022
	tagOldFileNames    Tag = 1027
	tagFileStates      Tag = 1029
	tagFileModes       Tag = 1030
	tagFileDigests     Tag = 1035
	tagFileFlags       Tag = 1037
	tagSourceRPM       Tag = 1044
	tagFileVerifyFlags Tag = 1045
	tagProvideName     Tag = 1047
	tagRequireName     Tag = 1049
	tagDirIndexes      Tag = 1116
	tagBaseNames       Tag = 1117
	tagDirNames        Tag = 1118
	tagFileDigestAlgo  Tag = 5011
	tagBugURL          Tag = 5012
	tagVCS             Tag = 5034
	tagModularityLabel Tag = 5096
)

// The types of values.
const (
	typeChar        = 1
	typeInt8        = 2
	typeInt16       = 3
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
	typeI18NString  = 9
)

const (
	indexEntrySize = 16
	// maxEntries is rpm's own limit (HEADER_TAGS_MAX).
	maxEntries = 1<<16 - 1
	// maxValues bounds the values of an array, which take more memory than their
	// bytes in the header. The largest packages have some 100,000 files.
	maxValues = 1 << 20
)

// header is a parsed index over a store of values.
type header struct {
	index []entry
	store string
}

type entry struct {
	tag    Tag
	typ    uint32
	offset uint32
	count  uint32
}

// parseHeader reads the index of a header as the database has it: the numbers of
// entries and of bytes, the entries, the bytes; all big-endian.
func parseHeader(blob []byte) (*header, error) {
	if len(blob) < 8 {
		return nil, malformed("header of %d bytes", len(blob))
	}
	if len(blob) > MaxHeader {
		return nil, fmt.Errorf("%w: %d bytes", ErrLimit, len(blob))
	}
	n, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if n > maxEntries {
		return nil, fmt.Errorf("%w: %d entries", ErrLimit, n)
	}
	begin := 8 + indexEntrySize*int(n)
	if int64(begin)+int64(size) > int64(len(blob)) {
		return nil, malformed("header of %d entries and %d bytes in %d bytes", n, size, len(blob))
	}
	h := &header{index: make([]entry, n), store: string(blob[begin : begin+int(size)])}
	for i := range h.index {
		b := blob[8+indexEntrySize*i:]
		h.index[i] = entry{
			tag:    Tag(binary.BigEndian.Uint32(b)),
			typ:    binary.BigEndian.Uint32(b[4:]),
			offset: binary.BigEndian.Uint32(b[8:]),
			count:  binary.BigEndian.Uint32(b[12:]),
		}
	}
	return h, nil
}

// find returns the entry of a tag and the store from its first value on. Of
// repeated entries the last counts: rpm appends what it adds on installation.
func (h *header) find(tag Tag) (entry, string, bool) {
	for i := len(h.index) - 1; i >= 0; i-- {
		if e := h.index[i]; e.tag == tag {
			if int64(e.offset) > int64(len(h.store)) {
				return e, "", false
			}
			return e, h.store[e.offset:], true
		}
	}
	return entry{}, "", false
}

// str returns a string, or the first of several; empty when there is none.
func (h *header) str(tag Tag) (string, error) {
	e, data, ok := h.find(tag)
	if !ok || e.count == 0 {
		return "", h.missing(e)
	}
	if e.typ != typeString && e.typ != typeStringArray && e.typ != typeI18NString {
		return "", malformed("tag %d has type %d", tag, e.typ)
	}
	s, _, ok := strings.Cut(data, "\x00")
	if !ok {
		return "", malformed("tag %d is cut off", tag)
	}
	return s, nil
}

// missing returns the error of an entry that was not found: none if there is no
// such entry, or that its value is not in the store.
func (h *header) missing(e entry) error {
	if e.tag != 0 && e.count > 0 {
		return malformed("tag %d lies beyond the header", e.tag)
	}
	return nil
}

// strs returns an array of strings; nil when there is none.
func (h *header) strs(tag Tag) ([]string, error) {
	e, data, ok := h.find(tag)
	if !ok {
		return nil, h.missing(e)
	}
	if e.typ != typeStringArray && e.typ != typeString && e.typ != typeI18NString {
		return nil, malformed("tag %d has type %d", tag, e.typ)
	}
	if e.count > maxValues {
		return nil, fmt.Errorf("%w: tag %d has %d values", ErrLimit, tag, e.count)
	}
	if int64(e.count) > int64(len(data)) {
		return nil, malformed("tag %d has %d values in %d bytes", tag, e.count, len(data))
	}
	out := make([]string, e.count)
	for i := range out {
		if out[i], data, ok = strings.Cut(data, "\x00"); !ok {
			return nil, malformed("tag %d is cut off", tag)
		}
	}
	return out, nil
}

// ints returns an array of integers of any width; nil when there is none.
func (h *header) ints(tag Tag) ([]uint32, error) {
	e, data, ok := h.find(tag)
	if !ok {
		return nil, h.missing(e)
	}
	width := 0
	switch e.typ {
	case typeChar, typeInt8:
		width = 1
	case typeInt16:
		width = 2
	case typeInt32:
		width = 4
	default:
		return nil, malformed("tag %d has type %d", tag, e.typ)
	}
	if e.count > maxValues {
		return nil, fmt.Errorf("%w: tag %d has %d values", ErrLimit, tag, e.count)
	}
	if int64(e.count)*int64(width) > int64(len(data)) {
		return nil, malformed("tag %d has %d values in %d bytes", tag, e.count, len(data))
	}
	out := make([]uint32, e.count)
	for i := range out {
		for j := range width {
			out[i] = out[i]<<8 | uint32(data[i*width+j])
		}
	}
	return out, nil
}
