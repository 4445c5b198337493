package spdx

import (
	"bytes"
	"strings"
)

// writeTagValue writes the tag-value format (SPDX 2.3, clauses 6 to 12).
func writeTagValue(d *doc, _ *Options) ([]byte, error) {
	w := &tagWriter{}
	w.tag("SPDXVersion", d.SPDXVersion)
	w.tag("DataLicense", d.DataLicense)
	w.tag("SPDXID", d.SPDXID)
	w.tag("DocumentName", d.Name)
	w.tag("DocumentNamespace", d.Namespace)
	for _, c := range d.Creation.Creators {
		w.tag("Creator", c)
	}
	w.tag("Created", d.Creation.Created)
	for i := range d.Packages {
		w.pkg(&d.Packages[i])
	}
	for _, l := range d.Licenses {
		w.section("Licence", l.ID)
		w.tag("LicenseID", l.ID)
		w.text("ExtractedText", l.Text)
		w.optional("LicenseName", l.Name)
	}
	w.section("Relationships", "")
	for _, r := range d.Relationships {
		w.tag("Relationship", r.From+" "+r.Type+" "+r.To)
		w.optional("RelationshipComment", r.Comment)
	}
	w.section("Annotations", "")
	for i := range d.Packages {
		w.annotations(d.Packages[i].SPDXID, d.Packages[i].Annotations)
	}
	w.annotations(d.SPDXID, d.Annotations)
	return w.b.Bytes(), nil
}

type tagWriter struct{ b bytes.Buffer }

func (w *tagWriter) section(what, name string) {
	w.b.WriteString("\n##### " + strings.TrimSpace(what+" "+name) + "\n\n")
}

func (w *tagWriter) tag(name, value string) { w.b.WriteString(name + ": " + value + "\n") }

func (w *tagWriter) optional(name, value string) {
	if value != "" {
		w.tag(name, value)
	}
}

func (w *tagWriter) text(name, value string) { w.tag(name, "<text>"+value+"</text>") }

func (w *tagWriter) pkg(p *pkg) {
	w.section("Package:", p.Name)
	w.tag("PackageName", p.Name)
	w.tag("SPDXID", p.SPDXID)
	w.optional("PackageVersion", p.Version)
	w.optional("PackageSupplier", p.Supplier)
	w.tag("PackageDownloadLocation", p.DownloadLocation)
	w.optional("PrimaryPackagePurpose", strings.ReplaceAll(p.Purpose, "_", "-"))
	w.tag("FilesAnalyzed", "false")
	for _, c := range p.Checksums {
		w.tag("PackageChecksum", c.Algorithm+": "+c.Value)
	}
	w.optional("PackageSourceInfo", p.SourceInfo)
	w.tag("PackageLicenseConcluded", p.LicenseConcluded)
	w.tag("PackageLicenseDeclared", p.LicenseDeclared)
	w.tag("PackageCopyrightText", p.Copyright)
	w.optional("PackageDescription", p.Description)
	for _, r := range p.ExternalRefs {
		w.tag("ExternalRef", r.Category+" "+r.Type+" "+r.Locator)
	}
}

func (w *tagWriter) annotations(id string, list []annotation) {
	for _, a := range list {
		w.tag("Annotator", a.Annotator)
		w.tag("AnnotationDate", a.Date)
		w.tag("AnnotationType", a.Type)
		w.tag("SPDXREF", id)
		w.text("AnnotationComment", a.Comment)
	}
}
