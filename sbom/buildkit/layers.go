package buildkit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

const unknown = -1

// stored is a layer as the provenance has it.
type stored struct {
	digest    sbom.Digest
	mediaType string
}

// layerSteps returns for each layer of the image the step that made it, or the source
// that it came with; unknown for layers that the provenance does not account for. It
// reports false when the provenance has layers and none of them is the image's: it is
// about something else then.
func (g *graph) layerSteps(layers []sbom.Layer) ([]int, bool) {
	digests := make([]sbom.Digest, len(layers))
	for i := range layers {
		digests[i] = layers[i].Digest
	}
	if same := g.recompressed(layers); same != nil {
		digests = same
	}
	steps, found := g.stepsOf(digests)
	g.fillBase(steps)
	return steps, found || len(g.chains) == 0
}

// recompressed returns the layers of the result as the provenance has them, if they can
// be those of the image: as many, and each the same or in another compression. BuildKit
// states what it has in its cache, and may export it otherwise.
func (g *graph) recompressed(layers []sbom.Layer) []sbom.Digest {
	out, ok := g.result()
	if !ok || len(layers) == 0 {
		return nil
	}
next:
	for _, chain := range g.chains[out] {
		if len(chain) != len(layers) {
			continue
		}
		digests := make([]sbom.Digest, len(chain))
		for i, l := range chain {
			if l.digest != layers[i].Digest && l.mediaType == layers[i].MediaType {
				continue next
			}
			digests[i] = l.digest
		}
		return digests
	}
	return nil
}

// stepsOf returns the steps of layers with these digests, and whether any was found.
func (g *graph) stepsOf(layers []sbom.Digest) ([]int, bool) {
	steps, found := make([]int, len(layers)), false
	for i := range steps {
		steps[i] = unknown
	}
	for _, out := range g.outputs() {
		for _, chain := range g.chains[out] {
			if n := len(chain); n > 0 && n <= len(layers) && steps[n-1] == unknown && beginsWith(layers, chain) {
				steps[n-1], found = g.put(out.step, layers[n-1]), true
			}
		}
	}
	return steps, found
}

// put returns the step that made the last layer of an output. A copy with --link makes a
// layer by itself, and a merge puts it in its place.
func (g *graph) put(step int, layer sbom.Digest) int {
	s := &g.steps[step]
	if s.Kind != StepMerge {
		return step
	}
	for i := len(s.inputs) - 1; i >= 0; i-- {
		for _, chain := range g.chains[s.inputs[i]] {
			if n := len(chain); n > 0 && chain[n-1].digest == layer {
				return s.inputs[i].step
			}
		}
	}
	return step
}

// outputs returns the outputs with layers in the order of their steps.
func (g *graph) outputs() []output {
	outs := make([]output, 0, len(g.chains))
	for out := range g.chains {
		outs = append(outs, out)
	}
	slices.SortFunc(outs, func(a, b output) int { return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.index, b.index)) })
	return outs
}

func beginsWith(layers []sbom.Digest, chain []stored) bool {
	for i, l := range chain {
		if layers[i] != l.digest {
			return false
		}
	}
	return true
}

// fillBase finds the source of the layers below the first that a step made.
func (g *graph) fillBase(steps []int) {
	for i, at := range steps {
		if at == unknown {
			continue
		}
		from := at
		if g.steps[at].Kind != StepSource {
			in, ok := g.base(output{at, 0})
			if !ok || g.steps[in.step].Kind != StepSource {
				return
			}
			from = in.step
		}
		for n := range i {
			steps[n] = from
		}
		return
	}
}

// base returns the file system that a step has changed, false when it began with
// nothing.
func (g *graph) base(out output) (output, bool) {
	s := &g.steps[out.step]
	in := -1
	switch s.Kind {
	case StepRun:
		for i := range s.mounts {
			if m := &s.mounts[i]; m.Output == out.index && m.Type == 0 && m.Selector == "" {
				in = m.Input
				break
			}
		}
	case StepFile:
		if len(s.actions) > 0 {
			in = s.actions[0].input
		}
	case StepMerge:
		in = 0
	}
	if in < 0 || in >= len(s.inputs) {
		return output{}, false
	}
	return s.inputs[in], true
}

// isImage reports whether a source is an image.
func isImage(source string) bool {
	return strings.HasPrefix(source, "docker-image://") || strings.HasPrefix(source, "oci-layout://")
}

// reference splits the identifier of an image into its name and digest.
func reference(source string) (string, sbom.Digest) {
	_, ref, _ := strings.Cut(source, "://")
	name, digest, _ := strings.Cut(ref, "@")
	d, _ := sbom.ParseDigest(digest) // Not all have one.
	return oneLine(name), d
}

// markLayers sets the origin of layers whose origin is not known better.
func (b *Build) markLayers(inv *sbom.Inventory, steps []int) {
	for i, at := range steps {
		o := &inv.Layers[i].Origin
		if at == unknown || o.Evidence.Technique == sbom.TechniqueHash {
			continue
		}
		s := &b.graph.steps[at]
		*o = sbom.LayerOrigin{Role: sbom.LayerBuild, Evidence: b.evidence(b.provenance, "layers", s.ID+": "+s.Text)}
		if s.Kind == StepSource && isImage(s.source) {
			o.Role = sbom.LayerBase
			o.Image, o.Digest = reference(s.source)
		}
	}
}
