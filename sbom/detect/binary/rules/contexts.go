package rules

import (
	"cmp"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/surround"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// contexts are the learned patterns, by the hash of the text before the version and the
// first bytes of the text behind it.
type contexts struct {
	arena  *arena
	list   []context       // in order of their hashes
	starts []uint32        // where in the list hashes begin, by their first bits
	filter [1 << 12]uint64 // of the hashes
}

const contextBits = 12

// context is a learned pattern.
type context struct {
	key           contextKey
	before, after piece
	owner         int32 // the row or, if it counts beside an anchor, the number of the pattern
	rank          uint16
	flags         uint8
}

// contextKey is where patterns are that may match at one place. Those with less text behind
// the version than the key has room for have none of it there.
type contextKey struct {
	hash  uint32
	after [4]byte
}

// Flags of a context.
const (
	contextSelf = 1 << iota
	contextStart
	contextEnd
	contextCore
	contextMinor
	contextNear
)

func (c *contexts) add(p *pattern) {
	k := contextKey{hash: surround.Hash(p.before, p.start)}
	if len(p.after) >= len(k.after) {
		copy(k.after[:], p.after)
	}
	n := context{key: k, before: c.arena.add(p.before), after: c.arena.add(p.after), owner: int32(p.product), rank: uint16(p.rank)}
	if p.near >= 0 {
		n.owner = int32(p.near)
	}
	for i, set := range []bool{p.self, p.start, p.end, p.core, p.minor, p.near >= 0} {
		if set {
			n.flags |= 1 << i
		}
	}
	c.list = append(c.list, n)
	c.filter[k.hash>>6%(1<<12)] |= 1 << (k.hash & 63)
}

// seal makes the contexts ready to be looked for.
func (c *contexts) seal() {
	slices.SortStableFunc(c.list, func(a, b context) int { return cmp.Compare(a.key.hash, b.key.hash) })
	c.list = slices.Clip(c.list)
	c.starts = make([]uint32, 1<<contextBits+1)
	for i := range c.list {
		c.starts[c.list[i].key.hash>>(32-contextBits)+1] = uint32(i + 1)
	}
	for h := range c.starts[1:] {
		c.starts[h+1] = max(c.starts[h+1], c.starts[h])
	}
}

// pattern returns the pattern of a context.
func (c *contexts) pattern(n *context) pattern {
	p := pattern{product: int(n.owner), rank: int(n.rank), near: -1, before: c.arena.get(n.before), after: c.arena.get(n.after),
		self: n.flags&contextSelf != 0, start: n.flags&contextStart != 0, end: n.flags&contextEnd != 0, core: n.flags&contextCore != 0, minor: n.flags&contextMinor != 0}
	if n.flags&contextNear != 0 {
		p.product, p.near = 0, int(n.owner)
	}
	return p
}

// find calls f for each learned pattern that v is part of.
func (c *contexts) find(v *textscan.Version, f func(pattern)) {
	var t surround.Text
	t.Set(v)
	t.Starts(func(at int, whole bool, h uint32) {
		if c.filter[h>>6%(1<<12)]>>(h&63)&1 == 0 {
			return
		}
		bucket := h >> (32 - contextBits)
		k := contextKey{hash: h}
		for range 2 {
			for i := c.starts[bucket]; i < c.starts[bucket+1]; i++ {
				if n := &c.list[i]; n.key == k {
					if p := c.pattern(n); p.start == whole && string(t.Before[at:]) == p.before && t.Follows(p.after, p.end) {
						f(p)
					}
				}
			}
			if copy(k.after[:], t.After) < len(k.after) {
				return
			}
		}
	})
}
