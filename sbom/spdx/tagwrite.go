package spdx

import (
	"bufio"
	"strconv"
	"strings"
)

// tagWriter writes the tag-value format (SPDX 2.2 and 2.3, clauses 6 to 12).
type tagWriter struct {
	w        *bufio.Writer
	licenses []extracted
	related  bool
}

func (w *tagWriter) flush() error { return w.w.Flush() }

func (w *tagWriter) begin(h *head) {
	w.tag("SPDXVersion", h.SPDXVersion)
	w.tag("DataLicense", h.DataLicense)
	w.tag("SPDXID", h.SPDXID)
	w.tag("DocumentName", h.Name)
	w.tag("DocumentNamespace", h.Namespace)
	for _, c := range h.Creation.Creators {
		w.tag("Creator", c)
	}
	w.tag("Created", h.Creation.Created)
}

func (w *tagWriter) section(what, name string) {
	_, _ = w.w.WriteString("\n##### " + strings.TrimSpace(what+" "+name) + "\n\n")
}

// tag writes one value, which is a text where it has several lines.
func (w *tagWriter) tag(name, value string) {
	if strings.Contains(value, "\n") {
		value = "<text>" + value + "</text>"
	}
	for _, s := range []string{name, ": ", value, "\n"} {
		_, _ = w.w.WriteString(s)
	}
}

func (w *tagWriter) tags(name string, values []string) {
	for _, v := range values {
		w.tag(name, v)
	}
}

func (w *tagWriter) optional(name, value string) {
	if value != "" {
		w.tag(name, value)
	}
}

func (w *tagWriter) text(name, value string) {
	if !strings.Contains(value, "\n") {
		value = "<text>" + value + "</text>"
	}
	w.tag(name, value)
}

func (w *tagWriter) pkg(p *pkg) {
	if p.file != nil {
		w.file(p)
		return
	}
	w.section("Package:", p.Name)
	w.tag("PackageName", p.Name)
	w.tag("SPDXID", p.SPDXID)
	w.optional("PackageVersion", p.Version)
	w.optional("PackageFileName", p.FileName)
	w.optional("PackageSupplier", p.Supplier)
	w.optional("PackageOriginator", p.Originator)
	w.tag("PackageDownloadLocation", p.DownloadLocation)
	w.optional("PrimaryPackagePurpose", strings.ReplaceAll(p.Purpose, "_", "-"))
	w.optional("ReleaseDate", p.ReleaseDate)
	w.optional("BuiltDate", p.BuiltDate)
	w.optional("ValidUntilDate", p.ValidUntilDate)
	w.tag("FilesAnalyzed", strconv.FormatBool(p.FilesAnalyzed != nil && *p.FilesAnalyzed))
	if v := p.Verification; v != nil && len(v.Excluded) > 0 {
		w.tag("PackageVerificationCode", v.Value+" (excludes: "+strings.Join(v.Excluded, ", ")+")")
	} else if v != nil {
		w.tag("PackageVerificationCode", v.Value)
	}
	w.checksums("PackageChecksum", p.Checksums)
	w.optional("PackageHomePage", p.HomePage)
	w.optional("PackageSourceInfo", p.SourceInfo)
	w.tag("PackageLicenseConcluded", p.LicenseConcluded)
	w.tags("PackageLicenseInfoFromFiles", p.FromFiles)
	w.tag("PackageLicenseDeclared", p.LicenseDeclared)
	w.optional("PackageLicenseComments", p.LicenseComments)
	w.tag("PackageCopyrightText", p.Copyright)
	w.optional("PackageSummary", p.Summary)
	w.optional("PackageDescription", p.Description)
	w.optional("PackageComment", p.Comment)
	for _, r := range p.ExternalRefs {
		w.tag("ExternalRef", r.Category+" "+r.Type+" "+r.Locator)
		w.optional("ExternalRefComment", r.Comment)
	}
	w.tags("PackageAttributionText", p.Attribution)
	w.annotations(p.SPDXID, p.Annotations)
}

func (w *tagWriter) file(p *pkg) {
	w.section("File:", p.Name)
	w.tag("FileName", p.Name)
	w.tag("SPDXID", p.SPDXID)
	w.tags("FileType", p.file.Types)
	w.checksums("FileChecksum", p.Checksums)
	w.tag("LicenseConcluded", p.LicenseConcluded)
	w.tags("LicenseInfoInFile", p.file.InFile)
	w.optional("LicenseComments", p.LicenseComments)
	w.tag("FileCopyrightText", p.Copyright)
	w.optional("FileComment", p.Comment)
	w.optional("FileNotice", p.file.Notice)
	w.tags("FileContributor", p.file.Contributors)
	w.tags("FileDependency", p.file.Dependencies)
	w.tags("FileAttributionText", p.Attribution)
	w.annotations(p.SPDXID, p.Annotations)
}

func (w *tagWriter) checksums(tag string, list []checksum) {
	for _, c := range list {
		w.tag(tag, c.Algorithm+": "+c.Value)
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

func (w *tagWriter) license(x *extracted) { w.licenses = append(w.licenses, *x) }

func (w *tagWriter) relationship(r *relationship) {
	if !w.related {
		w.section("Relationships", "")
		w.related = true
	}
	w.tag("Relationship", r.From+" "+r.Type+" "+r.To)
	w.optional("RelationshipComment", r.Comment)
}

func (w *tagWriter) annotation(a *annotation) {
	w.section("Annotations", "")
	w.annotations(documentID, []annotation{*a})
}

func (w *tagWriter) end() {
	for _, l := range w.licenses {
		w.section("Licence", l.ID)
		w.tag("LicenseID", l.ID)
		w.text("ExtractedText", l.Text)
		w.optional("LicenseName", l.Name)
		w.tags("LicenseCrossReference", l.SeeAlso)
		w.optional("LicenseComment", l.Comment)
	}
}
