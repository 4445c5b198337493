package osv

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// packageRef is one package of one record: its key, and the offsets of the record
// and of what it says of the package.
type packageRef struct {
	hash             uint64
	key              string
	record, affected uint64
}

// assemble lays out the body of an index. It completes the stats.
func assemble(records []built, stats *BuildStats) []byte {
	var parts [sections][]byte
	refs := make([]packageRef, 0, len(records))
	known := map[string]uint64{}
	for i := range records {
		off := uint64(len(parts[sectionRecords]))
		parts[sectionRecords] = appendValue(parts[sectionRecords], records[i].facts)
		for _, p := range records[i].packages {
			at, ok := known[string(p.data)]
			if !ok {
				at = uint64(len(parts[sectionAffected]))
				known[string(p.data)] = at
				parts[sectionAffected] = appendValue(parts[sectionAffected], p.data)
			}
			refs = append(refs, packageRef{hash: hashKey(p.key), key: p.key, record: off, affected: at})
		}
	}
	// Stable: the packages of a key stay in the order of their records.
	slices.SortStableFunc(refs, func(a, b packageRef) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key)) })
	var hashes []uint64
	parts[sectionPostings], parts[sectionKeys], hashes = postings(refs)
	bucketBits := bits.Len(uint(len(hashes) / 2))
	parts[sectionBuckets] = buckets(hashes, bucketBits)

	m := describe(records, stats)
	m.packages, m.bucketBits = uint64(len(refs)), uint64(bucketBits)
	stats.Records, stats.Packages, stats.Built = len(records), len(refs), m.newest
	var e encoder
	e.meta(&m)
	parts[sectionMeta] = e.b
	return joinSections(&parts)
}

func appendValue(dst, v []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v)))
	return append(dst, v...)
}

// postings writes the values and the keys of refs, which are in the order of
// their hashes.
func postings(refs []packageRef) (values, keys []byte, hashes []uint64) {
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && refs[n].key == refs[0].key {
			n++
		}
		var e encoder
		e.string(refs[0].key)
		e.uint(uint64(n))
		for _, r := range refs[:n] {
			e.uint(r.record)
			e.uint(r.affected)
		}
		keys = binary.LittleEndian.AppendUint64(keys, refs[0].hash)
		keys = binary.LittleEndian.AppendUint64(keys, uint64(len(values)))
		hashes = append(hashes, refs[0].hash)
		values = appendValue(values, e.b)
		refs = refs[n:]
	}
	return values, keys, hashes
}

// buckets writes, for every value of the first bits of a hash and one more, the
// index of the first key from there on.
func buckets(hashes []uint64, bucketBits int) []byte {
	out := make([]byte, 0, 4*(1<<bucketBits+1))
	i := 0
	for b := range uint64(1) << bucketBits {
		for i < len(hashes) && bucketBits > 0 && hashes[i]>>(64-bucketBits) < b {
			i++
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(i))
	}
	return binary.LittleEndian.AppendUint32(out, uint32(len(hashes)))
}

func describe(records []built, stats *BuildStats) meta {
	m := meta{records: uint64(len(records)), withdrawn: uint64(stats.Withdrawn), unmatchable: uint64(stats.Unmatchable),
		gitRanges: uint64(stats.GitRanges), duplicates: uint64(stats.Duplicates), rejected: uint64(stats.Rejected)}
	by := map[string]*EcosystemData{}
	for i := range records {
		m.newest = later(m.newest, records[i].modified)
		for _, p := range records[i].packages {
			name := ecosystemOfKey(p.key)
			d := by[name]
			if d == nil {
				d = &EcosystemData{Ecosystem: identity.Ecosystem(name)}
				by[name] = d
			}
			d.Packages++
			d.Newest = later(d.Newest, records[i].modified)
		}
	}
	for _, d := range by {
		m.ecosystems = append(m.ecosystems, *d)
	}
	slices.SortFunc(m.ecosystems, func(a, b EcosystemData) int { return cmp.Compare(a.Ecosystem, b.Ecosystem) })
	m.newest = m.newest.Truncate(time.Second)
	return m
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// joinSections puts the table of contents before the sections, each at a
// multiple of eight bytes.
func joinSections(parts *[sections][]byte) []byte {
	size := contentsSize
	for _, p := range parts {
		size += (len(p) + 7) &^ 7
	}
	body := make([]byte, contentsSize, size)
	for i, p := range parts {
		binary.LittleEndian.PutUint64(body[16*i:], uint64(len(body)))
		binary.LittleEndian.PutUint64(body[16*i+8:], uint64(len(p)))
		body = append(body, p...)
		for len(body)%8 != 0 {
			body = append(body, 0)
		}
	}
	return body
}
