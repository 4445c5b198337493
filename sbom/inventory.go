package sbom

import (
	"cmp"
	"slices"
	"time"
)

// Inventory is what is known about the contents of one image. The zero value is
// an empty inventory. It is not safe for concurrent writes.
type Inventory struct {
	// Subject is the image described.
	Subject Subject `json:"subject"`
	// Distribution is the operating system distribution of the image, nil when
	// the image names none (no os-release). Without it, no finding can be made
	// for packages of a distribution.
	Distribution *Distribution `json:"distribution,omitempty"`
	// Layers are the image's layers, oldest first.
	Layers []Layer `json:"layers,omitempty"`
	// Components are the components found in any layer, also those that a later
	// layer removed (see Attribution.Visible).
	Components []Component `json:"components,omitempty"`
	// Relationships connect components by their ids.
	Relationships []Relationship `json:"relationships,omitempty"`
	// Files are all executables of the squashed view, and every other file whose
	// owner recorded it and that is modified or, in a directory of programs or
	// libraries, missing.
	Files []File `json:"files,omitempty"`
	// Gaps are what looked relevant and was not understood.
	Gaps []Gap `json:"gaps,omitempty"`
	// Tools made this inventory.
	Tools []Tool `json:"tools,omitempty"`
	// Created is when the inventory was made, or the time its document states.
	// The catalog sets it from SOURCE_DATE_EPOCH or the image's own creation
	// time, so that the same image gives the same bytes; zero when neither is
	// known.
	Created time.Time `json:"created,omitzero"`
}

// Subject identifies the image that an inventory or a report describes.
type Subject struct {
	// Name is the reference as the caller gave it, without credentials. It may
	// be empty, and proves nothing.
	Name string `json:"name,omitempty"`
	// Digest is the digest of the image manifest. It is empty for a root
	// file system that is no image.
	Digest Digest `json:"digest,omitempty"`
	// Index is the digest of the image index through which the manifest was
	// chosen, if any.
	Index Digest `json:"index,omitempty"`
	// Config is the digest of the image's config, which other tools call the
	// image id.
	Config Digest `json:"config,omitempty"`
	// MediaType is the media type of the image manifest.
	MediaType string `json:"mediaType,omitempty"`
	// Platform is the platform the image was built for.
	Platform Platform `json:"platform,omitzero"`
}

// Platform is an operating system and a processor architecture in Go's words
// (OCI image index specification, "platform").
type Platform struct {
	// OS and Architecture are as GOOS and GOARCH: "linux", "arm64".
	OS           string `json:"os,omitempty"`
	Architecture string `json:"architecture,omitempty"`
	// Variant is that of the processor, such as "v8"; OSVersion is used for Windows.
	Variant   string `json:"variant,omitempty"`
	OSVersion string `json:"osVersion,omitempty"`
}

// String returns os/architecture or os/architecture/variant; the empty string
// for the zero value.
func (p Platform) String() string {
	switch {
	case p == Platform{}:
		return ""
	case p.Variant != "":
		return p.OS + "/" + p.Architecture + "/" + p.Variant
	}
	return p.OS + "/" + p.Architecture
}

// Distribution is an operating system distribution as os-release(5) names it.
type Distribution struct {
	// ID is the lower-case identifier, such as "debian".
	ID string `json:"id"`
	// IDLike are the identifiers of the distributions it derives from.
	IDLike []string `json:"idLike,omitempty"`
	// VersionID is the release, such as "12" or "22.04". It is empty for rolling
	// and unreleased distributions.
	VersionID string `json:"versionID,omitempty"`
	// Codename is the release's code name, such as "bookworm".
	Codename string `json:"codename,omitempty"`
	// Name is the name for people, such as "Debian GNU/Linux 12 (bookworm)".
	Name string `json:"name,omitempty"`
}

// Layer is one layer of an image.
type Layer struct {
	// Index is the layer's place in Inventory.Layers; 0 is the oldest.
	Index int `json:"index"`
	// DiffID is the digest of the uncompressed layer. It is empty for the one
	// pseudo layer of a root file system directory.
	DiffID Digest `json:"diffID,omitempty"`
	// Digest is the digest of the layer's blob as stored. In a docker-archive
	// it equals DiffID.
	Digest Digest `json:"digest,omitempty"`
	// Size is the length of the stored blob, in bytes.
	Size int64 `json:"size,omitempty"`
	// UncompressedSize is the length of the layer's tar stream, in bytes; 0
	// while it has not been read.
	UncompressedSize int64 `json:"uncompressedSize,omitempty"`
	// MediaType is the media type of the stored blob.
	MediaType string `json:"mediaType,omitempty"`
	// CreatedBy is the command that made the layer, from the image's history.
	CreatedBy string `json:"createdBy,omitempty"`
	// Created is the time the history states for the layer.
	Created time.Time `json:"created,omitzero"`
	// Origin tells layers of the base image from those that were added to it. It is
	// zero until image.MarkLayers, or package buildkit, has set it.
	Origin LayerOrigin `json:"origin,omitzero"`
}

