package python

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// Limits on the header of a metadata file. The description behind the header is
// not read.
const (
	maxHeader   = 4 << 20 // bytes; old metadata has the description in it
	maxField    = 4096    // bytes kept of a field
	maxFields   = 4096    // fields kept of one name
	maxText     = 512
	maxLicenses = 32
)

// header is the header of a metadata file (core metadata specification) by
// lower-case field names.
type header map[string][]string

// fields are those worth keeping.
var fields = map[string]bool{
	"name": true, "version": true, "summary": true, "license": true, "license-expression": true,
	"classifier": true, "author": true, "author-email": true, "maintainer": true, "maintainer-email": true,
	"requires-dist": true, "home-page": true, "project-url": true, "download-url": true,
}

func (h header) first(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// readHeader reads fields up to the first empty line, as an email header: a line
// that begins with white space continues the field before it.
func readHeader(r io.Reader) (header, error) {
	h := make(header)
	limited := &io.LimitedReader{R: r, N: maxHeader}
	br := bufio.NewReader(limited)
	name := ""
	for {
		line, err := readLine(br)
		if len(line) == 0 && err == nil {
			return h, nil
		}
		if len(line) > 0 {
			name = h.add(name, line)
		}
		if errors.Is(err, io.EOF) {
			if limited.N <= 0 {
				return h, &detect.LimitError{Path: "header", Limit: maxHeader}
			}
			return h, nil
		}
		if err != nil {
			return h, err
		}
	}
}

// readLine returns a line without its end, cut to maxField bytes.
func readLine(br *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, more, err := br.ReadLine()
		if err != nil {
			return string(line), err
		}
		line = append(line, part[:min(len(part), maxField-len(line))]...)
		if !more {
			return string(line), nil
		}
	}
}

// add takes one line and returns the name of the field that it belongs to.
func (h header) add(current, line string) string {
	if line[0] == ' ' || line[0] == '\t' {
		if v := h[current]; len(v) > 0 {
			last := &v[len(v)-1]
			if len(*last)+len(line) < maxField {
				*last += "\n" + line
			}
		}
		return current
	}
	name, value, ok := strings.Cut(line, ":")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || !fields[name] || len(h[name]) >= maxFields {
		return ""
	}
	h[name] = append(h[name], strings.TrimSpace(value))
	return name
}

func readMetadata(p place, f *detect.File) (*detect.Fragment, error) {
	return describe(p, f.Reader(), f.Path)
}

// describe turns metadata into a component. Location is the file that it is in.
func describe(p place, r io.Reader, location string) (*detect.Fragment, error) {
	h, err := readHeader(r)
	if err != nil && !errors.Is(err, detect.ErrLimit) {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	name := h.first("name")
	if !pep.ValidName(name) {
		return nil, errors.Join(fmt.Errorf("%w: no valid name", detect.ErrFormat), err)
	}
	c := detect.Component{Key: p.key(name), Aliases: []string{p.meta}}
	c.Component = sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Scope: p.scope(),
		Supplier:    supplier(h),
		Description: unknown(oneline.Text(h.first("summary"), maxText)),
		Licenses:    licenses(h, location),
		References:  references(h),
	}
	frag := &detect.Fragment{}
	setVersion(&c.Component, p, h)
	if c.Version == "" {
		frag.Gaps = []sbom.Gap{{Kind: sbom.GapIncomplete,
			Message: "neither the metadata of " + name + " nor the name of its directory states a version"}}
	}
	c.PURL = sbom.NewPURL("pypi", "", pep.Normalize(name), c.Version, nil)
	frag.Components = []detect.Component{c}
	frag.Relations = append(p.contains(c.Key), requirements(p, c.Key, h)...)
	return frag, err
}

// setVersion takes the version from the metadata, or else from the name of the
// directory, which by PEP 376 and 427 ends in it.
func setVersion(c *sbom.Component, p place, h header) {
	confidence := 1.0
	if c.Scope != sbom.ScopeInstalled {
		confidence = 0.8
	}
	evidence := func(field string, t sbom.Technique, confidence float64, value string) {
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: field, Technique: t, Confidence: confidence, Value: value})
	}
	evidence("name", sbom.TechniqueManifest, confidence, c.Name)
	if c.Version = unknown(oneline.Token(h.first("version"), 256)); c.Version != "" {
		evidence("version", sbom.TechniqueManifest, confidence, c.Version)
		return
	}
	if c.Version = stemVersion(p.stem); c.Version != "" {
		evidence("version", sbom.TechniqueFilename, 0.7*confidence, path.Base(p.meta))
	}
}

