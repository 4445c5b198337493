package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/imagetrust/imagetrust/sbom"
)

// encodingVersion changes with everything that changes what a layer's value in a cache says or how:
// the encoding, and what a scan makes of a layer apart from its detectors, which have
// versions of their own.
const encodingVersion = 3

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

// encodeValue returns the value under key of what body writes.
func encodeValue(key string, body func(*wire)) ([]byte, error) {
	w := newWriter()
	if body(w); w.err != nil {
		return nil, w.err
	}
	table := encodeTable(w.table[len(words()):])
	// Caches may keep the value: it takes no more memory than it has bytes.
	out := make([]byte, bodyStart, bodyStart+2*binary.MaxVarintLen16+len(key)+len(table)+len(w.buf))
	copy(out, cacheMagic)
	out = appendWord(out, key)
	out = append(out, table...)
	out = append(out, w.buf...)
	sum := sha256.Sum256(out[bodyStart:])
	copy(out[bodyChecksum:], sum[:])
	return out, nil
}

// decodeValue lets body read the value that was stored under key. Nothing that it
// reads shares memory with the value.
func decodeValue(key string, value []byte, body func(*wire)) error {
	rest, ok := bytes.CutPrefix(value, []byte(cacheMagic))
	if !ok || len(rest) < sha256.Size {
		return errCacheValue
	}
	sum, rest := rest[:sha256.Size], rest[sha256.Size:]
	if got := sha256.Sum256(rest); !bytes.Equal(got[:], sum) {
		return errCacheValue
	}
	rest, ok = bytes.CutPrefix(rest, appendWord(nil, key))
	if !ok {
		return errCacheValue
	}
	return decodeBody(rest, body)
}

func decodeBody(data []byte, body func(*wire)) error {
	w := &wire{reading: true, buf: data}
	if w.readTable(); w.err != nil {
		return w.err
	}
	if body(w); w.err == nil && len(w.buf) > 0 {
		w.fail()
	}
	return w.err
}

// encodeResult returns the value for r, which is not changed.
func encodeResult(key string, r *layerResult) ([]byte, error) {
	return encodeValue(key, func(w *wire) {
		w.buf = make([]byte, 0, 2*len(r.facts.entries.data))
		w.result(r)
	})
}

func decodeResult(key string, value []byte) (*layerResult, error) {
	r := new(layerResult)
	return r, decodeValue(key, value, func(w *wire) { w.result(r) })
}

// encodeStored returns the value for s, which is not changed.
func encodeStored(key string, s *stored, refs []*sbom.LayerRef) ([]byte, error) {
	return encodeValue(key, func(w *wire) {
		w.refs = refs
		w.stored(s)
	})
}

func decodeStored(key string, value []byte, refs []*sbom.LayerRef) (*stored, error) {
	s := new(stored)
	return s, decodeValue(key, value, func(w *wire) {
		w.refs = refs
		w.stored(s)
	})
}