// Ref returns a reference to the layer.
func (l Layer) Ref() *LayerRef { return &LayerRef{Index: l.Index, DiffID: l.DiffID} }

// LayerRef points to a layer of the inventory that it is part of. A nil
// *LayerRef is no layer.
type LayerRef struct {
	// Index and DiffID are those of the Layer. Index is -1 for a layer that a
	// document names and does not list.
	Index  int    `json:"index"`
	DiffID Digest `json:"diffID,omitempty"`
}

// Relationship says how two components belong together.
type Relationship struct {
	// From and To are component ids.
	From string           `json:"from"`
	To   string           `json:"to"`
	Type RelationshipType `json:"type"`
}

// RelationshipType is the meaning of a Relationship, read from From to To.
type RelationshipType string

const (
	// DependsOn means that From needs To.
	DependsOn RelationshipType = "depends-on"
	// Contains means that To is shipped inside From, as a nested jar is.
	Contains RelationshipType = "contains"
	// Owns means that From, a package of a package manager, owns the files that
	// To was found in: both are one thing, and From's advisories take precedence.
	Owns RelationshipType = "owns"
)

// Gap is something that looked relevant and was not understood.
type Gap struct {
	Kind GapKind `json:"kind"`
	// Path is the file, as in File.Path; empty when the gap is about more.
	Path string `json:"path,omitempty"`
	// Layer is the layer in which the file was read.
	Layer *LayerRef `json:"layer,omitempty"`
	// Component is the id of the component concerned, if any.
	Component string `json:"component,omitempty"`
	// Detector is the detector concerned, if any, as "name@version".
	Detector string `json:"detector,omitempty"`
	// Message says in one sentence what was not understood and why.
	Message string `json:"message"`
}

// GapKind is the reason for a Gap.
type GapKind string

const (
	// GapLimit: a limit of the options was reached; what lies beyond was not read.
	GapLimit GapKind = "limit"
	// GapCorrupt: the data does not follow its format.
	GapCorrupt GapKind = "corrupt"
	// GapUnsupported: a format or feature that no detector reads.
	GapUnsupported GapKind = "unsupported"
	// GapEncrypted: the content is encrypted.
	GapEncrypted GapKind = "encrypted"
	// GapIncomplete: a component was seen, but something that identifies it
	// (mostly its version) is not stated anywhere.
	GapIncomplete GapKind = "incomplete"
	// GapGhost: a package database lists a package none of whose files exist.
	GapGhost GapKind = "ghost"
)

// Tool is a program or library that made an inventory, a report or an RBOM.
type Tool struct {
	Vendor  string `json:"vendor,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Component returns the component with the given id, nil when there is none.
// The pointer is into inv.Components.
func (inv *Inventory) Component(id string) *Component {
	for i := range inv.Components {
		if inv.Components[i].ID == id {
			return &inv.Components[i]
		}
	}
	return nil
}

// Sort brings everything in the inventory into its one canonical order: layers
// by index, components by purl, name, version and id, files by path, and
// relationships and gaps by all their fields. Duplicates of relationships and
// gaps are dropped.
func (inv *Inventory) Sort() {
	slices.SortFunc(inv.Layers, func(a, b Layer) int { return cmp.Compare(a.Index, b.Index) })
	for i := range inv.Components {
		inv.Components[i].sort()
	}
	slices.SortFunc(inv.Components, func(a, b Component) int {
		return cmp.Or(cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Version, b.Version), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(inv.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(inv.Relationships, compareRelationship)
	inv.Relationships = slices.Compact(inv.Relationships)
	slices.SortFunc(inv.Gaps, compareGap)
	inv.Gaps = slices.CompactFunc(inv.Gaps, func(a, b Gap) bool { return compareGap(a, b) == 0 })
	slices.SortFunc(inv.Tools, func(a, b Tool) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
}

func compareRelationship(a, b Relationship) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Type, b.Type), cmp.Compare(a.To, b.To))
}

func compareGap(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), compareLayerRef(a.Layer, b.Layer), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Component, b.Component), cmp.Compare(a.Detector, b.Detector), cmp.Compare(a.Message, b.Message))
}

func compareLayerRef(a, b *LayerRef) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(a.Index, b.Index)
}
