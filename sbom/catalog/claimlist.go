package catalog

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// claimList is the claims of one fragment. There are more claims than anything else in
// an image, a few for each of its files, and they are all held until the last layer is
// folded: here one takes about a sixth of the memory of a detect.Claim. The cache stores
// the same bytes.
//
// In data, a claim is
//
//	1 byte    flags, below
//	uvarint   place in keys of the key, if it is another than that of the claim before
//	uvarint   how many bytes of its path are those of the claim before
//	uvarint   how many follow, and these
//	digest    if one was recorded: see packedDigest
type claimList struct {
	keys []string
	data string
}

const (
	claimTree = 1 << iota
	claimConfig
	claimOptional
	claimOtherKey
	claimDigest
	claimGround // and the bit above: two bits for the ground
)

// ground is an sbom.Claim by its strength.
type ground uint8

const (
	byContent ground = iota
	byDirectory
	byRecord
)

var grounds = [...]sbom.Claim{byContent: sbom.ClaimContent, byDirectory: sbom.ClaimDirectory, byRecord: sbom.ClaimRecorded}

// groundOf knows an empty ground as recorded, and takes one that does not exist for
// the weakest.
func groundOf(c sbom.Claim) ground {
	if c == "" {
		return byRecord
	}
	return ground(max(0, slices.Index(grounds[:], c)))
}

// listed is one claim of a list.
type listed struct {
	key string
	// path is valid until the next claim.
	path                   []byte
	digest                 packedDigest
	ground                 ground
	tree, config, optional bool
}

// packClaims leaves out claims on what cannot be the path of a file.
func packClaims(claims []detect.Claim, waiting *patience) claimList {
	p := claimPacker{patience: waiting, places: make(map[string]int)}
	data := p.pack(claims, maxPath)
	if p.total > maxGrowth*len(data) {
		// No package's files are like this. What is unpacked is not much longer than
		// what is packed, so that nothing small in a cache becomes large.
		p = claimPacker{patience: waiting, places: make(map[string]int)}
		data = p.pack(claims, 0)
	}
	return claimList{keys: p.keys, data: string(data)}
}

// claimPacker is where the packing of a list stands.
type claimPacker struct {
	patience *patience
	keys     []string
	places   map[string]int
	total    int // length of the paths
}

func (p *claimPacker) pack(claims []detect.Claim, most int) []byte {
	var data []byte
	last, at := "", -1
	for i := range claims {
		p.patience.ask()
		c := &claims[i]
		if !clean(c.Path) {
			continue
		}
		place := p.place(c.Key)
		data = append(data, flagsOf(c, place != at))
		if place != at {
			data = binary.AppendUvarint(data, uint64(place))
		}
		shared := sharedPrefix(last, c.Path, most)
		data = binary.AppendUvarint(data, uint64(shared))
		data = append(binary.AppendUvarint(data, uint64(len(c.Path)-shared)), c.Path[shared:]...)
		if c.Digest != "" {
			data = appendDigest(data, c.Digest)
		}
		last, at = c.Path, place
		p.total += len(c.Path)
	}
	return data
}

func (p *claimPacker) place(key string) int {
	i, known := p.places[key]
	if !known {
		i = len(p.keys)
		p.places[key] = i
		p.keys = append(p.keys, key)
	}
	return i
}

func flagsOf(c *detect.Claim, otherKey bool) byte {
	b := byte(groundOf(c.Ground)) * claimGround
	for _, f := range []struct {
		is  bool
		bit byte
	}{{c.Tree, claimTree}, {c.Config, claimConfig}, {c.Optional, claimOptional}, {otherKey, claimOtherKey}, {c.Digest != "", claimDigest}} {
		if f.is {
			b |= f.bit
		}
	}
	return b
}

// all yields the claims. It ends early at what packClaims did not write; check tells
// whether there is any.
func (l *claimList) all(yield func(*listed) bool) { l.walk(yield) }

// check reports whether the list is one that packClaims can have made. It does not look
// further when ctx is done.
func (l *claimList) check(ctx context.Context) bool {
	n, left := 0, maxGrowth*len(l.data)
	return l.walk(func(c *listed) bool {
		n++
		left -= len(c.path)
		return left >= 0 && clean(string(c.path)) && (n%askEvery != 0 || ctx.Err() == nil)
	})
}

// walk reports whether it came to the end.
func (l *claimList) walk(yield func(*listed) bool) bool {
	var c listed
	r := packReader{data: l.data}
	for r.data != "" {
		flags := r.data[0]
		r.data = r.data[1:]
		if flags&claimOtherKey != 0 {
			place := r.number(len(l.keys) - 1)
			if r.bad {
				return false
			}
			c.key = l.keys[place]
		}
		shared := r.number(len(c.path))
		c.path = append(c.path[:shared], r.take(r.number(maxPath-1-shared))...)
		c.digest = ""
		if flags&claimDigest != 0 {
			c.digest = r.digest()
		}
		c.tree, c.config, c.optional = flags&claimTree != 0, flags&claimConfig != 0, flags&claimOptional != 0
		c.ground = ground(flags / claimGround)
		if r.bad || int(c.ground) >= len(grounds) || !yield(&c) {
			return false
		}
	}
	return true
}
