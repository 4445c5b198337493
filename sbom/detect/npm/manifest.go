package npm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
)

// Limits of what is worth keeping.
const (
	maxLicenses     = 32
	maxDependencies = 2000 // the packages that depend on the most name about 1,000
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
	references  []sbom.Reference
	// dependencies are the names by which the package loads others.
	dependencies []string
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
		version:     oneline.Token(o.text("version"), node.MaxVersion),
		private:     string(o["private"]) == "true",
		description: oneline.Text(o.text("description"), maxText),
		author:      person(o["author"]),
	}
	if !node.ValidName(m.name) {
		m.name = ""
	}
	m.licenses = append(statements(o["license"]), statements(o["licenses"])...)
	m.licenses = m.licenses[:min(len(m.licenses), maxLicenses)]
	// npm before version 7 wrote where it took a package from into its manifest.
	m.hashes = node.Digests(o.text("_integrity"))
	m.references = o.references()
	m.properties = (&node.Package{Resolved: o.text("_resolved")}).Properties()
	m.dependencies = o.dependencies()
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

// dependencies returns the names in the maps of dependencies, without those for
// development.
func (o object) dependencies() []string {
	var names []string
	for _, key := range []string{"dependencies", "optionalDependencies", "peerDependencies"} {
		var deps object
		_ = json.Unmarshal(o[key], &deps) // Anything else names none.
		for _, name := range slices.Sorted(maps.Keys(deps)) {
			if node.ValidName(name) && len(names) < maxDependencies {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// person reads the forms of an author: "Name <mail> (url)" or an object.
func person(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var o object
		_ = json.Unmarshal(raw, &o) // Anything else names nobody.
		return origin.Contact(o.text("name"), o.text("email"), maxText)
	}
	s, _, _ = strings.Cut(s, "(")
	name, mail, _ := strings.Cut(s, "<")
	mail, _, _ = strings.Cut(mail, ">")
	return origin.Contact(name, mail, maxText)
}

// references returns the home page, the source repository, the issue tracker and, as npm
// wrote it before version 7, the archive.
func (o object) references() []sbom.Reference {
	refs := origin.Refer(nil, origin.Website, o.text("homepage"))
	refs = origin.Refer(refs, origin.VCS, hosted(o.textOr("repository", "url")))
	refs = origin.Refer(refs, origin.IssueTracker, o.textOr("bugs", "url"))
	for _, r := range (&node.Package{Resolved: o.text("_resolved")}).References() {
		refs = origin.Refer(refs, r.Type, r.URL)
	}
	return refs
}

// textOr returns the string at key, or that at field of the object there.
func (o object) textOr(key, field string) string {
	if s := o.text(key); s != "" {
		return s
	}
	var sub object
	_ = json.Unmarshal(o[key], &sub) // Anything else says nothing.
	return sub.text(field)
}

// hosted writes OWNER/NAME, which npm takes for a repository on GitHub, so that it is told
// from a path.
func hosted(repository string) string {
	owner, name, ok := strings.Cut(repository, "/")
	if !ok || owner == "" || name == "" || strings.ContainsAny(owner, ":.@") || strings.ContainsAny(name, "/:") {
		return repository
	}
	return "github:" + repository
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
