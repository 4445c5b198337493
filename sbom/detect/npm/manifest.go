package npm

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Limits of npm itself (name) and of what is worth keeping.
const (
	maxName     = 214
	maxVersion  = 256
	maxLicenses = 32
)

// manifest is what matters of a package.json.
type manifest struct {
	name        string // valid, or empty
	version     string // one word, or empty
	private     bool
	author      string
	description string
	licenses    []string
	hashes      []sbom.Digest
	properties  []sbom.Property
}

// object is a JSON object by its exact keys. A struct would also take "Name" for
// "name", which Node does not.
type object map[string]json.RawMessage

func parse(b []byte) (*manifest, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	m := &manifest{
		name:        o.text("name"),
		version:     oneline.Token(o.text("version"), maxVersion),
		private:     string(o["private"]) == "true",
		description: oneline.Text(o.text("description"), maxText),
		author:      person(o["author"]),
	}
	if !validName(m.name) {
		m.name = ""
	}
	m.licenses = append(statements(o["license"]), statements(o["licenses"])...)
	m.licenses = m.licenses[:min(len(m.licenses), maxLicenses)]
	m.hashes = integrity(o.text("_integrity"))
	m.property("npm:resolved", withoutUserinfo(o.text("_resolved")))
	if m.private {
		m.property("npm:private", "true")
	}
	return m, nil
}

func (m *manifest) property(name, value string) {
	if value = oneline.Text(value, maxText); value != "" {
		m.properties = append(m.properties, sbom.Property{Name: name, Value: value})
	}
}

// split returns the scope, with its "@", and the name.
func (m *manifest) split() (scope, name string) {
	if scope, name, ok := strings.Cut(m.name, "/"); ok {
		return scope, name
	}
	return "", m.name
}

// partOf reports whether the manifest, inside the package of p, is one more entry
// point of that package, and not of another one.
func (m *manifest) partOf(p place) bool {
	return p.owner != "" && (m.private && p.kind == bundled || m.name == p.name || strings.HasPrefix(m.name, p.name+"-"))
}

// text returns the string at key, empty if it is none.
func (o object) text(key string) string {
	var s string
	_ = json.Unmarshal(o[key], &s) // Anything else says nothing.
	return s
}

// person reads the forms of an author: "Name <mail> (url)" or an object.
func person(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			return ""
		}
		if s = o.text("name"); s == "" {
			s = o.text("email")
		}
	}
	if name, _, ok := strings.Cut(s, "("); ok {
		s = name
	}
	if name, _, ok := strings.Cut(s, "<"); ok && strings.TrimSpace(name) != "" {
		s = name
	}
	return oneline.Text(s, maxText)
}

// statements reads the forms of a licence: a string, an object with a type, or
// an array of both. Each element is a statement of its own: old manifests do
// not say whether "and" or "or" is meant.
func statements(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var out []string
	for _, item := range list[:min(len(list), maxLicenses)] {
		if s := statement(item); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func statement(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			return ""
		}
		for _, key := range []string{"type", "name", "url"} {
			if s = o.text(key); s != "" {
				break
			}
		}
	}
	return oneline.Text(s, 4*maxText)
}

// integrity returns the digests of a Subresource Integrity string, which npm
// before version 7 wrote into installed manifests: those of the package's archive.
func integrity(s string) []sbom.Digest {
	if len(s) > 4*maxText {
		return nil
	}
	var out []sbom.Digest
	for word := range strings.FieldsSeq(s) {
		alg, sum, _ := strings.Cut(word, "-")
		raw, err := base64.StdEncoding.DecodeString(sum)
		if err != nil {
			continue
		}
		if d, err := sbom.ParseDigest(alg + ":" + hex.EncodeToString(raw)); err == nil {
			out = append(out, d)
		}
	}
	return out
}

// withoutUserinfo drops credentials and the query, which may hold a token, from
// an address; an address that cannot be
// parsed may hold some, and is dropped.
func withoutUserinfo(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxText {
		return ""
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// validName reports whether s is a name that npm has ever accepted: one word of
// URL-safe characters, with at most a scope before it. Old packages have capitals.
func validName(s string) bool {
	if len(s) > maxName {
		return false
	}
	if strings.HasPrefix(s, "@") {
		scope, name, ok := strings.Cut(s[1:], "/")
		return ok && urlSafe(scope) && urlSafe(name)
	}
	return urlSafe(s) && s[0] != '_'
}

func urlSafe(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.~!'()*", r)) {
			return false
		}
	}
	return s != "" && s[0] != '.'
}
