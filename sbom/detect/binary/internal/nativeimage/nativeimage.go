// Package nativeimage reads the SBOM that GraalVM's native-image puts into a program: a
// CycloneDX document, compressed by gzip, at the symbol "sbom", whose length is at the
// symbol "sbom_length" (GraalVM, "Software Bill of Materials in Native Image").
package nativeimage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/internal/inflate"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Rule is how the packages were found.
const Rule = "native-image-sbom"

// Sign is in the table of names of every program with an SBOM.
const Sign = "sbom_length"

// Limits, in bytes.
const (
	maxCompressed = 8 << 20
	maxDocument   = 16 << 20
)

// Read reads the SBOM of a program, nil if it has none.
func Read(file payload.Source) *payload.Payload {
	at, size, err := locate(file)
	if err == nil && size == 0 {
		return nil
	}
	p := &payload.Payload{Kind: "native-image SBOM", Tool: "GraalVM native image", Offset: at, Size: size}
	if err != nil {
		p.Err = err
		return p
	}
	b, err := file.Bytes(at, size, maxCompressed)
	if err != nil {
		p.Err = err
		return p
	}
	doc, err := expand(b)
	if err != nil {
		p.Err = err
		return p
	}
	var set payload.Set
	p.Err = components(doc, at, &set)
	set.Tell(p)
	return p
}

func expand(b []byte) ([]byte, error) {
	z := inflate.NewGzipReader(bytes.NewReader(b))
	defer z.Close()
	doc, err := io.ReadAll(io.LimitReader(z, maxDocument+1))
	switch {
	case len(doc) > maxDocument:
		return nil, &detect.LimitError{Path: "SBOM", Limit: maxDocument}
	case err != nil:
		return nil, fmt.Errorf("%w: SBOM: %v", detect.ErrFormat, err)
	}
	return doc, nil
}

// component is a component of CycloneDX, as far as it identifies software.
type component struct {
	Type, Group, Name, Version, PURL string
	Licenses                         json.RawMessage
}

// components reads the document, a component at a time: a list of millions of them needs no
// more memory than the document.
func components(doc []byte, at int64, set *payload.Set) error {
	dec := payload.NewDecoder(bytes.NewReader(doc), maxDocument)
	malformed := fmt.Errorf("%w: the SBOM is no CycloneDX document", detect.ErrFormat)
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return malformed
	}
	var format string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return malformed
		}
		switch key {
		case "bomFormat":
			err = dec.Decode(&format)
		case "metadata":
			var m struct{ Component *component }
			if err = dec.Decode(&m); err == nil && m.Component != nil {
				add(m.Component, at, true, set)
			}
		case "components":
			err = list(dec, at, set)
		default:
			err = payload.SkipValue(dec)
		}
		if errors.Is(err, detect.ErrLimit) {
			return err
		}
		if err != nil {
			return malformed
		}
	}
	if format != "CycloneDX" {
		return malformed
	}
	return nil
}

// list reads the components.
func list(dec *json.Decoder, at int64, set *payload.Set) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return fmt.Errorf("no list: %v", t)
	}
	for dec.More() {
		var c component
		if err := dec.Decode(&c); err != nil {
			return err
		}
		add(&c, at, false, set)
	}
	_, err := dec.Token()
	return err
}

// add adds a component: by its package URL, or else as an artifact of Maven if it has
// a group.
func add(c *component, at int64, own bool, set *payload.Set) {
	p := payload.Package{Type: "generic", Name: oneline.Token(c.Name, payload.MaxName), Version: oneline.Token(c.Version, payload.MaxName), Own: own, Offset: at, Rule: Rule}
	if group := oneline.Token(c.Group, payload.MaxName); group != "" && p.Name != "" {
		p.Type, p.Name = "maven", group+"/"+p.Name
	}
	if u, err := packageurl.FromString(c.PURL); err == nil && u.Name != "" {
		p.Type, p.Name = u.Type, oneline.Token(u.Name, payload.MaxName)
		if u.Namespace != "" {
			p.Name = oneline.Token(u.Namespace+"/"+u.Name, payload.MaxName)
		}
		if u.Version != "" {
			p.Version = oneline.Token(u.Version, payload.MaxName)
		}
	}
	p.License = licence(c.Licenses)
	p.Text = `"name": "` + oneline.Text(c.Name, payload.MaxName) + `", "version": "` + oneline.Text(c.Version, payload.MaxName) + `"`
	set.Add(p)
}

// maxLicences is how many statements are looked at.
const maxLicences = 32

// licence returns the first licence of a list that says something.
func licence(list []byte) string {
	dec := json.NewDecoder(bytes.NewReader(list))
	_, _ = dec.Token()
	for n := 0; n < maxLicences && dec.More(); n++ {
		var l struct {
			License    struct{ ID, Name string }
			Expression string
		}
		if dec.Decode(&l) != nil {
			break
		}
		for _, text := range []string{l.Expression, l.License.ID, l.License.Name} {
			if text = oneline.Text(text, payload.MaxName); text != "" {
				return text
			}
		}
	}
	return ""
}
