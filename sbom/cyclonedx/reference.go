package cyclonedx

import (
	"net/url"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// referenceTypes says since which version each type of external references is.
// TestReferenceTypes compares it with the official schemas.
var referenceTypes = map[string]cdx.SpecVersion{
	"advisories": cdx.SpecVersion1_4, "bom": cdx.SpecVersion1_4, "build-meta": cdx.SpecVersion1_4, "build-system": cdx.SpecVersion1_4,
	"chat": cdx.SpecVersion1_4, "distribution": cdx.SpecVersion1_4, "documentation": cdx.SpecVersion1_4, "issue-tracker": cdx.SpecVersion1_4,
	"license": cdx.SpecVersion1_4, "mailing-list": cdx.SpecVersion1_4, "other": cdx.SpecVersion1_4, "release-notes": cdx.SpecVersion1_4,
	"social": cdx.SpecVersion1_4, "support": cdx.SpecVersion1_4, "vcs": cdx.SpecVersion1_4, "website": cdx.SpecVersion1_4,
	"adversary-model": cdx.SpecVersion1_5, "attestation": cdx.SpecVersion1_5, "certification-report": cdx.SpecVersion1_5,
	"codified-infrastructure": cdx.SpecVersion1_5, "component-analysis-report": cdx.SpecVersion1_5, "configuration": cdx.SpecVersion1_5,
	"distribution-intake": cdx.SpecVersion1_5, "dynamic-analysis-report": cdx.SpecVersion1_5, "evidence": cdx.SpecVersion1_5,
	"exploitability-statement": cdx.SpecVersion1_5, "formulation": cdx.SpecVersion1_5, "log": cdx.SpecVersion1_5,
	"maturity-report": cdx.SpecVersion1_5, "model-card": cdx.SpecVersion1_5, "pentest-report": cdx.SpecVersion1_5, "poam": cdx.SpecVersion1_5,
	"quality-metrics": cdx.SpecVersion1_5, "risk-assessment": cdx.SpecVersion1_5, "runtime-analysis-report": cdx.SpecVersion1_5,
	"security-contact": cdx.SpecVersion1_5, "static-analysis-report": cdx.SpecVersion1_5, "threat-model": cdx.SpecVersion1_5,
	"vulnerability-assertion": cdx.SpecVersion1_5,
	"digital-signature":       cdx.SpecVersion1_6, "electronic-signature": cdx.SpecVersion1_6, "rfc-9116": cdx.SpecVersion1_6,
	"source-distribution": cdx.SpecVersion1_6,
	"citation":            cdx.SpecVersion1_7, "patent": cdx.SpecVersion1_7, "patent-assertion": cdx.SpecVersion1_7, "patent-family": cdx.SpecVersion1_7,
}

func (e *encoder) goodReferenceType(typ string) bool {
	since, ok := referenceTypes[typ]
	return ok && e.version >= since
}

// references writes all references. What a version has no type for is of type
// "other", and what is no IRI is escaped; the overlay has what they were.
func (e *encoder) references(in []sbom.Reference) *[]cdx.ExternalReference {
	if len(in) == 0 {
		return nil
	}
	out := make([]cdx.ExternalReference, len(in))
	for i := range in {
		r := &in[i]
		out[i] = cdx.ExternalReference{
			Type: cdx.ERTypeOther, URL: iri(r.URL), Comment: document.Clean(r.Comment), Hashes: hashes(r.Hashes),
		}
		if e.goodReferenceType(r.Type) {
			out[i].Type = cdx.ExternalReferenceType(r.Type)
		}
	}
	return &out
}

func mapReferences(in *[]cdx.ExternalReference) []sbom.Reference {
	if in == nil || len(*in) == 0 {
		return nil
	}
	out := make([]sbom.Reference, len(*in))
	for i := range *in {
		r := &(*in)[i]
		out[i] = sbom.Reference{Type: string(r.Type), URL: r.URL, Comment: r.Comment, Hashes: digests(r.Hashes)}
	}
	return out
}

// goodIRI reports whether all validators take s for a reference (RFC 3987): it
// has neither spaces nor delimiters, and its escapes are whole.
func goodIRI(s string) bool {
	if s == "" || !document.Plain(s) || strings.ContainsAny(s, " \t\"<>\\^`{|}[]") || strings.Count(s, "#") > 1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && !strings.Contains(u.Host, "%") && goodPort(u) && (u.User == nil || strings.Count(s, "@") == 1)
}

// goodPort reports whether no colon in the host is without a port.
func goodPort(u *url.URL) bool {
	_, port, colon := strings.Cut(u.Host, ":")
	return !colon || u.Port() != "" && u.Port() == port && len(port) <= 5
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// iri returns s if it is a good IRI, and otherwise a relative reference that
// stands for it.
func iri(s string) string {
	if goodIRI(s) {
		return s
	}
	if escaped := strings.ReplaceAll(s, " ", "%20"); goodIRI(escaped) {
		return escaped
	}
	if s == "" {
		return "#"
	}
	return strings.ReplaceAll(url.PathEscape(document.Clean(s)), ":", "%3A")
}
