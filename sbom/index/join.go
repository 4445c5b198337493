package index

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// VariantOf is the relationship of an image to the first one of its index, in SPDX's
// words (SPDX 2.3, clause 11.1).
const VariantOf sbom.RelationshipType = "spdx:VARIANT_OF"

// PlatformProperty names the property of an image's component that has its platform, as
// in "linux/arm64/v8".
const PlatformProperty = "image:platform"

// Inventory returns the index as one inventory: a component of type container for each
// image, all components of all images, and contains relationships that say which image
// has which.
//
// A component with the same id and the same facts in several images is there once. What
// is compared is everything but layers, which are each image's own and are left out here,
// as are the inventories' files. Where facts differ under one id, that of the second
// image gets the suffix "-2", and so on. Gaps name their platform; an image that was not
// read is a gap of kind unsupported.
//
// The inventory shares no memory with x that a change of either would show.
func (x *Index) Inventory() *sbom.Inventory {
	inv := x.outline(nil)
	j := joiner{inv: inv, told: make(map[string]map[[sha256.Size]byte]string), used: make(map[string]bool)}
	images := x.components()
	for i := range images {
		j.used[images[i].ID] = true
	}
	for i := range x.Images {
		if img := &x.Images[i]; img.Inventory != nil {
			j.add(images[i].ID, img)
		}
	}
	inv.Distribution = x.distribution()
	inv.Sort()
	return inv
}

// outline returns the inventory of the index and its images alone, with references to
// their documents by the place of the image.
func (x *Index) outline(links map[int]sbom.Reference) *sbom.Inventory {
	inv := &sbom.Inventory{Subject: x.Subject}
	for i, c := range x.components() {
		img := &x.Images[i]
		if link, ok := links[i]; ok {
			c.References = []sbom.Reference{link}
		}
		inv.Components = append(inv.Components, c)
		if first := inv.Components[0].ID; c.ID != first {
			inv.Relationships = append(inv.Relationships, sbom.Relationship{From: c.ID, To: first, Type: VariantOf})
		}
		if img.Err != nil {
			inv.Gaps = append(inv.Gaps, sbom.Gap{
				Kind: sbom.GapUnsupported, Component: c.ID, Message: fmt.Sprintf("%s was not read: %v", img.Subject.Platform, img.Err)})
		}
		if img.Inventory == nil {
			continue
		}
		if inv.Created.Before(img.Inventory.Created) {
			inv.Created = img.Inventory.Created
		}
		for _, t := range img.Inventory.Tools {
			if !slices.Contains(inv.Tools, t) {
				inv.Tools = append(inv.Tools, t)
			}
		}
	}
	inv.Sort()
	return inv
}

// components describe the images, with different ids.
func (x *Index) components() []sbom.Component {
	out := make([]sbom.Component, len(x.Images))
	used := make(map[string]bool)
	for i := range x.Images {
		c := x.Images[i].component()
		id := c.ID
		for n := 2; used[c.ID]; n++ { // Images of which no digest is known.
			c.ID = fmt.Sprintf("%s-%d", id, n)
		}
		used[c.ID] = true
		out[i] = c
	}
	return out
}

// component describes the image. Its digest, or that of its config where there is none,
// is its version, as it is of an image that a document describes.
func (i *Image) component() sbom.Component {
	s := &i.Subject
	c := sbom.Component{
		Type: sbom.TypeContainer, Name: cmp.Or(s.Name, s.Platform.String(), "image"), Version: string(cmp.Or(s.Digest, s.Config)),
		PURL: document.SubjectPURL(s), Architecture: s.Platform.Architecture, Attribution: sbom.Attribution{Visible: true},
	}
	if s.Digest != "" {
		c.Hashes = []sbom.Digest{s.Digest}
	}
	if p := s.Platform.String(); p != "" {
		c.Properties = []sbom.Property{{Name: PlatformProperty, Value: p}}
	}
	c.Evidence = []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.Version}}
	c.ID = sbom.ComponentID(&c)
	return c
}

// distribution returns the one distribution of all images, nil if they differ.
func (x *Index) distribution() *sbom.Distribution {
	var one *sbom.Distribution
	for _, img := range x.Images {
		if img.Inventory == nil {
			continue
		}
		d := img.Inventory.Distribution
		if d == nil || one != nil && (one.ID != d.ID || one.VersionID != d.VersionID) {
			return nil
		}
		one = d
	}
	if one == nil {
		return nil
	}
	d := *one
	d.IDLike = slices.Clone(d.IDLike)
	return &d
}

// joiner collects the components of all images.
type joiner struct {
	inv *sbom.Inventory
	// told has the ids in the joint inventory by id in the images and facts.
	told map[string]map[[sha256.Size]byte]string
	used map[string]bool
}

func (j *joiner) add(self string, img *Image) {
	ids := make(map[string]string, len(img.Inventory.Components))
	for i := range img.Inventory.Components {
		c := &img.Inventory.Components[i]
		ids[c.ID] = j.component(c)
		if c.Attribution.Visible {
			j.inv.Relationships = append(j.inv.Relationships, sbom.Relationship{From: self, To: ids[c.ID], Type: sbom.Contains})
		}
	}
	for _, r := range img.Inventory.Relationships {
		r.From, r.To = cmp.Or(ids[r.From], r.From), cmp.Or(ids[r.To], r.To)
		j.inv.Relationships = append(j.inv.Relationships, r)
	}
	for _, g := range img.Inventory.Gaps {
		g.Layer = nil
		g.Component = cmp.Or(ids[g.Component], g.Component)
		g.Message = fmt.Sprintf("%s: %s", img.Subject.Platform, g.Message)
		j.inv.Gaps = append(j.inv.Gaps, g)
	}
}

// component returns the id of c in the joint inventory, and adds it if it is new there.
func (j *joiner) component(c *sbom.Component) string {
	bare, facts := bare(c)
	if id := j.told[c.ID][facts]; id != "" {
		return id
	}
	id := c.ID
	for n := 2; j.used[id]; n++ {
		id = fmt.Sprintf("%s-%d", c.ID, n)
	}
	j.used[id] = true
	if j.told[c.ID] == nil {
		j.told[c.ID] = make(map[[sha256.Size]byte]string, 1)
	}
	j.told[c.ID][facts] = id
	bare.ID = id
	j.inv.Components = append(j.inv.Components, bare)
	return id
}

// bare returns a copy of c without layers, and the digest of what it says.
func bare(c *sbom.Component) (sbom.Component, [sha256.Size]byte) {
	out := *c
	out.Attribution = sbom.Attribution{Visible: c.Attribution.Visible}
	out.Licenses, out.CPEs, out.Hashes = slices.Clone(c.Licenses), slices.Clone(c.CPEs), slices.Clone(c.Hashes)
	out.References, out.Properties = slices.Clone(c.References), slices.Clone(c.Properties)
	for i := range out.References {
		out.References[i].Hashes = slices.Clone(out.References[i].Hashes)
	}
	if c.Source != nil {
		source := *c.Source
		out.Source = &source
	}
	out.Evidence = slices.Clone(c.Evidence)
	for i := range out.Evidence {
		out.Evidence[i].Location.Layer = nil
	}
	// Strings, numbers and lists of them always encode, confidences that are no
	// numbers apart, which then count as equal.
	text, _ := json.Marshal(out)
	return out, sha256.Sum256(text)
}
