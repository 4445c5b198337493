package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// encodingVersion changes with everything that changes what a layer's value in a cache says or how:
// the encoding, and what a scan makes of a layer apart from its detectors, which have
// versions of their own.
const encodingVersion = 1

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

// encodeResult returns the value for r, which is not changed.
func encodeResult(key string, r *layerResult) ([]byte, error) {
	for i := range r.facts.Entries {
		if r.facts.Entries[i].Op > opOpaque {
			return nil, fmt.Errorf("entry %d: unknown operation", i)
		}
	}
	w := newWriter()
	w.buf = make([]byte, 0, 32*len(r.facts.Entries))
	w.result(r)
	if w.err != nil {
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

// decodeResult returns the result in a value that was stored under key. The result
// shares no memory with the value.
func decodeResult(key string, value []byte) (*layerResult, error) {
	body, ok := bytes.CutPrefix(value, []byte(cacheMagic))
	if !ok || len(body) < sha256.Size {
		return nil, errCacheValue
	}
	sum, body := body[:sha256.Size], body[sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, errCacheValue
	}
	n, k := binary.Uvarint(body)
	if k <= 0 || n != uint64(len(key)) || !bytes.HasPrefix(body[k:], []byte(key)) {
		return nil, errCacheValue
	}
	return decodeBody(body[k+len(key):])
}

func decodeBody(body []byte) (*layerResult, error) {
	w := newReader(body)
	w.readTable()
	r := new(layerResult)
	if w.err == nil {
		w.result(r)
	}
	if w.err == nil && len(w.buf) > 0 {
		w.fail()
	}
	if w.err != nil {
		return nil, w.err
	}
	return r, nil
}
