package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// stored is what a cache keeps of a whole image: what the fold made of its layers, for
// the time when all of them come together again.
type stored struct {
	// uncompressed are the lengths of the layers' tar streams.
	uncompressed []int64
	// bytes and components are what Progress counts in all layers.
	bytes      int64
	components int
	// inventory is what depends on the layers alone.
	inventory sbom.Inventory
}

// imageKey returns the key of images of these layers, "" if one of them has none.
// Two images with the same layers have the same contents, whatever their configs say.
func (c *layerCache) imageKey(layers []*image.Layer, maxEntries int64) string {
	if c.cache == nil || len(layers) == 0 {
		return ""
	}
	b := appendWord(nil, "image")
	b = binary.AppendVarint(b, maxEntries) // The fold has an error or not by it.
	for _, l := range layers {
		key := c.key(l)
		if key == "" {
			return ""
		}
		b = appendWord(b, key)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// loadImage fills in inv, whose layers are listed, if the cache has the whole image.
func (c *layerCache) loadImage(ctx context.Context, s *scanner, layers []*image.Layer, inv *sbom.Inventory) bool {
	key := c.imageKey(layers, s.maxEntries)
	if key == "" || ctx.Err() != nil {
		return false
	}
	value, err := c.cache.Get(ctx, key)
	var st *stored
	if err == nil {
		st, err = decodeStored(ctx, key, value, refsOf(inv))
	}
	if err != nil {
		c.useless(err, key)
		return false
	}
	var size int64
	for i, n := range st.uncompressed {
		inv.Layers[i].UncompressedSize = n
		size += inv.Layers[i].Size
	}
	from := &st.inventory
	from.Subject, from.Layers, from.Tools, from.Created = inv.Subject, inv.Layers, inv.Tools, inv.Created
	*inv = *from
	s.meter.cached(len(layers), size, st.bytes, st.components)
	return true
}

// storeImage stores an inventory that is complete, with the counts in st.
func (c *layerCache) storeImage(ctx context.Context, s *scanner, layers []*image.Layer, inv *sbom.Inventory, st *stored) {
	key := c.imageKey(layers, s.maxEntries)
	if key == "" {
		return
	}
	for i := range inv.Layers {
		st.uncompressed = append(st.uncompressed, inv.Layers[i].UncompressedSize)
	}
	st.inventory = *inv
	value, err := encodeStored(ctx, key, st, refsOf(inv))
	c.put(ctx, key, value, err)
}

// refsOf returns references to all layers, never nil.
func refsOf(inv *sbom.Inventory) []*sbom.LayerRef {
	refs := make([]*sbom.LayerRef, len(inv.Layers))
	for i := range inv.Layers {
		refs[i] = inv.Layers[i].Ref()
	}
	return refs
}

// count adds what a layer has for Progress.
func (st *stored) count(r *layerResult) {
	bytes, components := r.tally()
	st.bytes += bytes
	st.components += components
}

// tally returns what a layer has for Progress.
func (r *layerResult) tally() (bytes int64, components int) {
	for _, e := range r.facts.entries.all {
		bytes += e.Size
	}
	for i := range r.facts.fragments {
		components += len(r.facts.fragments[i].Facts.Components)
	}
	return bytes, components
}
