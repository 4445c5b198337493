package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// Cache keeps what was found in layers, for [Options]. [MemoryCache] and [DirCache]
// are caches; anything else that stores bytes by name can be one. Its methods are
// called concurrently.
//
// A cache may lose, cut off or mix up values: all that is noticed, and the layer
// is read. It must not be open to writers who are not trusted: a value that was made
// to deceive is believed.
type Cache interface {
	// Get returns the value that was put under key. The error of a key without a
	// value is fs.ErrNotExist, as errors.Is tells. Neither the caller nor the cache
	// changes the bytes afterwards.
	Get(ctx context.Context, key string) ([]byte, error)
	// Put stores the value under key, which has 64 hexadecimal digits, in place of an
	// older one. Neither the caller nor the cache changes the bytes afterwards.
	Put(ctx context.Context, key string, value []byte) error
}

// layerCache turns the results of scans into values of a Cache and back. Its failures
// are not failures of the run: a layer that cannot be loaded is read.
type layerCache struct {
	cache Cache // nil if there is none
	// basis is what a result depends on, apart from the layer.
	basis []byte
	log   *slog.Logger
}

func newLayerCache(o *Options) *layerCache {
	return &layerCache{cache: o.Cache, basis: cacheBasis(o, tool().Version), log: o.Logger}
}

// cacheBasis names everything but the layer that a result depends on.
func cacheBasis(o *Options, version string) []byte {
	b := binary.AppendUvarint(nil, encodingVersion)
	b = appendWord(b, version)
	b = binary.AppendVarint(b, o.MaxFileSize)
	hashAll := byte(0)
	if o.HashAll {
		hashAll = 1
	}
	b = append(b, hashAll)
	for _, d := range o.Detectors {
		b = appendWord(appendWord(b, d.ID().Name), d.ID().Version)
	}
	return b
}

func appendWord(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// key returns the layer's key, "" for a layer that nothing identifies.
//
// The digest of the blob is part of it where the image states one. That a blob
// unpacks to the diffID which the config claims was verified when the layer was
// read; another blob, which claims the same, has to be read for itself. So it is with the
// limits of image.Options: that the layer keeps to other ones is not known.
func (c *layerCache) key(layer *image.Layer) string {
	info := layer.Info()
	if c.cache == nil || info.DiffID == "" {
		return ""
	}
	b := appendWord(slices.Clone(c.basis), string(info.DiffID))
	entries, bytes := layer.Limits()
	b = binary.AppendVarint(binary.AppendVarint(b, int64(entries)), bytes)
	sum := sha256.Sum256(appendWord(b, string(info.Digest)))
	return hex.EncodeToString(sum[:])
}

// load returns what is stored of the layer, nil if that is nothing.
func (c *layerCache) load(ctx context.Context, layer *image.Layer) *layerResult {
	key := c.key(layer)
	if key == "" {
		return nil
	}
	value, err := c.cache.Get(ctx, key)
	if err == nil {
		var r *layerResult
		if r, err = decodeResult(ctx, key, value); err == nil {
			return r
		}
	}
	c.useless(err, key)
	return nil
}

// useless notes why a value is of no use.
func (c *layerCache) useless(err error, key string) {
	if !errors.Is(err, fs.ErrNotExist) {
		c.log.Debug("a cached value is of no use", "key", key, "error", err)
	}
}

// store stores the result of a scan that came to its end. It may be called again
// when more was found out.
func (c *layerCache) store(ctx context.Context, layer *image.Layer, r *layerResult) {
	key := c.key(layer)
	if key == "" {
		return
	}
	value, err := encodeResult(ctx, key, r)
	c.put(ctx, key, value, err)
}

// put puts a value that was encoded with the given error.
func (c *layerCache) put(ctx context.Context, key string, value []byte, err error) {
	if err == nil {
		err = c.cache.Put(ctx, key, value)
	}
	if err != nil {
		c.log.Debug("nothing is put into the cache", "key", key, "error", err)
	}
}

// addDigests adds to what is stored of the layer the digests of entries that were
// hashed by further algorithms. Those that are known already stay, so that images of
// different package managers that share the layer do not displace each other's. It may be
// interrupted.
func (c *layerCache) addDigests(ctx context.Context, layer *image.Layer, digests map[int][]sbom.Digest) {
	r := c.load(ctx, layer)
	if r == nil {
		return
	}
	waiting := &patience{ctx: ctx}
	all := r.facts.entries.unpack(waiting)
	for i, ds := range digests {
		if i >= len(all) {
			continue
		}
		e := &all[i]
		for _, d := range ds {
			if !slices.Contains(e.Digests, d) {
				e.Digests = append(e.Digests, d)
			}
		}
	}
	r.facts.entries = packEntries(all, waiting)
	c.store(ctx, layer, r)
}

// loadAll returns the results of the layers that are stored, and nil for others. Its
// error is that of too many entries, or of ctx.
func (c *layerCache) loadAll(ctx context.Context, s *scanner, layers []*image.Layer, parallel int) ([]*layerResult, error) {
	results := make([]*layerResult, len(layers))
	if c.cache == nil {
		return results, nil
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, layer := range layers {
		group.Go(func() error {
			if gctx.Err() != nil {
				return context.Cause(gctx)
			}
			if results[i] = c.load(gctx, layer); results[i] == nil {
				return nil
			}
			return s.loaded(layer, results[i])
		})
	}
	return results, group.Wait()
}

// loaded counts a layer that need not be read.
func (s *scanner) loaded(layer *image.Layer, r *layerResult) error {
	if s.entries.Add(int64(r.facts.entries.size)) > s.maxEntries {
		err := fmt.Errorf("%w: more than %d entries in all layers", image.ErrLimit, s.maxEntries)
		return &image.LayerError{Layer: *layer.Info().Ref(), Err: err}
	}
	var names int64
	for _, e := range r.facts.entries.all {
		s.notice(e.Path)
		names += e.names()
	}
	err := s.admitNames(names)
	for i := 0; i < len(r.facts.fragments) && err == nil; i++ {
		err = s.admitClaims(&r.facts.fragments[i].claims)
	}
	if err != nil {
		return &image.LayerError{Layer: *layer.Info().Ref(), Err: err}
	}
	bytes, components := r.tally()
	s.meter.cached(1, layer.Info().Size, bytes, components)
	return nil
}
