package cyclonedx

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// keptPrefix begins the names of properties that hold what a document says about
// a component in fields that components of an inventory do not have. The name of
// the field in CycloneDX JSON follows. Values are JSON, or the text itself where
// the field is one. Encode writes them as the fields again where it can vouch
// that the result is valid, and as properties otherwise: they are never lost.
const keptPrefix = "cyclonedx:"

// dependencyOf is the kept property of components that the image itself is said
// to depend on.
const dependencyOf = keptPrefix + "dependencyOf"

// kept returns what in says in such fields.
func kept(in *cdx.Component) []sbom.Property {
	rest := *in
	rest.BOMRef, rest.Type, rest.Group, rest.Name, rest.Version, rest.Description = "", "", "", "", "", ""
	rest.Copyright, rest.CPE, rest.PackageURL = "", "", ""
	rest.Properties, rest.Components = nil, nil
	if rest.Scope == cdx.ScopeExcluded {
		rest.Scope = ""
	}
	rest.Supplier = keptOrganization(in.Supplier)
	rest.Hashes = keptHashes(in.Hashes)
	rest.Licenses = keptLicenses(in.Licenses)
	rest.ExternalReferences = keptReferences(in.ExternalReferences)
	rest.Evidence = keptEvidence(in.Evidence)
	if rest == (cdx.Component{}) {
		return nil
	}
	return jsonFields(&rest)
}

// jsonFields returns the fields of a component without type and name.
func jsonFields(c *cdx.Component) []sbom.Property {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(compact(c), &fields); err != nil {
		return nil // compact makes an object
	}
	delete(fields, "type")
	delete(fields, "name")
	props := make([]sbom.Property, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := string(fields[name])
		if strings.HasPrefix(value, `"`) {
			var text string
			if err := json.Unmarshal(fields[name], &text); err == nil {
				value = text
			}
		}
		props = append(props, sbom.Property{Name: keptPrefix + name, Value: value})
	}
	return props
}

// compact returns v as JSON on one line. What cannot be written is nothing.
func compact(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func keptOrganization(in *cdx.OrganizationalEntity) *cdx.OrganizationalEntity {
	if in == nil || *in == (cdx.OrganizationalEntity{Name: in.Name}) {
		return nil
	}
	return in
}

// keptHashes are those that are no sbom.Digest.
func keptHashes(in *[]cdx.Hash) *[]cdx.Hash {
	if in == nil {
		return nil
	}
	var out []cdx.Hash
	for _, h := range *in {
		if _, ok := digest(h); !ok {
			out = append(out, h)
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

// keptLicenses are all, if one of them says more than a name.
func keptLicenses(in *cdx.Licenses) *cdx.Licenses {
	if in == nil {
		return nil
	}
	for _, c := range *in {
		switch l := c.License; {
		case c.ExpressionDetails != nil, c.BOMRef != "", c.Licensing != nil, c.Properties != nil:
			return in
		case l == nil:
		case c.Expression != "", l.ID != "" && l.Name != "":
			return in
		case *l != cdx.License{ID: l.ID, Name: l.Name, Acknowledgement: l.Acknowledgement}:
			return in
		}
	}
	return nil
}

// keptFound are all licences of the evidence, if one of them says more than a name.
func keptFound(in *cdx.Licenses) *cdx.Licenses {
	if out := keptLicenses(in); in == nil || out != nil {
		return out
	}
	for _, c := range *in {
		if c.Acknowledgement != nil || c.License != nil && c.License.Acknowledgement != "" {
			return in
		}
	}
	return nil
}

// keptReferences are all, if one of them has what a sbom.Reference has not.
func keptReferences(in *[]cdx.ExternalReference) *[]cdx.ExternalReference {
	if in == nil {
		return nil
	}
	for i := range *in {
		if r := &(*in)[i]; r.Properties != nil || keptHashes(r.Hashes) != nil {
			return in
		}
	}
	return nil
}

func keptEvidence(in *cdx.Evidence) *cdx.Evidence {
	if in == nil {
		return nil
	}
	rest := cdx.Evidence{Callstack: in.Callstack, Licenses: keptFound(in.Licenses), Copyright: in.Copyright}
	if in.Occurrences != nil {
		for _, o := range *in.Occurrences {
			if strings.HasPrefix(o.AdditionalContext, layerContext) {
				o.AdditionalContext = ""
			}
			if o != (cdx.EvidenceOccurrence{Location: o.Location}) {
				rest.Occurrences = in.Occurrences
			}
		}
	}
	for _, id := range identityList(in.Identity) {
		if id.Tools != nil || id.Methods != nil && (id.ConcludedValue != "" || widen(id.Confidence) != surest(*id.Methods)) {
			rest.Identity = in.Identity
		}
	}
	if rest == (cdx.Evidence{}) {
		return nil
	}
	return &rest
}

// surest returns the highest confidence of the methods, which is what Encode
// writes as that of the identity.
func surest(methods []cdx.EvidenceIdentityMethod) float64 {
	most := 0.0
	for _, m := range methods {
		most = max(most, widen(m.Confidence))
	}
	return most
}

func identityList(in *cdx.EvidenceIdentityChoice) []cdx.EvidenceIdentity {
	switch {
	case in == nil:
		return nil
	case in.Identity != nil:
		return []cdx.EvidenceIdentity{*in.Identity}
	case in.Identities != nil:
		return *in.Identities
	}
	return nil
}
