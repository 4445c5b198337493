package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
)

// encodingVersion changes with everything that changes what a layer's value in a cache says or how:
// the encoding, and what a scan makes of a layer apart from its detectors, which have
// versions of their own.
const encodingVersion = 7

// A value in a cache is
//
//	4 bytes   magic
//	32 bytes  SHA-256 of what follows
//	uvarint   length of the key, and the key
//	body      the strings, and what refers to them
//
// The key is inside so that a value under another key's name is no value.
const (
	cacheMagic   = "itl\x01"
	bodyChecksum = len(cacheMagic)
	bodyStart    = len(cacheMagic) + sha256.Size
)

// errCacheValue is the error of a value that is not what was put under its key.
var errCacheValue = errors.New("not the value that was stored")

// encodeValue returns the value under key of what body writes. The error may be the
// cause of ctx being done, as may that of all that follows.
func encodeValue(ctx context.Context, key string, body func(*wire)) ([]byte, error) {
	w := newWriter(ctx)
	if body(w); w.err != nil {
		return nil, w.err
	}
	table := encodeTable(ctx, w.table[len(words()):])
	// Caches may keep the value: it takes no more memory than it has bytes.
	out := make([]byte, bodyStart, bodyStart+2*binary.MaxVarintLen16+len(key)+len(table)+len(w.buf))
	copy(out, cacheMagic)
	out = appendWord(out, key)
	out = append(out, table...)
	out = append(out, w.buf...)
	sum, err := checksum(ctx, out[bodyStart:])
	copy(out[bodyChecksum:], sum[:])
	return out, err
}

// checksum is SHA-256. A value of the largest size takes a tenth of a second.
func checksum(ctx context.Context, data []byte) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for piece := range slices.Chunk(data, 1<<20) {
		if ctx.Err() != nil {
			return sum, context.Cause(ctx)
		}
		_, _ = h.Write(piece)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// decodeValue lets body read the value that was stored under key. Nothing that it
// reads shares memory with the value.
func decodeValue(ctx context.Context, key string, value []byte, body func(*wire)) error {
	rest, ok := bytes.CutPrefix(value, []byte(cacheMagic))
	if !ok || len(rest) < sha256.Size {
		return errCacheValue
	}
	sum, rest := rest[:sha256.Size], rest[sha256.Size:]
	got, err := checksum(ctx, rest)
	if err != nil {
		return err
	}
	if !bytes.Equal(got[:], sum) {
		return errCacheValue
	}
	rest, ok = bytes.CutPrefix(rest, appendWord(nil, key))
	if !ok {
		return errCacheValue
	}
	return decodeBody(ctx, rest, body)
}

func decodeBody(ctx context.Context, data []byte, body func(*wire)) error {
	w := &wire{ctx: ctx, reading: true, buf: data}
	if w.readTable(); w.err != nil {
		return w.err
	}
	if body(w); w.err == nil && len(w.buf) > 0 {
		w.fail()
	}
	return w.err
}

// encodeResult returns the value for r, which is not changed.
func encodeResult(ctx context.Context, key string, r *layerResult) ([]byte, error) {
	return encodeValue(ctx, key, func(w *wire) {
		w.buf = make([]byte, 0, 2*len(r.facts.entries.data))
		w.result(r)
	})
}

func decodeResult(ctx context.Context, key string, value []byte) (*layerResult, error) {
	r := new(layerResult)
	return r, decodeValue(ctx, key, value, func(w *wire) { w.result(r) })
}

// encodeStored returns the value for s, which is not changed.
func encodeStored(ctx context.Context, key string, s *stored, refs []*sbom.LayerRef) ([]byte, error) {
	return encodeValue(ctx, key, func(w *wire) {
		w.refs = refs
		w.stored(s)
	})
}

func decodeStored(ctx context.Context, key string, value []byte, refs []*sbom.LayerRef) (*stored, error) {
	s := new(stored)
	return s, decodeValue(ctx, key, value, func(w *wire) {
		w.refs = refs
		w.stored(s)
	})
}
