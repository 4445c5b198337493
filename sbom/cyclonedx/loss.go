package cyclonedx

import (
	"encoding/json"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// Reasons of the losses of Decode.
const (
	reasonNoPlace  = "an inventory has no place for it"
	reasonIdentity = "it identifies the document, and another one will be written"
	reasonRoot     = "an inventory has no such relationship with the image as a whole"
	reasonService  = "a service is no component"
)

// loseMetadata reports what the metadata of another tool's document say and an
// inventory does not.
func (m *mapper) loseMetadata(md *cdx.Metadata) {
	rest := *md
	rest.Timestamp, rest.Tools, rest.Component, rest.Properties = "", nil, nil, nil
	m.lose("metadata.", &rest)
	m.losses.Add("", "metadata.tools", reasonNoPlace, lostTools(md.Tools))
	if md.Component != nil {
		m.loseSubject(md.Component)
	}
}

// maxStrange is how many names that CycloneDX does not have are reported one by one.
const maxStrange = 100

// lostPart reports n elements of a part of the document.
func (m *mapper) lostPart(name string, n int) {
	if !slices.Contains(members, name) && !m.strange[name] {
		if len(m.strange) < maxStrange {
			m.strange[name] = true
		} else {
			name = "others"
		}
	}
	m.losses.Add("", name, reasonNoPlace, n)
}

// lose reports every field of v that is stated, lists by their length.
func (m *mapper) lose(prefix string, v any) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(compact(v), &fields); err != nil {
		return // compact makes an object
	}
	for name, value := range fields {
		m.losses.Add("", prefix+name, reasonNoPlace, elements(string(value)))
	}
}

// lostTools counts the tools of which more is said than vendor, name and version.
func lostTools(t *cdx.ToolsChoice) int {
	if t == nil {
		return 0
	}
	n := 0
	if t.Tools != nil {
		for _, tool := range *t.Tools {
			if tool.Hashes != nil || tool.ExternalReferences != nil {
				n++
			}
		}
	}
	if t.Components != nil {
		for i := range *t.Components {
			c := (*t.Components)[i]
			if c.Supplier == nil && c.Publisher == "" && c.Manufacturer == nil && c.Author == "" && c.Authors == nil {
				c.Group = ""
			}
			c.BOMRef, c.Type, c.Name, c.Version = "", "", "", ""
			if supplier := supplier(&c); c.Author == supplier {
				c.Author = ""
			} else if c.Publisher == supplier {
				c.Publisher = ""
			}
			c.Supplier, c.Manufacturer = keptOrganization(c.Supplier), keptOrganization(c.Manufacturer)
			if c != (cdx.Component{}) {
				n++
			}
		}
	}
	if t.Services != nil {
		for i := range *t.Services {
			s := (*t.Services)[i]
			s.BOMRef, s.Name, s.Version, s.Provider = "", "", "", keptOrganization(s.Provider)
			if s != (cdx.Service{}) {
				n++
			}
		}
	}
	return n
}

// loseSubject reports what is said about the image and a subject does not say.
func (m *mapper) loseSubject(c *cdx.Component) {
	rest := *c
	rest.BOMRef, rest.Name, rest.Components, rest.Properties = "", "", nil, nil
	s := &m.inv.Subject
	if d, err := sbom.ParseDigest(c.Version); err == nil && d == s.Digest {
		rest.Version = ""
	}
	if d, _ := document.ParseSubjectPURL(c.PackageURL); d != "" && d == s.Digest {
		rest.PackageURL = ""
	}
	if c.Hashes != nil && len(*c.Hashes) == 1 {
		if d, ok := digest((*c.Hashes)[0]); ok && d == s.Digest {
			rest.Hashes = nil
		}
	}
	typ := rest.Type
	rest.Type = ""
	for _, p := range jsonFields(&rest) {
		m.losses.Add("", "subject."+strings.TrimPrefix(p.Name, keptPrefix), reasonNoPlace, elements(p.Value))
	}
	if typ != cdx.ComponentTypeContainer && typ != cdx.ComponentTypeFile {
		m.losses.Add("", "subject.type", reasonNoPlace, 1)
	}
}

// elements is the length of a JSON list, and 1 for anything else.
func elements(value string) int {
	var list []json.RawMessage
	if strings.HasPrefix(value, "[") && json.Unmarshal([]byte(value), &list) == nil {
		return len(list)
	}
	return 1
}
