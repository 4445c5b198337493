package catalog

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// layerFacts are what one layer says. They depend on nothing but the layer's
// bytes, the detectors and the limits, so that they can be cached
// (encodefacts.go).
type layerFacts struct {
	entries   entryList
	fragments []fragment
}

// draft is the facts of a layer that is being read.
type draft struct {
	Entries   []entry
	Fragments []fragment
}

func (d *draft) pack(p *patience) *layerFacts {
	return &layerFacts{entries: packEntries(d.Entries, p), fragments: d.Fragments}
}

// entry is a change that a layer makes to the file system.
type entry struct {
	Op   op
	Path string
	Mode fs.FileMode
	Size int64
	// Link is the target of a symlink or of a hard link.
	Link string
	Kind sbom.FileKind
	// Capabilities are the file capabilities, as in sbom.File.
	Capabilities string
	// Digests of the content, sha256 first, if it was hashed.
	Digests []sbom.Digest
}

// op says what an entry does.
type op uint8

const (
	opPut    op = iota // A file, directory, symlink or device is at Path.
	opLink             // Path is another name of Link.
	opHide             // What older layers have at Path is gone.
	opOpaque           // What older layers have below Path is gone.
)

// fragment is what one detector said about one file.
type fragment struct {
	// Entry is the place of the file among the layer's entries.
	Entry    int
	Detector detect.ID
	// Facts are without Claims.
	Facts  detect.Fragment
	claims claimList
}

// newFragment takes over the facts.
func newFragment(entry int, id detect.ID, facts *detect.Fragment, p *patience) fragment {
	f := fragment{Entry: entry, Detector: id, Facts: *facts, claims: packClaims(facts.Claims, p)}
	f.Facts.Claims = nil
	return f
}

// valid returns s as valid UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// sanitize makes what goes into documents valid UTF-8. Paths stay as they are:
// they have to match.
func sanitize(c *sbom.Component) {
	fix := func(fields ...*string) {
		for _, s := range fields {
			*s = valid(*s)
		}
	}
	fix(&c.PURL, &c.Group, &c.Name, &c.Version, &c.Architecture, &c.Supplier, &c.Description, &c.Copyright)
	for i := range c.Licenses {
		fix(&c.Licenses[i].Expression, &c.Licenses[i].Name)
	}
	for i := range c.References {
		r := &c.References[i]
		fix(&r.Type, &r.URL, &r.Comment)
	}
	for i := range c.CPEs {
		fix(&c.CPEs[i])
	}
	for i := range c.Evidence {
		fix(&c.Evidence[i].Value)
	}
	for i := range c.Properties {
		fix(&c.Properties[i].Name, &c.Properties[i].Value)
	}
	if c.Source != nil {
		fix(&c.Source.Name, &c.Source.Version)
	}
}

// cloneComponent copies c so far that the copy can be completed without
// changing the fragment c came from.
func cloneComponent(c *sbom.Component) sbom.Component {
	out := *c
	out.Licenses = slices.Clone(c.Licenses)
	out.CPEs = slices.Clone(c.CPEs)
	out.Hashes = slices.Clone(c.Hashes)
	out.References = slices.Clone(c.References)
	out.Evidence = slices.Clone(c.Evidence)
	out.Properties = slices.Clone(c.Properties)
	if c.Source != nil {
		src := *c.Source
		out.Source = &src
	}
	return out
}
