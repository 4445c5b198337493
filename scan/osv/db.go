package osv

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

type ecosystem = identity.Ecosystem

// DB is an open index. It never changes, and is safe for concurrent use. Its
// memory is at most the size of its file: pages are read when they are first
// needed, and kept.
type DB struct {
	pages    *pages
	sections [sections]section
	meta     meta
	digest   sbom.Digest
	close    func() error
}

// EcosystemData says what an index has for an ecosystem.
type EcosystemData struct {
	// Ecosystem with its release, as in the records.
	Ecosystem identity.Ecosystem
	// Packages is the number of packages of records, a package counting once a
	// record.
	Packages int
	// Newest is the latest modification of a record.
	Newest time.Time
}

// Open opens the index in the named file, which must stay until Close. The error
// is that of opening the file, or wraps ErrFormat or ErrCorrupt.
func Open(name string) (*DB, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("osv: %w", err)
	}
	st, err := f.Stat()
	if err == nil {
		var db *DB
		if db, err = FromReader(f, st.Size()); err == nil {
			db.close = f.Close
			return db, nil
		}
	}
	return nil, errors.Join(err, f.Close())
}

// OpenBytes opens an index in memory, such as one that is embedded in a
// program. b must not change.
func OpenBytes(b []byte) (*DB, error) {
	return open(bytes.NewReader(b), int64(len(b)), b)
}

// FromReader opens an index of the given size. r is read from several
// goroutines, and as long as the DB is in use.
func FromReader(r io.ReaderAt, size int64) (*DB, error) {
	return open(r, size, nil)
}

func open(r io.ReaderAt, size int64, memory []byte) (*DB, error) {
	header := make([]byte, headerSize)
	if size < headerSize+sha256.Size+contentsSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	if _, err := r.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	n, bodySize, root, err := readHeader(header, size)
	if err != nil {
		return nil, err
	}
	table := make([]byte, n*sha256.Size)
	if _, err := r.ReadAt(table, headerSize); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if sha256.Sum256(table) != root {
		return nil, fmt.Errorf("%w: the page table does not have its recorded hash", ErrCorrupt)
	}
	off := headerSize + int64(len(table))
	if memory != nil {
		memory = memory[off:]
	}
	db := &DB{pages: newPages(memory, r, off, bodySize, table), digest: digestOf(header)}
	return db, db.readMeta(bodySize)
}

func (db *DB) readMeta(bodySize int64) error {
	b, err := db.pages.view(0, contentsSize)
	if err != nil {
		return err
	}
	if db.sections, err = readContents(b, bodySize); err != nil {
		return err
	}
	if b, err = db.pages.view(db.sections[sectionMeta].off, db.sections[sectionMeta].size); err != nil {
		return err
	}
	d := decoder{b: b}
	db.meta = d.meta()
	if d.bad || db.meta.bucketBits > 31 || db.sections[sectionBuckets].size != 4*(1<<db.meta.bucketBits+1) {
		return fmt.Errorf("%w: meta", ErrCorrupt)
	}
	return nil
}

// Close closes the file of a DB that Open opened. Lookups of pages not read
// before fail from then on.
func (db *DB) Close() error {
	if db.close == nil {
		return nil
	}
	return db.close()
}

// Digest identifies the data: the SHA-256 of the file's header, which commits to
// every byte of the file. The same records give the same digest.
func (db *DB) Digest() sbom.Digest { return db.digest }

// Built is the date of the data: the latest modification of any record. It is
// no clock's time, so that the same records give the same index.
func (db *DB) Built() time.Time { return db.meta.newest }

// Len returns the number of records.
func (db *DB) Len() int { return int(db.meta.records) }

// Ecosystems lists the ecosystems of which the index has data, in order.
func (db *DB) Ecosystems() []EcosystemData { return slices.Clone(db.meta.ecosystems) }

// Has reports whether the index has any data for the ecosystem and release.
func (db *DB) Has(eco identity.Ecosystem) bool {
	_, ok := slices.BinarySearchFunc(db.meta.ecosystems, eco, func(d EcosystemData, e identity.Ecosystem) int {
		return cmp.Compare(d.Ecosystem, e)
	})
	return ok
}

// Database describes the index for a report.
func (db *DB) Database() scan.Database {
	return scan.Database{Name: "OSV", Version: "1", Digest: db.digest, Built: db.meta.newest}
}

// posting is what one record says about one package, the record not yet decoded.
type posting struct {
	affected
	record uint64
}

