package image

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// Base is a base image that the caller knows, by its DiffIDs or its ChainID. One with
// neither is not found in any image.
type Base struct {
	// Name becomes LayerOrigin.Image, such as "docker.io/library/debian:12".
	Name string
	// Digest is that of its manifest; it may be empty.
	Digest sbom.Digest
	// DiffIDs are those of its layers, oldest first (rootfs.diff_ids of its config).
	DiffIDs []sbom.Digest
	// ChainID is that of all its layers (see [ChainID]), for tables that have no
	// DiffIDs. It is not looked at where DiffIDs are given.
	ChainID sbom.Digest
}

// Annotations, and labels, that name the base image (OCI image specification,
// annotations.md).
const (
	baseDigest = "org.opencontainers.image.base.digest"
	baseName   = "org.opencontainers.image.base.name"
)

// Confidence of what marks layers, by how it knows.
const (
	confidenceCompared = 1.0 // digests of layers
	confidenceComment  = 0.6 // the history of another builder comes before that of this one
	confidenceCommand  = 0.4 // a base image mostly ends with its CMD or ENTRYPOINT
)

// MarkLayers sets the Origin of the layers of inv, an inventory of this image, and adds
// a gap where two sources disagree. What it goes by, the best first:
//
//   - the base images that the caller knows: the one with the most layers that the
//     image begins with;
//   - the history: what another builder than BuildKit made before BuildKit did, or
//     where a CMD or ENTRYPOINT stands before further layers. Both are guesses.
//
// Annotations or labels of the image that name its base image (base.name, base.digest)
// do not say which layers are its: they give a name to what the history shows. Layers
// without evidence get no origin, and a layer above those of the base image is
// LayerBuild by the same evidence: it may belong to an image between the two.
//
// The error is ErrMismatch when inv has other layers than the image, and fs.ErrInvalid
// when one of the two is nil.
func (i *Image) MarkLayers(inv *sbom.Inventory, known []Base) error {
	if i == nil || inv == nil {
		return fmt.Errorf("image: mark layers: no image or no inventory: %w", fs.ErrInvalid)
	}
	same := func(l *Layer, m sbom.Layer) bool { return l.info.DiffID == m.DiffID && l.info.Digest == m.Digest }
	if !slices.EqualFunc(i.layers, inv.Layers, same) {
		return fmt.Errorf("image: mark layers: %w: the inventory is not of this image", ErrMismatch)
	}
	claimed, chains := i.claimedBase(), i.chains()
	if g := i.disputed(claimed, known, chains); g != nil {
		inv.Gaps = append(inv.Gaps, *g)
		claimed = Base{}
	}
	n, origin := i.knownBase(known, chains)
	if n == 0 {
		n, origin = i.historicBase(claimed)
	}
	for at := range inv.Layers {
		o := &inv.Layers[at].Origin
		switch {
		case n == 0:
			*o = sbom.LayerOrigin{}
		case at < n:
			*o = origin
		default:
			*o = sbom.LayerOrigin{Role: sbom.LayerBuild, Evidence: origin.Evidence}
		}
	}
	inv.Sort()
	return nil
}

// claimedBase returns the base image that annotations or labels name.
func (i *Image) claimedBase() Base {
	get := func(key string) string {
		if v := i.annotations[key]; v != "" || i.config == nil {
			return v
		}
		return i.config.Config.Labels[key]
	}
	digest, _ := sbom.ParseDigest(get(baseDigest)) // What is no digest names nothing.
	return Base{Name: imageName(get(baseName)), Digest: digest}
}

// maxImageName is more than the longest reference to an image has, in bytes.
const maxImageName = 512

// imageName returns s if it can be a reference to an image, else nothing: it will stand
// with every layer.
func imageName(s string) string {
	if len(s) > maxImageName || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return s
}

// disputed returns a gap when the image claims a base image that is known, and does not
// begin with its layers.
func (i *Image) disputed(claimed Base, known []Base, chains map[sbom.Digest]int) *sbom.Gap {
	for _, b := range known {
		stated := len(b.DiffIDs) > 0 || b.ChainID != ""
		if claimed.Digest != "" && b.Digest == claimed.Digest && stated && i.layersOf(&b, chains) == 0 {
			return &sbom.Gap{Kind: sbom.GapContradiction, Message: fmt.Sprintf(
				"the image names %s as its base image and does not begin with its layers: its layers stand", b.Digest)}
		}
	}
	return nil
}

// chains returns how many layers the image has up to each chain ID.
func (i *Image) chains() map[sbom.Digest]int {
	chains := make(map[sbom.Digest]int, len(i.layers))
	var chain sbom.Digest
	for n, l := range i.layers {
		if l.info.DiffID == "" {
			break
		}
		chain = chained(chain, l.info.DiffID)
		chains[chain] = n + 1
	}
	return chains
}

