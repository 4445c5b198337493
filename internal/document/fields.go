package document

import (
	"io/fs"
	"strconv"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// The field tables are the taxonomy of the overlay: each name stands in
// documents behind "imagetrust:". They never change once published.

var componentFields = []field[sbom.Component]{
	text("id", func(c *sbom.Component) *string { return &c.ID }),
	text("type", func(c *sbom.Component) *sbom.ComponentType { return &c.Type }),
	text("purl", func(c *sbom.Component) *string { return &c.PURL }),
	text("group", func(c *sbom.Component) *string { return &c.Group }),
	text("name", func(c *sbom.Component) *string { return &c.Name }),
	text("version", func(c *sbom.Component) *string { return &c.Version }),
	text("scope", func(c *sbom.Component) *sbom.Scope { return &c.Scope }),
	text("architecture", func(c *sbom.Component) *string { return &c.Architecture }),
	text("supplier", func(c *sbom.Component) *string { return &c.Supplier }),
	text("description", func(c *sbom.Component) *string { return &c.Description }),
	text("copyright", func(c *sbom.Component) *string { return &c.Copyright }),
	layer("introduced", func(c *sbom.Component) **sbom.LayerRef { return &c.Attribution.Introduced }),
	layer("modified", func(c *sbom.Component) **sbom.LayerRef { return &c.Attribution.Modified }),
	layer("removed", func(c *sbom.Component) **sbom.LayerRef { return &c.Attribution.Removed }),
	{"visible", getVisible, setVisible},
	number("files:owned", func(c *sbom.Component) *int { return &c.Files.Owned }),
	number("files:present", func(c *sbom.Component) *int { return &c.Files.Present }),
	number("files:missing", func(c *sbom.Component) *int { return &c.Files.Missing }),
	number("files:modified", func(c *sbom.Component) *int { return &c.Files.Modified }),
	number("files:verified", func(c *sbom.Component) *int { return &c.Files.Verified }),
}

func getVisible(c *sbom.Component) string { return strconv.FormatBool(c.Attribution.Visible) }

func setVisible(c *sbom.Component, s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return errValue
	}
	c.Attribution.Visible = v
	return nil
}

var sourceFields = []field[sbom.SourcePackage]{
	text("source:name", func(s *sbom.SourcePackage) *string { return &s.Name }),
	text("source:version", func(s *sbom.SourcePackage) *string { return &s.Version }),
}

var licenseFields = []field[sbom.License]{
	text("expression", func(l *sbom.License) *string { return &l.Expression }),
	text("name", func(l *sbom.License) *string { return &l.Name }),
	text("location", func(l *sbom.License) *string { return &l.Location }),
	text("acknowledgement", func(l *sbom.License) *sbom.Acknowledgement { return &l.Acknowledgement }),
	float("confidence", func(l *sbom.License) *float64 { return &l.Confidence }),
}

var referenceFields = []field[sbom.Reference]{
	text("type", func(r *sbom.Reference) *string { return &r.Type }),
	text("url", func(r *sbom.Reference) *string { return &r.URL }),
	text("comment", func(r *sbom.Reference) *string { return &r.Comment }),
}

var evidenceFields = []field[sbom.Evidence]{
	text("field", func(e *sbom.Evidence) *string { return &e.Field }),
	text("technique", func(e *sbom.Evidence) *sbom.Technique { return &e.Technique }),
	float("confidence", func(e *sbom.Evidence) *float64 { return &e.Confidence }),
	text("value", func(e *sbom.Evidence) *string { return &e.Value }),
	text("path", func(e *sbom.Evidence) *string { return &e.Location.Path }),
	layer("layer", func(e *sbom.Evidence) **sbom.LayerRef { return &e.Location.Layer }),
	text("detector", func(e *sbom.Evidence) *string { return &e.Detector }),
}

var stringFields = []field[string]{text("", func(s *string) *string { return s })}

var digestFields = []field[sbom.Digest]{text("", func(d *sbom.Digest) *sbom.Digest { return d })}

var subjectFields = []field[sbom.Subject]{
	text("subject:name", func(s *sbom.Subject) *string { return &s.Name }),
	text("subject:digest", func(s *sbom.Subject) *sbom.Digest { return &s.Digest }),
	text("subject:index", func(s *sbom.Subject) *sbom.Digest { return &s.Index }),
	text("subject:config", func(s *sbom.Subject) *sbom.Digest { return &s.Config }),
	text("subject:mediaType", func(s *sbom.Subject) *string { return &s.MediaType }),
	text("subject:os", func(s *sbom.Subject) *string { return &s.Platform.OS }),
	text("subject:architecture", func(s *sbom.Subject) *string { return &s.Platform.Architecture }),
	text("subject:variant", func(s *sbom.Subject) *string { return &s.Platform.Variant }),
	text("subject:osVersion", func(s *sbom.Subject) *string { return &s.Platform.OSVersion }),
}