// lookup returns the postings of a package, nil when there are none.
func (db *DB) lookup(eco identity.Ecosystem, name string) ([]posting, error) {
	key := keyOf(string(eco), name)
	hash := hashKey(key)
	keys, err := db.bucket(hash)
	if err != nil {
		return nil, err
	}
	for ; len(keys) >= keySize; keys = keys[keySize:] {
		if binary.LittleEndian.Uint64(keys) != hash {
			continue
		}
		d, err := db.value(sectionPostings, binary.LittleEndian.Uint64(keys[8:]))
		if err != nil {
			return nil, err
		}
		if string(d.raw()) == key {
			return db.postings(&d, key)
		}
	}
	return nil, nil
}

// maxLookup bounds what is decoded for one package, in bytes: an index can name
// one value any number of times. Real packages have up to 2 MB.
const maxLookup = 64 << 20

// postings decodes what the records say of a package.
func (db *DB) postings(d *decoder, key string) ([]posting, error) {
	n := d.count()
	out := make([]posting, 0, min(n, 256))
	left := maxLookup
	for range n {
		record, at := d.uint(), d.uint()
		if d.bad {
			break
		}
		v, err := db.value(sectionAffected, at)
		if err != nil {
			return nil, err
		}
		if left -= len(v.b) + 1; left < 0 {
			return nil, fmt.Errorf("%w: over %d bytes about one package", ErrCorrupt, maxLookup)
		}
		p := posting{record: record, affected: v.affected(key)}
		if v.bad || len(v.b) != 0 {
			return nil, fmt.Errorf("%w: affected package", ErrCorrupt)
		}
		out = append(out, p)
	}
	if d.bad || len(d.b) != 0 {
		return nil, fmt.Errorf("%w: posting", ErrCorrupt)
	}
	return out, nil
}

// bucket returns the keys of the bucket of a hash.
func (db *DB) bucket(hash uint64) ([]byte, error) {
	i := int64(0)
	if db.meta.bucketBits > 0 {
		i = int64(hash >> (64 - db.meta.bucketBits))
	}
	b, err := db.pages.view(db.sections[sectionBuckets].off+4*i, 8)
	if err != nil {
		return nil, err
	}
	first, end := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	if first > end || end*keySize > db.sections[sectionKeys].size {
		return nil, fmt.Errorf("%w: bucket %d", ErrCorrupt, i)
	}
	return db.pages.view(db.sections[sectionKeys].off+first*keySize, (end-first)*keySize)
}

// value returns a decoder for the value at an offset of a section.
func (db *DB) value(sec int, off uint64) (decoder, error) {
	s := db.sections[sec]
	if off > uint64(s.size) || uint64(s.size)-off < 4 {
		return decoder{}, fmt.Errorf("%w: offset %d in section %d", ErrCorrupt, off, sec)
	}
	b, err := db.pages.view(s.off+int64(off), 4)
	if err != nil {
		return decoder{}, err
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n > s.size-int64(off)-4 {
		return decoder{}, fmt.Errorf("%w: value of %d bytes in section %d", ErrCorrupt, n, sec)
	}
	if b, err = db.pages.view(s.off+int64(off)+4, n); err != nil {
		return decoder{}, err
	}
	return decoder{b: b}, nil
}

// facts returns the record at an offset.
func (db *DB) facts(off uint64) (recordFacts, error) {
	d, err := db.value(sectionRecords, off)
	if err != nil {
		return recordFacts{}, err
	}
	f := d.facts()
	if d.bad || len(d.b) != 0 || f.id == "" {
		return recordFacts{}, fmt.Errorf("%w: record", ErrCorrupt)
	}
	return f, nil
}

// digestString is the digest of the record as published.
func (f *recordFacts) digestString() sbom.Digest {
	return sbom.Digest(fmt.Sprintf("sha256:%x", f.digest))
}

// ids returns the record's id and its aliases.
func (f *recordFacts) ids() []string { return append([]string{f.id}, f.aliases...) }

// links returns the identifiers that the record mentions.
func (f *recordFacts) links() []string {
	return distinct(slices.Concat(f.upstream, f.related), "")
}

// isDistribution reports whether packages of the ecosystem have releases or are
// those of a distribution.
func isDistribution(eco identity.Ecosystem) bool {
	return strings.Contains(string(eco), ":") || eco == "Wolfi" || eco == "Chainguard" || eco == "MinimOS"
}