// stemVersion returns VERSION of NAME-VERSION or NAME-VERSION-pyX.Y; the name
// has its dashes escaped.
func stemVersion(stem string) string {
	_, v, _ := strings.Cut(stem, "-")
	v, _, _ = strings.Cut(v, "-py")
	if v == "" || v[0] < '0' || v[0] > '9' {
		return ""
	}
	return oneline.Token(v, 256)
}

// unknown drops the placeholder of distutils.
func unknown(s string) string {
	if strings.EqualFold(s, "UNKNOWN") {
		return ""
	}
	return s
}

// supplier is the author or the maintainer, with the mail address if one is stated. Newer
// metadata has both in the field for the address, as "Name <address>", with a comma before
// the next; the name of those that are several is that of the field for names.
func supplier(h header) string {
	for _, role := range []string{"author", "maintainer"} {
		name := unknown(oneline.Text(h.first(role), maxText))
		text := unknown(oneline.Text(h.first(role+"-email"), maxText))
		mail := text
		if before, rest, ok := strings.Cut(text, "<"); ok {
			mail, rest, _ = strings.Cut(rest, ">")
			text = strings.Trim(strings.TrimSpace(before), `"`)
			if name != "" && strings.Contains(rest, "<") {
				mail = "" // Of one of several.
			}
		}
		if name == "" {
			name = text
		}
		if s := origin.Contact(name, mail, maxText); s != "" {
			return s
		}
	}
	return ""
}

// licenses prefers the licence expression (PEP 639), which replaces the other
// fields. A License field of several lines is a text, and says no more than the
// classifiers do.
func licenses(h header, location string) []sbom.License {
	if s := oneline.Text(h.first("license-expression"), maxField); s != "" {
		return []sbom.License{license(s, location)}
	}
	var out []sbom.License
	text := h.first("license")
	for _, c := range h["classifier"] {
		if strings.HasPrefix(c, "License ::") && c != "License :: OSI Approved" && len(out) < maxLicenses {
			out = appendLicense(out, license(oneline.Text(c, maxField), location))
		}
	}
	if strings.Contains(text, "\n") && len(out) > 0 {
		return out
	}
	text, _, _ = strings.Cut(text, "\n")
	if text = unknown(oneline.Text(text, maxText)); text != "" {
		out = appendLicense(out, license(text, location))
	}
	return out
}

func license(statement, location string) sbom.License {
	l := sbom.License{Location: location}
	l.Expression, _ = spdxexpr.FromText(statement)
	if l.Expression != statement {
		l.Name = statement
	}
	return l
}

// appendLicense adds l unless its expression is there already, or it is a vague
// name beside something exact.
func appendLicense(list []sbom.License, l sbom.License) []sbom.License {
	for _, old := range list {
		if old.Expression == l.Expression && cmp.Or(l.Expression, l.Name) == cmp.Or(old.Expression, old.Name) {
			return list
		}
	}
	return append(list, l)
}

// requirements connects the distribution with those it needs in the same
// environment. Requirements for extras are left out, and those with a marker unless
// it certainly holds.
func requirements(p place, key string, h header) []detect.Relation {
	var out []detect.Relation
	env := p.markers()
	for _, text := range h["requires-dist"] {
		r, ok := pep.Parse(text)
		if ok && env.Evaluate(r.Marker) == pep.True {
			out = append(out, detect.Relation{From: key, To: p.key(r.Name), Type: sbom.DependsOn})
		}
	}
	return out
}

// markers returns what is certain about the environment. The directories of Windows
// and of Unix have different names, and images of Unix are taken for Linux.
func (p place) markers() pep.Environment {
	env := pep.Environment{"extra": ""}
	root, _, ok := p.environment()
	if !ok {
		return env
	}
	segs := strings.Split(root, "/")
	i := slices.Index(segs, "lib")
	if i < 0 || i+1 == len(segs) {
		return env
	}
	env["os_name"], env["sys_platform"], env["platform_system"] = "posix", "linux", "Linux"
	for _, implementation := range []string{"python", "pypy"} {
		if version, ok := strings.CutPrefix(segs[i+1], implementation); ok && strings.Contains(version, ".") {
			env["python_version"] = strings.TrimSuffix(version, "t") // free-threaded
		}
	}
	return env
}