var distributionFields = []field[sbom.Distribution]{
	text("distribution:id", func(d *sbom.Distribution) *string { return &d.ID }),
	text("distribution:versionID", func(d *sbom.Distribution) *string { return &d.VersionID }),
	text("distribution:codename", func(d *sbom.Distribution) *string { return &d.Codename }),
	text("distribution:name", func(d *sbom.Distribution) *string { return &d.Name }),
}

var layerFields = []field[sbom.Layer]{
	number("index", func(l *sbom.Layer) *int { return &l.Index }),
	text("diffID", func(l *sbom.Layer) *sbom.Digest { return &l.DiffID }),
	text("digest", func(l *sbom.Layer) *sbom.Digest { return &l.Digest }),
	number("size", func(l *sbom.Layer) *int64 { return &l.Size }),
	number("uncompressedSize", func(l *sbom.Layer) *int64 { return &l.UncompressedSize }),
	text("mediaType", func(l *sbom.Layer) *string { return &l.MediaType }),
	text("createdBy", func(l *sbom.Layer) *string { return &l.CreatedBy }),
	moment("created", func(l *sbom.Layer) *time.Time { return &l.Created }),
	text("origin:role", func(l *sbom.Layer) *sbom.LayerRole { return &l.Origin.Role }),
	text("origin:image", func(l *sbom.Layer) *string { return &l.Origin.Image }),
	text("origin:digest", func(l *sbom.Layer) *sbom.Digest { return &l.Origin.Digest }),
	text("origin:field", func(l *sbom.Layer) *string { return &l.Origin.Evidence.Field }),
	text("origin:technique", func(l *sbom.Layer) *sbom.Technique { return &l.Origin.Evidence.Technique }),
	float("origin:confidence", func(l *sbom.Layer) *float64 { return &l.Origin.Evidence.Confidence }),
	text("origin:value", func(l *sbom.Layer) *string { return &l.Origin.Evidence.Value }),
	text("origin:path", func(l *sbom.Layer) *string { return &l.Origin.Evidence.Location.Path }),
	layer("origin:layer", func(l *sbom.Layer) **sbom.LayerRef { return &l.Origin.Evidence.Location.Layer }),
	text("origin:detector", func(l *sbom.Layer) *string { return &l.Origin.Evidence.Detector }),
}

var gapFields = []field[sbom.Gap]{
	text("kind", func(g *sbom.Gap) *sbom.GapKind { return &g.Kind }),
	text("path", func(g *sbom.Gap) *string { return &g.Path }),
	layer("layer", func(g *sbom.Gap) **sbom.LayerRef { return &g.Layer }),
	text("component", func(g *sbom.Gap) *string { return &g.Component }),
	text("detector", func(g *sbom.Gap) *string { return &g.Detector }),
	text("message", func(g *sbom.Gap) *string { return &g.Message }),
}

var toolFields = []field[sbom.Tool]{
	text("vendor", func(t *sbom.Tool) *string { return &t.Vendor }),
	text("name", func(t *sbom.Tool) *string { return &t.Name }),
	text("version", func(t *sbom.Tool) *string { return &t.Version }),
}

var createdField = moment("created", func(inv *sbom.Inventory) *time.Time { return &inv.Created })

var fileFields = []field[sbom.File]{
	text("path", func(f *sbom.File) *string { return &f.Path }),
	layer("layer", func(f *sbom.File) **sbom.LayerRef { return &f.Layer }),
	{"mode", getMode, setMode},
	number("size", func(f *sbom.File) *int64 { return &f.Size }),
	text("kind", func(f *sbom.File) *sbom.FileKind { return &f.Kind }),
	text("owner", func(f *sbom.File) *string { return &f.Owner }),
	text("claim", func(f *sbom.File) *sbom.Claim { return &f.Claim }),
	text("integrity", func(f *sbom.File) *sbom.Integrity { return &f.Integrity }),
	text("capabilities", func(f *sbom.File) *string { return &f.Capabilities }),
	text("recorded", func(f *sbom.File) *sbom.Digest { return &f.Recorded }),
}

// The mode is Go's fs.FileMode in octal digits.
func getMode(f *sbom.File) string {
	if f.Mode == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(f.Mode), 8)
}

func setMode(f *sbom.File, s string) error {
	if s == "" {
		s = "0"
	}
	m, err := strconv.ParseUint(s, 8, 32)
	if err != nil {
		return errValue
	}
	f.Mode = fs.FileMode(m)
	return nil
}