// layersOf returns the number of layers of a known image, 0 if the image does not begin
// with them.
func (i *Image) layersOf(b *Base, chains map[sbom.Digest]int) int {
	switch {
	case len(b.DiffIDs) == 0:
		return chains[b.ChainID]
	case i.beginsWith(b.DiffIDs):
		return len(b.DiffIDs)
	}
	return 0
}

func (i *Image) beginsWith(diffIDs []sbom.Digest) bool {
	if len(diffIDs) > len(i.layers) {
		return false
	}
	for n, d := range diffIDs {
		if d == "" || i.layers[n].info.DiffID != d {
			return false
		}
	}
	return true
}

// knownBase returns how many layers the largest known base image has that the image
// begins with.
func (i *Image) knownBase(known []Base, chains map[sbom.Digest]int) (int, sbom.LayerOrigin) {
	var best Base
	most := 0
	for _, b := range known {
		n := i.layersOf(&b, chains)
		if n > most || n > 0 && n == most && cmp.Or(cmp.Compare(b.Name, best.Name), cmp.Compare(b.Digest, best.Digest)) < 0 {
			best, most = b, n
		}
	}
	if len(best.DiffIDs) > 0 {
		best.ChainID = ChainID(best.DiffIDs)
	}
	return most, sbom.LayerOrigin{Role: sbom.LayerBase, Image: best.Name, Digest: best.Digest, Evidence: sbom.Evidence{
		Field: "layers", Technique: sbom.TechniqueHash, Confidence: confidenceCompared, Value: string(best.ChainID)}}
}

// ChainID returns the identity of layers applied one after the other (OCI image
// specification, config.md, "Layer ChainID"); the empty digest for none.
func ChainID(diffIDs []sbom.Digest) sbom.Digest {
	var chain sbom.Digest
	for _, d := range diffIDs {
		chain = chained(chain, d)
	}
	return chain
}

// chained returns the chain ID of a chain, which may be empty, with one layer more.
func chained(chain, diffID sbom.Digest) sbom.Digest {
	if chain == "" {
		return diffID
	}
	return sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(chain+" "+diffID))))
}

// historicBase guesses from the history how many layers the base image has. A history
// that does not account for every layer says nothing.
func (i *Image) historicBase(claimed Base) (int, sbom.LayerOrigin) {
	if i.config == nil || len(layerHistory(i.config.History)) != len(i.layers) {
		return 0, sbom.LayerOrigin{}
	}
	history := i.config.History
	at, confidence := otherBuilder(history), confidenceComment
	if at < 0 {
		at, confidence = lastCommand(history), confidenceCommand
	}
	n := len(layerHistory(history[:at+1]))
	if n == 0 || n == len(i.layers) {
		return 0, sbom.LayerOrigin{}
	}
	value := fmt.Sprintf("history %d: %.200s", at, strings.TrimSpace(cmp.Or(history[at].CreatedBy, history[at].Comment)))
	return n, sbom.LayerOrigin{Role: sbom.LayerBase, Image: claimed.Name, Digest: claimed.Digest, Evidence: sbom.Evidence{
		Field: "layers", Technique: sbom.TechniqueManifest, Confidence: confidence, Value: value}}
}

// buildkitComment begins the comment of every step of a Dockerfile that BuildKit ran.
const buildkitComment = "buildkit.dockerfile"

// otherBuilder returns the last entry before BuildKit's, -1 if there are none or not
// only BuildKit's behind it.
func otherBuilder(history []v1.History) int {
	byBuildKit := func(h v1.History) bool { return strings.HasPrefix(h.Comment, buildkitComment) }
	first := slices.IndexFunc(history, byBuildKit)
	if first < 1 || slices.ContainsFunc(history[first:], func(h v1.History) bool { return !byBuildKit(h) }) {
		return -1
	}
	return first - 1
}

// lastCommand returns the last CMD or ENTRYPOINT that layers follow, -1 if none do.
func lastCommand(history []v1.History) int {
	layers := false
	for n, h := range slices.Backward(history) {
		if h.EmptyLayer && layers && isCommand(h.CreatedBy) {
			return n
		}
		layers = layers || !h.EmptyLayer
	}
	return -1
}

// isCommand recognises what BuildKit and the builders before it write of CMD and
// ENTRYPOINT.
func isCommand(createdBy string) bool {
	_, nop, _ := strings.Cut(createdBy, "#(nop)")
	for _, s := range []string{createdBy, strings.TrimSpace(nop)} {
		if strings.HasPrefix(s, "CMD ") || strings.HasPrefix(s, "ENTRYPOINT ") {
			return true
		}
	}
	return false
}
