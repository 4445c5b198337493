package document

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// Layers are the layers that a document lists, while it is read into Inventory.
type Layers struct {
	Inventory *sbom.Inventory
	index     map[sbom.Digest]int
}

// TrivyFact takes a fact that Trivy states about the image, under its name without the
// prefix: "ImageID", "RepoDigest" or "DiffID". Others, and malformed digests, say nothing.
func (l *Layers) TrivyFact(name, value string) {
	d, err := sbom.ParseDigest(value[strings.LastIndexByte(value, '@')+1:])
	if err != nil {
		return
	}
	switch s := &l.Inventory.Subject; name {
	case "ImageID":
		s.Config = d
	case "RepoDigest":
		if s.Digest == "" {
			s.Digest = d
		}
	case "DiffID":
		l.add(d)
	}
}

func (l *Layers) add(d sbom.Digest) {
	if l.index == nil {
		l.index = make(map[sbom.Digest]int)
	}
	n := len(l.Inventory.Layers)
	l.index[d] = n
	l.Inventory.Layers = append(l.Inventory.Layers, sbom.Layer{Index: n, DiffID: d})
}

// Ref returns a reference to a layer of the document, nil when diffID is no digest. Its index
// is -1 when the document does not list the layer.
func (l *Layers) Ref(diffID string) *sbom.LayerRef {
	d, err := sbom.ParseDigest(diffID)
	if err != nil {
		return nil
	}
	if i, ok := l.index[d]; ok {
		return &sbom.LayerRef{Index: i, DiffID: d}
	}
	return &sbom.LayerRef{Index: -1, DiffID: d}
}
