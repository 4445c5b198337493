package spdx

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

// tagReader reads the tag-value format. A tag belongs to the element whose first
// tag came last.
type tagReader struct {
	limits   document.Limits
	doc      *doc
	line     int
	pkg      *pkg
	file     *file
	note     *annotation
	noteOn   string // SPDX identifier that note is about
	notes    []note
	relation *relationship
	license  *extracted
}

type note struct {
	on string
	annotation
}

func readTagValue(text []byte, limits document.Limits) (*doc, error) {
	r := &tagReader{limits: limits, doc: &doc{}}
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		r.line++
		tag, value, skip, err := r.split(strings.TrimRight(string(line), "\r"), rest)
		if err == nil && tag != "" {
			err = r.set(tag, value)
		}
		if err != nil {
			return nil, err
		}
		r.line += bytes.Count(rest[:skip], []byte("\n"))
		text = rest[skip:]
	}
	r.finishNote()
	if err := checkVersion(formatTag, r.doc.SPDXVersion); err != nil {
		return nil, err
	}
	r.attach()
	return r.doc, nil
}

// split returns the tag and the value of one line. A text that goes on in the
// next lines takes skip bytes of them.
func (r *tagReader) split(line string, rest []byte) (tag, value string, skip int, err error) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' {
		return "", "", 0, nil
	}
	tag, value, ok := strings.Cut(trimmed, ":")
	if !ok {
		return "", "", 0, r.fail(ErrFormat, "a line is neither a tag nor a comment")
	}
	value = strings.TrimSpace(value)
	text, ok := strings.CutPrefix(value, "<text>")
	if !ok {
		return tag, value, 0, nil
	}
	if before, _, ok := strings.Cut(text, "</text>"); ok {
		return tag, before, 0, nil
	}
	end := bytes.Index(rest, []byte("</text>"))
	if end < 0 {
		return "", "", 0, r.fail(ErrFormat, "a text has no end")
	}
	// What follows the end on its line is not part of anything.
	skip = end + len("</text>")
	if eol := bytes.IndexByte(rest[skip:], '\n'); eol >= 0 {
		skip += eol + 1
	} else {
		skip = len(rest)
	}
	return tag, text + "\n" + strings.ReplaceAll(string(rest[:end]), "\r\n", "\n"), skip, nil
}

func (r *tagReader) fail(err error, detail string) error {
	return &DecodeError{Format: formatTag, Line: r.line, Err: err, Detail: detail}
}

func (r *tagReader) at() string { return "line " + strconv.Itoa(r.line) }

// set stores one value where the tag and what came before it say.
func (r *tagReader) set(tag, value string) error {
	switch tag {
	case "PackageName", "FileName", "LicenseID", "Annotator", "Relationship", "SnippetSPDXID", "Reviewer":
		return r.begin(tag, value)
	}
	switch {
	case strings.HasPrefix(tag, "Annotation") || tag == "SPDXREF":
		r.annotationTag(tag, value)
	case tag == "RelationshipComment":
		if r.relation != nil {
			r.relation.Comment = value
		}
	case r.license != nil && (tag == "ExtractedText" || tag == "LicenseName"):
		if tag == "ExtractedText" {
			r.license.Text = value
		} else {
			r.license.Name = value
		}
	case r.file != nil:
		r.fileTag(tag, value)
	case r.pkg != nil:
		r.packageTag(tag, value)
	default:
		r.documentTag(tag, value)
	}
	return nil
}

