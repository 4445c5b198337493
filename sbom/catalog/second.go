package catalog

import (
	"context"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// lacking are the files that the first reading did not hash by the algorithm by which
// a package manager recorded them: for each layer, the algorithms by entry.
type lacking map[int]map[int]algorithms

// lacking finds them among the claimed files.
func (o *ownership) lacking() lacking {
	out := make(lacking)
	for n := range o.fold.tree.Nodes() {
		o.fold.patience.ask()
		if n.Value.claims == nil || !n.Mode.IsRegular() || n.Value.content == nil || n.Value.digests == nil {
			continue
		}
		var also algorithms
		for c := n.Value.claims; c != nil; c = c.next {
			if c.digest != "" && integrity(c, n) == sbom.Unchecked {
				also |= algorithmOf(c.digest.text())
			}
		}
		if also == 0 {
			continue
		}
		c := n.Value.content
		if out[c.layer] == nil {
			out[c.layer] = make(map[int]algorithms)
		}
		out[c.layer][c.entry] |= also
	}
	return out
}

// complement hashes what is lacking, in a second reading of the layers that it is in,
// and returns the digests by layer and entry.
func (s *scanner) complement(ctx context.Context, layers []*image.Layer, missing lacking) (map[int]map[int][]sbom.Digest, error) {
	out := make(map[int]map[int][]sbom.Digest, len(missing))
	for _, i := range slices.Sorted(maps.Keys(missing)) {
		s.log.Debug("reading files again by the algorithm of the package manager", "layer", i, "files", len(missing[i]))
		digests, err := s.digestsOf(ctx, layers[i], missing[i])
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return nil, cause
		}
		if err != nil {
			return nil, err
		}
		out[i] = digests
	}
	return out, nil
}

// digestsOf reads entries of a layer again.
func (s *scanner) digestsOf(ctx context.Context, layer *image.Layer, want map[int]algorithms) (map[int][]sbom.Digest, error) {
	l := &layerScan{scanner: s, digester: newDigester(s.spare)}
	defer l.digester.close()
	s.reading.Add(1)
	defer s.reading.Add(-1)
	out := make(map[int][]sbom.Digest, len(want))
	at := -1
	err := l.read(ctx, layer, func(_ context.Context, e *image.Entry) error {
		if !usable(e) {
			return nil
		}
		at++
		also, wanted := want[at]
		if !wanted {
			return nil
		}
		var again entry
		if err := l.hash(e, nil, &again, also); closed(err) {
			return nil
		} else if err != nil {
			return err
		}
		out[at] = again.Digests
		return nil
	})
	return out, err
}

// learn adds the digests of the second reading to those of the first. Those of a file that
// is another by its sha256 would make what was never recorded look as recorded: such a
// file, as there can be in a root directory, stays unchecked.
func (f *fold) learn(missing lacking, digests map[int]map[int][]sbom.Digest) {
	changed := false
	for n := range f.tree.Nodes() {
		f.patience.ask()
		c := n.Value.content
		if c == nil || missing[c.layer][c.entry] == 0 {
			continue
		}
		again := digests[c.layer][c.entry]
		if len(again) == 0 || again[0] != c.digests[0] {
			changed = true
			continue
		}
		for _, d := range again {
			if !slices.Contains(c.digests, d) {
				c.digests = append(slices.Clip(c.digests), d)
			}
		}
	}
	if changed {
		f.changed(missing, digests)
	}
}

// changed notes the files that the second reading found changed.
func (f *fold) changed(missing lacking, digests map[int]map[int][]sbom.Digest) {
	for at, n := range f.tree.All() {
		c := n.Value.content
		if c == nil || missing[c.layer][c.entry] == 0 {
			continue
		}
		if again := digests[c.layer][c.entry]; len(again) == 0 || again[0] != c.digests[0] {
			f.gaps = append(f.gaps, sbom.Gap{
				Kind: sbom.GapUnsupported, Path: valid(at), Layer: f.layers[c.layer], Message: changedMeanwhile + ": its recorded digest is not checked",
			})
		}
	}
}
