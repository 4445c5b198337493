package fileindex

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
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
	buildIDs, digests []stored
	records           []string // their texts
	numbers           map[string]uint32
}

type stored struct {
	key    key
	record uint32
}

// Add adds an entry. The error wraps ErrRecord.
func (b *Builder) Add(e *Entry) error {
	if len(e.ID) < MinID || len(e.ID) > MaxID || e.Kind.keySize() == 0 {
		return fmt.Errorf("%w: kind %d, id of %d bytes", ErrRecord, e.Kind, len(e.ID))
	}
	if len(b.buildIDs)+len(b.digests) >= MaxEntries {
		return fmt.Errorf("%w: more than %d entries", ErrRecord, MaxEntries)
	}
	text, err := e.text()
	if err != nil {
		return err
	}
	number, ok := b.numbers[text]
	if !ok {
		if b.numbers == nil {
			b.numbers = make(map[string]uint32)
		}
		number = uint32(len(b.records)) //nolint:gosec // At most MaxEntries.
		b.numbers[text] = number
		b.records = append(b.records, text)
	}
	list := &b.digests
	if e.Kind == BuildID {
		list = &b.buildIDs
	}
	*list = append(*list, stored{keyOf(e.Kind, e.ID), number})
	return nil
}

// text returns what a record is in the file.
func (r *Record) text() (string, error) {
	text := strings.Join([]string{r.Name, r.Version, r.PURL, r.License, ""}, "\n")
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

// WriteTo writes the index. The same entries make the same bytes with the same release of
// Go, whatever their order was. Of an id with more than MaxRecords records, the first in order of
// their text are written. The error is that of the writer, or wraps ErrRecord.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	b.order()
	places, blocks, err := b.blocks()
	if err != nil {
		return 0, err
	}
	h := header{buildIDs: uint64(len(b.buildIDs)), digests: uint64(len(b.digests)), records: uint64(len(b.records)), blocksSize: uint64(len(blocks))}
	buildIDs, digests, _, _, size := h.layout()
	body, err := buildIDs.append(make([]byte, 0, size), b.buildIDs)
	if err != nil {
		return 0, err
	}
	if body, err = digests.append(body, b.digests); err != nil {
		return 0, err
	}
	body = append(append(body, places...), blocks...)
	sum := sha256.Sum256(body)
	copy(h.sum[:], sum[:])
	out := bufio.NewWriter(w)
	_, _ = out.Write(h.bytes())
	_, _ = out.Write(body)
	return int64(headerSize + len(body)), out.Flush()
}

// append appends the table of the entries, which are in order.
func (t *table) append(out []byte, entries []stored) ([]byte, error) {
	rest, before := entries, 0
	buckets := make([][]stored, t.buckets())
	for i := range buckets {
		n := 0
		for n < len(rest) && t.bucketOf(rest[n].key) == uint64(i) { //nolint:gosec // Not negative.
			n++
		}
		if n > maxBucket {
			return nil, fmt.Errorf("%w: %d entries in a bucket", ErrRecord, n)
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(before)) //nolint:gosec // At most MaxEntries.
		buckets[i], rest, before = rest[:n], rest[n:], before+n
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(before)) //nolint:gosec // At most MaxEntries.
	for i, bucket := range buckets {
		start := len(out)
		for _, e := range bucket {
			out = append(out, e.key[t.prefix():t.kind.keySize()]...)
			out = append(out, binary.LittleEndian.AppendUint32(nil, e.record)[:t.width]...)
		}
		out = binary.LittleEndian.AppendUint32(out, t.bucketSum(uint64(i), out[start:])) //nolint:gosec // Not negative.
	}
	return out, nil
}

// blocks returns the places of the blocks of records, and these.
func (b *Builder) blocks() (places, blocks []byte, err error) {
	var compressed bytes.Buffer
	z, err := flate.NewWriter(&compressed, flate.BestCompression)
	if err != nil {
		return nil, nil, err
	}
	for block := range slices.Chunk(b.records, perBlock) {
		places = binary.LittleEndian.AppendUint32(places, uint32(len(blocks))) //nolint:gosec // Compared below.
		compressed.Reset()
		z.Reset(&compressed)
		for _, text := range block {
			if _, err := io.WriteString(z, text); err != nil {
				return nil, nil, err
			}
		}
		if err := z.Close(); err != nil {
			return nil, nil, err
		}
		blocks = binary.LittleEndian.AppendUint32(blocks, checksum(compressed.Bytes()))
		if blocks = append(blocks, compressed.Bytes()...); int64(len(blocks)) >= 1<<32 {
			return nil, nil, fmt.Errorf("%w: more than 4 GiB of records", ErrRecord)
		}
	}
	return binary.LittleEndian.AppendUint32(places, uint32(len(blocks))), blocks, nil //nolint:gosec // Just compared.
}

// order sorts the records by text, and the entries by key and record, and drops those that
// are there twice or are too many.
func (b *Builder) order() {
	sorted := slices.Sorted(slices.Values(b.records))
	moved := make([]uint32, len(sorted))
	for i, text := range sorted {
		moved[b.numbers[text]] = uint32(i) //nolint:gosec // At most MaxEntries.
	}
	b.records = sorted
	for i, text := range sorted {
		b.numbers[text] = uint32(i) //nolint:gosec // At most MaxEntries.
	}
	b.buildIDs, b.digests = tidy(b.buildIDs, moved), tidy(b.digests, moved)
}

// tidy gives entries the new numbers of their records, and sorts them.
func tidy(entries []stored, moved []uint32) []stored {
	for i := range entries {
		entries[i].record = moved[entries[i].record]
	}
	slices.SortFunc(entries, func(x, y stored) int {
		return cmp.Or(bytes.Compare(x.key[:], y.key[:]), cmp.Compare(x.record, y.record))
	})
	entries = slices.Compact(entries)
	n, last := 0, key{} // How many of the same key were before.
	return slices.DeleteFunc(entries, func(e stored) bool {
		if e.key != last {
			n, last = 0, e.key
		}
		n++
		return n > MaxRecords
	})
}
