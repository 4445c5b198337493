package spdx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

// tagReader reads the tag-value format. A tag belongs to the element whose first
// tag came last.
type tagReader struct {
	limits   document.Limits
	in       *bufio.Reader
	read     int64 // bytes
	doc      *doc
	line     int
	pkg      *pkg
	file     *pkg
	snippet  bool
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

func readTagValue(in *bufio.Reader, limits document.Limits) (*doc, error) {
	r := &tagReader{limits: limits, in: in, doc: &doc{}}
	for {
		line, err := r.next()
		if err == io.EOF {
			break
		}
		tag, value := "", ""
		if err == nil {
			tag, value, err = r.split(line)
		}
		if err == nil && tag != "" {
			err = r.set(tag, value)
		}
		if err != nil {
			return nil, err
		}
	}
	r.finishNote()
	if err := checkVersion(formatTag, r.doc.SPDXVersion); err != nil {
		return nil, err
	}
	r.attach()
	return r.doc, nil
}

// next returns the next line without its end.
func (r *tagReader) next() (string, error) {
	var long []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if r.read += int64(len(part)); r.read > r.limits.Bytes {
			r.line++
			return "", r.fail(ErrLimit, fmt.Sprintf("longer than %d bytes", r.limits.Bytes))
		}
		switch {
		case err == nil || err == io.EOF && len(part)+len(long) > 0:
			r.line++
			if long != nil {
				part = append(long, part...)
			}
			return strings.TrimRight(string(part), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if err != io.EOF {
				err = &DecodeError{Format: formatTag, Line: r.line, Offset: r.read, Err: err}
			}
			return "", err
		}
		long = append(long, part...)
	}
}

// split returns the tag and the value of a line, and of those after it if a text goes
// on there.
func (r *tagReader) split(line string) (tag, value string, err error) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' {
		return "", "", nil
	}
	tag, value, ok := strings.Cut(trimmed, ":")
	if !ok {
		return "", "", r.fail(ErrFormat, "a line is neither a tag nor a comment")
	}
	value = strings.TrimSpace(value)
	if text, ok := strings.CutPrefix(value, "<text>"); ok {
		value, err = r.text(text)
	}
	return tag, value, err
}

// text reads up to the end of a text. What follows the end on its line is not part
// of anything, and a loss.
func (r *tagReader) text(first string) (string, error) {
	before, behind, ok := strings.Cut(first, "</text>")
	if ok {
		r.loseBehind(behind)
		return before, nil
	}
	start := r.line
	var b strings.Builder
	b.WriteString(first)
	for {
		line, err := r.next()
		if err == io.EOF {
			r.line = start
			return "", r.fail(ErrFormat, "a text has no end")
		}
		if err != nil {
			return "", err
		}
		b.WriteByte('\n')
		before, behind, ok := strings.Cut(line, "</text>")
		b.WriteString(before)
		if ok {
			r.loseBehind(behind)
			return b.String(), nil
		}
	}
}

func (r *tagReader) loseBehind(text string) {
	if strings.TrimSpace(text) != "" {
		r.doc.lost.Add("", "</text>", reasonBehind, 1)
	}
}

func (r *tagReader) fail(err error, detail string) error {
	return &DecodeError{Format: formatTag, Line: r.line, Err: err, Detail: detail}
}

func (r *tagReader) at() string { return "line " + strconv.Itoa(r.line) }

// set stores one value where the tag and what came before it say.
func (r *tagReader) set(tag, value string) error {
	switch tag {
	case "PackageName", "FileName", "LicenseID", "Annotator", "Relationship", "SnippetSPDXID", "SnippetSPDXIdentifier", "Reviewer":
		return r.begin(tag, value)
	}
	known := true
	switch {
	case strings.HasPrefix(tag, "Annotation") || tag == "SPDXREF":
		r.annotationTag(tag, value)
	case tag == "RelationshipComment":
		if r.relation != nil {
			r.relation.Comment = value
		}
	case r.snippet: // counted already
	case r.license != nil && r.licenseTag(tag, value):
	case r.file != nil:
		known = r.fileTag(tag, value)
	case r.pkg != nil:
		known = r.packageTag(tag, value)
	default:
		known = r.documentTag(tag, value)
	}
	if !known {
		r.doc.lost.Add("", tag, reasonUnknown, 1)
	}
	return nil
}

// begin starts a new element.
func (r *tagReader) begin(tag, value string) error {
	if len(r.doc.Packages) >= r.limits.Items && (tag == "PackageName" || tag == "FileName") {
		return r.fail(ErrLimit, fmt.Sprintf("more than %d packages and files", r.limits.Items))
	}
	d := r.doc
	switch tag {
	case "PackageName":
		r.file, r.license, r.snippet = nil, nil, false
		d.Packages = append(d.Packages, pkg{Name: value, at: r.at()})
		r.pkg = &d.Packages[len(d.Packages)-1]
	case "FileName":
		r.license, r.snippet = nil, false
		f := file{Name: value}
		d.Packages = append(d.Packages, f.pkg())
		r.file = &d.Packages[len(d.Packages)-1]
		r.file.at = r.at()
	case "LicenseID":
		r.snippet = false
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
	case "Reviewer":
		r.pkg, r.file, r.license, r.snippet = nil, nil, nil, true
		d.lost.Add("", "revieweds", reasonClass, 1)
	default:
		r.pkg, r.file, r.license, r.snippet = nil, nil, nil, true
		d.lost.Add("", "snippets", reasonClass, 1)
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
		p := &r.doc.Packages[i]
		p.normal()
		if packages[p.SPDXID] == nil {
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

func (r *tagReader) licenseTag(tag, value string) bool {
	switch tag {
	case "ExtractedText":
		r.license.Text = value
	case "LicenseName":
		r.license.Name = value
	case "LicenseComment":
		r.license.Comment = value
	case "LicenseCrossReference":
		r.license.SeeAlso = append(r.license.SeeAlso, value)
	default:
		return false
	}
	return true
}

func (r *tagReader) documentTag(tag, value string) bool {
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
	case "CreatorComment":
		d.Creation.Comment = value
	case "LicenseListVersion":
		d.Creation.LicenseListVersion = value
	case "DocumentComment":
		d.lost.Add("", "comment", reasonDocument, 1)
	case "ExternalDocumentRef":
		d.lost.Add("", "externalDocumentRefs", reasonClass, 1)
	default:
		return false
	}
	return true
}