// begin starts a new element.
func (r *tagReader) begin(tag, value string) error {
	if len(r.doc.Packages)+len(r.doc.Files) >= r.limits.Items && (tag == "PackageName" || tag == "FileName") {
		return r.fail(ErrLimit, fmt.Sprintf("more than %d packages and files", r.limits.Items))
	}
	d := r.doc
	switch tag {
	case "PackageName":
		r.file, r.license = nil, nil
		d.Packages = append(d.Packages, pkg{Name: value, at: r.at()})
		r.pkg = &d.Packages[len(d.Packages)-1]
	case "FileName":
		r.license = nil
		d.Files = append(d.Files, file{Name: value, at: r.at()})
		r.file = &d.Files[len(d.Files)-1]
	case "LicenseID":
		d.Licenses = append(d.Licenses, extracted{ID: value})
		r.license = &d.Licenses[len(d.Licenses)-1]
	case "Annotator":
		r.finishNote()
		r.note = &annotation{Annotator: value}
	case "Relationship":
		parts := strings.Fields(value)
		if len(parts) != 3 {
			return r.fail(ErrFormat, fmt.Sprintf("relationship %.100q", value))
		}
		d.Relationships = append(d.Relationships, relationship{From: parts[0], Type: parts[1], To: parts[2]})
		r.relation = &d.Relationships[len(d.Relationships)-1]
	default: // snippets and reviews are not read
		r.pkg, r.file, r.license = nil, &file{}, nil
	}
	return nil
}

func (r *tagReader) annotationTag(tag, value string) {
	if r.note == nil {
		return
	}
	switch tag {
	case "AnnotationDate":
		r.note.Date = value
	case "AnnotationType":
		r.note.Type = value
	case "AnnotationComment":
		r.note.Comment = value
	case "SPDXREF":
		r.noteOn = value
	}
}

func (r *tagReader) finishNote() {
	if r.note != nil {
		r.notes = append(r.notes, note{r.noteOn, *r.note})
	}
	r.note, r.noteOn = nil, ""
}

// attach gives the annotations to what they are about. One about something that
// is not there is kept with the document.
func (r *tagReader) attach() {
	packages := make(map[string]*pkg, len(r.doc.Packages))
	for i := range r.doc.Packages {
		if p := &r.doc.Packages[i]; packages[p.SPDXID] == nil {
			packages[p.SPDXID] = p
		}
	}
	for _, n := range r.notes {
		if p := packages[n.on]; p != nil {
			p.Annotations = append(p.Annotations, n.annotation)
		} else {
			r.doc.Annotations = append(r.doc.Annotations, n.annotation)
		}
	}
}

func (r *tagReader) documentTag(tag, value string) {
	d := r.doc
	switch tag {
	case "SPDXVersion":
		d.SPDXVersion = value
	case "DataLicense":
		d.DataLicense = value
	case "SPDXID":
		d.SPDXID = value
	case "DocumentName":
		d.Name = value
	case "DocumentNamespace":
		d.Namespace = value
	case "Creator":
		d.Creation.Creators = append(d.Creation.Creators, value)
	case "Created":
		d.Creation.Created = value
	}
}

func (r *tagReader) packageTag(tag, value string) {
	p := r.pkg
	switch tag {
	case "SPDXID":
		p.SPDXID = value
	case "PackageVersion":
		p.Version = value
	case "PackageSupplier":
		p.Supplier = value
	case "PackageOriginator":
		p.Originator = value
	case "PrimaryPackagePurpose":
		p.Purpose = strings.ReplaceAll(value, "-", "_")
	case "PackageChecksum":
		p.Checksums = append(p.Checksums, parseChecksum(value))
	case "PackageSourceInfo":
		p.SourceInfo = value
	case "PackageLicenseConcluded":
		p.LicenseConcluded = value
	case "PackageLicenseDeclared":
		p.LicenseDeclared = value
	case "PackageSummary":
		p.Summary = value
	case "PackageDescription":
		p.Description = value
	case "PackageAttributionText":
		p.Attribution = append(p.Attribution, value)
	case "ExternalRef":
		if parts := strings.Fields(value); len(parts) == 3 {
			p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: parts[0], Type: parts[1], Locator: parts[2]})
		}
	}
}

func (r *tagReader) fileTag(tag, value string) {
	switch tag {
	case "SPDXID":
		r.file.SPDXID = value
	case "FileChecksum":
		r.file.Checksums = append(r.file.Checksums, parseChecksum(value))
	case "FileComment":
		r.file.Comment = value
	}
}

func parseChecksum(s string) checksum {
	alg, value, _ := strings.Cut(s, ":")
	return checksum{Algorithm: strings.TrimSpace(alg), Value: strings.TrimSpace(value)}
}
