package fileindex

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// Index looks files up. It is safe for concurrent use if its reader is.
type Index struct {
	r io.ReaderAt
	h header
}

// Open returns the index in the size bytes of r, which it reads from for as long as the
// Index is used. It checks the header alone; see Verify. The error wraps ErrFormat, or is that of
// the reader.
func Open(r io.ReaderAt, size int64) (*Index, error) {
	if size < headerSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	b := make([]byte, headerSize)
	if err := readAt(r, b, 0); err != nil {
		return nil, err
	}
	h, ok := parseHeader(b, size)
	if !ok {
		return nil, fmt.Errorf("%w: header", ErrFormat)
	}
	return &Index{r, h}, nil
}

func readAt(r io.ReaderAt, b []byte, at uint64) error {
	switch n, err := r.ReadAt(b, int64(at)); { //nolint:gosec // Within the size, an int64.
	case n == len(b):
		return nil
	case err == nil || err == io.EOF:
		return fmt.Errorf("%w: it ends early", ErrFormat)
	default:
		return err
	}
}

// Len returns the number of entries.
func (x *Index) Len() int { return int(x.h.buildIDs + x.h.digests) } //nolint:gosec // At most MaxEntries.

// Version identifies the content: two indexes of the same version say the same.
func (x *Index) Version() string { return hex.EncodeToString(x.h.sum[:]) }

// Verify reads the whole index, and returns an error that wraps ErrFormat unless the content
// has the sum that the header states.
func (x *Index) Verify() error {
	h := sha256.New()
	_, _, _, _, end := x.h.layout()
	size := int64(end - headerSize) //nolint:gosec // Within the size of the file.
	n, err := io.Copy(h, io.NewSectionReader(x.r, headerSize, size))
	switch {
	case err != nil:
		return err
	case n != size:
		return fmt.Errorf("%w: it ends early", ErrFormat)
	case !bytes.Equal(h.Sum(nil)[:len(x.h.sum)], x.h.sum[:]):
		return fmt.Errorf("%w: its content is not what its header says", ErrFormat)
	}
	return nil
}

// Find returns the records of the file with that id: none if it is not known, and more than one if
// it is in several packages, in order of their text. The error wraps ErrFormat, or is that of the reader.
func (x *Index) Find(kind Kind, id []byte) ([]Record, error) {
	if len(id) < MinID || len(id) > MaxID || kind.keySize() == 0 {
		return nil, nil
	}
	t, digests, _, _, _ := x.h.layout()
	if kind == SHA256 {
		t = digests
	}
	k := keyOf(kind, id)
	bucket, err := x.bucket(&t, t.bucketOf(k))
	if err != nil {
		return nil, err
	}
	size, rest := int(t.entrySize()), k[t.prefix():kind.keySize()] //nolint:gosec // At most 20.
	n := len(bucket) / size
	at := sort.Search(n, func(i int) bool { return bytes.Compare(bucket[i*size:][:len(rest)], rest) >= 0 })
	var numbers []uint64
	for ; at < n && len(numbers) < MaxRecords && bytes.Equal(bucket[at*size:][:len(rest)], rest); at++ {
		var number [8]byte
		copy(number[:], bucket[at*size+len(rest):][:t.width])
		numbers = append(numbers, binary.LittleEndian.Uint64(number[:]))
	}
	return x.records(numbers)
}

// bucket returns the entries of a bucket, whose sum it has checked.
func (x *Index) bucket(t *table, number uint64) ([]byte, error) {
	b := make([]byte, 8)
	if err := readAt(x.r, b, t.at+4*number); err != nil {
		return nil, err
	}
	from, to := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	if from > to || to > t.entries || to-from > maxBucket {
		return nil, fmt.Errorf("%w: place of bucket %d", ErrFormat, number)
	}
	b = make([]byte, (to-from)*t.entrySize()+sumSize)
	if err := readAt(x.r, b, t.bucketAt(number, from)); err != nil {
		return nil, err
	}
	entries := b[:len(b)-sumSize]
	if binary.LittleEndian.Uint32(b[len(entries):]) != t.bucketSum(number, entries) {
		return nil, fmt.Errorf("%w: bucket %d", ErrFormat, number)
	}
	return entries, nil
}

// records returns the records with these numbers.
func (x *Index) records(numbers []uint64) (out []Record, err error) {
	var block []string
	have := x.h.blocks() // The number of the block; there is none of this number.
	for _, number := range numbers {
		if number >= x.h.records {
			return nil, fmt.Errorf("%w: record %d of %d", ErrFormat, number, x.h.records)
		}
		if at := number / perBlock; at != have {
			if block, err = x.block(at); err != nil {
				return nil, err
			}
			have = at
		}
		f := block[number%perBlock*recordLines:]
		r := Record{f[0], f[1], f[2], f[3]}
		if !r.sound() {
			return nil, fmt.Errorf("%w: record %d", ErrFormat, number)
		}
		out = append(out, r)
	}
	return out, nil
}

// recordLines is the number of lines of a record.
const recordLines = 4

// block returns the lines of the records of a block, whose sum it has checked.
func (x *Index) block(number uint64) ([]string, error) {
	wrong := func(err error) error { return fmt.Errorf("%w: block %d of records: %v", ErrFormat, number, err) }
	_, _, places, blocks, _ := x.h.layout()
	place := make([]byte, 8)
	if err := readAt(x.r, place, places+4*number); err != nil {
		return nil, err
	}
	from, to := uint64(binary.LittleEndian.Uint32(place)), uint64(binary.LittleEndian.Uint32(place[4:]))
	if from+sumSize > to || to > x.h.blocksSize || to-from > maxBlock {
		return nil, wrong(fmt.Errorf("from %d to %d", from, to))
	}
	b := make([]byte, to-from)
	if err := readAt(x.r, b, blocks+from); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(b) != checksum(b[sumSize:]) {
		return nil, wrong(errors.New("its sum"))
	}
	z := inflate.Decompressor(bytes.NewReader(b[sumSize:]))
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, maxBlock+1))
	if err != nil {
		return nil, wrong(err)
	}
	lines := strings.Split(string(text), "\n")
	if want := min(perBlock, x.h.records-number*perBlock) * recordLines; uint64(len(lines)) != want+1 || len(text) > maxBlock {
		return nil, wrong(fmt.Errorf("%d lines in %d bytes", len(lines), len(text)))
	}
	return lines, nil
}
