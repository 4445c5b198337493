package fileindex

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Builder takes in entries and writes an index. The zero value is empty. It keeps 20 bytes
// an entry, and each record once.
type Builder struct {
	entries []stored
	offsets map[Record]uint32
	records []byte
}

type stored struct {
	key    key
	record uint32
}

// Add adds an entry. The error wraps ErrRecord.
func (b *Builder) Add(e *Entry) error {
	if len(e.ID) < MinID || len(e.ID) > MaxID || e.Kind != BuildID && e.Kind != SHA256 {
		return fmt.Errorf("%w: kind %d, id of %d bytes", ErrRecord, e.Kind, len(e.ID))
	}
	if len(b.entries) >= MaxEntries {
		return fmt.Errorf("%w: more than %d entries", ErrRecord, MaxEntries)
	}
	at, ok := b.offsets[e.Record]
	if !ok {
		text, err := e.text()
		if err != nil {
			return err
		}
		if b.offsets == nil {
			b.offsets = make(map[Record]uint32)
		}
		if int64(len(b.records))+recordHead+int64(len(text)) >= 1<<32 {
			return fmt.Errorf("%w: more than 4 GiB of records", ErrRecord)
		}
		at = uint32(len(b.records)) //nolint:gosec // Just compared.
		b.offsets[e.Record] = at
		b.records = binary.LittleEndian.AppendUint16(b.records, uint16(len(text))) //nolint:gosec // At most maxText.
		b.records = binary.LittleEndian.AppendUint32(b.records, checksum([]byte(text)))
		b.records = append(b.records, text...)
	}
	b.entries = append(b.entries, stored{keyOf(e.Kind, e.ID), at})
	return nil
}

// text returns what a record is in the file.
func (r *Record) text() (string, error) {
	text := strings.Join([]string{r.Name, r.Version, r.PURL, r.License}, "\n")
	if !r.sound() || len(text) > maxText {
		return "", fmt.Errorf("%w: %q", ErrRecord, text[:min(len(text), 200)])
	}
	return text, nil
}

// sound reports whether a record says what it must, in text of one line each.
func (r *Record) sound() bool {
	if r.Name == "" || r.Version == "" {
		return false
	}
	for _, s := range []string{r.Name, r.Version, r.PURL, r.License} {
		if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }) {
			return false
		}
	}
	return true
}

// WriteTo writes the index. The same entries make the same bytes, whatever their order was.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	b.order()
	var body bytes.Buffer
	for block := range slices.Chunk(b.entries, perBlock) {
		start := body.Len()
		for _, e := range block {
			body.Write(e.key[:])
			body.Write(binary.LittleEndian.AppendUint32(nil, e.record))
		}
		body.Write(binary.LittleEndian.AppendUint32(nil, checksum(body.Bytes()[start:])))
	}
	h := header{entries: uint64(len(b.entries)), recordsAt: headerSize + uint64(body.Len()), recordsSize: uint64(len(b.records))} //nolint:gosec // Lengths.
	body.Write(b.records)
	sum := sha256.Sum256(body.Bytes())
	copy(h.sum[:], sum[:])
	out := bufio.NewWriter(w)
	_, _ = out.Write(h.bytes())
	_, _ = body.WriteTo(out)
	return int64(headerSize) + int64(h.recordsAt-headerSize+h.recordsSize), out.Flush() //nolint:gosec // Lengths.
}

// order sorts the entries by key and text, drops those that are there twice, and lays
// the records out anew in order of their text.
func (b *Builder) order() {
	texts := make(map[uint32]string, len(b.offsets))
	list := make([]string, 0, len(b.offsets))
	for _, at := range b.offsets {
		size := binary.LittleEndian.Uint16(b.records[at:])
		text := string(b.records[at+recordHead : at+recordHead+uint32(size)])
		texts[at] = text
		list = append(list, text)
	}
	slices.Sort(list)
	var records []byte
	moved := make(map[string]uint32, len(list))
	for _, text := range list {
		moved[text] = uint32(len(records))                                     //nolint:gosec // Not more than before.
		records = binary.LittleEndian.AppendUint16(records, uint16(len(text))) //nolint:gosec // At most maxText.
		records = append(binary.LittleEndian.AppendUint32(records, checksum([]byte(text))), text...)
	}
	for i := range b.entries {
		b.entries[i].record = moved[texts[b.entries[i].record]]
	}
	for r, at := range b.offsets {
		b.offsets[r] = moved[texts[at]]
	}
	b.records = records
	slices.SortFunc(b.entries, func(x, y stored) int {
		if c := bytes.Compare(x.key[:], y.key[:]); c != 0 {
			return c
		}
		return int(int64(x.record) - int64(y.record))
	})
	b.entries = slices.Compact(b.entries)
}
