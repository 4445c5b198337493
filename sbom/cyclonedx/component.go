package cyclonedx

import (
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// component maps to the fields that CycloneDX has. What they cannot say, the
// overlay says.
func (e *encoder) component(c *sbom.Component, ref string) *cdx.Component {
	stated, found := splitFound(c.Licenses)
	out := &cdx.Component{
		BOMRef:             ref,
		Type:               e.componentType(c.Type),
		Supplier:           organization(c.Supplier),
		Group:              document.Clean(c.Group),
		Name:               document.Clean(c.Name),
		Version:            document.Clean(c.Version),
		Description:        document.Clean(c.Description),
		Copyright:          document.Clean(c.Copyright),
		Scope:              scope(c),
		Hashes:             hashes(c.Hashes),
		Licenses:           licenses(stated, e.version),
		ExternalReferences: e.references(c.References),
		Evidence:           e.evidence(c.Evidence, found),
	}
	if document.GoodPURL(c.PURL) {
		out.PackageURL = c.PURL
	}
	if len(c.CPEs) > 0 && document.GoodCPE(c.CPEs[0]) {
		out.CPE = c.CPEs[0]
	}
	rest := e.restore(out, c)
	if e.ofRoot != nil {
		if i := slices.IndexFunc(rest, isDependencyOf); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	plain, renamed := document.Properties(rest)
	addProperties(out, plain)
	addProperties(out, renamed)
	return out
}

// reference returns a bom-ref: the id, or a name when there is none that a
// document can carry.
func reference(c *sbom.Component) string {
	if id := document.Clean(c.ID); id != "" && !strings.HasPrefix(id, "urn:cdx:") {
		return id
	}
	return "component:" + document.Clean(c.Name)
}

// componentTypes says since which version each type is.
var componentTypes = map[cdx.ComponentType]cdx.SpecVersion{
	cdx.ComponentTypeApplication: cdx.SpecVersion1_4, cdx.ComponentTypeContainer: cdx.SpecVersion1_4, cdx.ComponentTypeDevice: cdx.SpecVersion1_4,
	cdx.ComponentTypeFile: cdx.SpecVersion1_4, cdx.ComponentTypeFirmware: cdx.SpecVersion1_4, cdx.ComponentTypeFramework: cdx.SpecVersion1_4,
	cdx.ComponentTypeLibrary: cdx.SpecVersion1_4, cdx.ComponentTypeOS: cdx.SpecVersion1_4,
	cdx.ComponentTypeData: cdx.SpecVersion1_5, cdx.ComponentTypeDeviceDriver: cdx.SpecVersion1_5, cdx.ComponentTypeMachineLearningModel: cdx.SpecVersion1_5,
	cdx.ComponentTypePlatform: cdx.SpecVersion1_5, cdx.ComponentTypeCryptographicAsset: cdx.SpecVersion1_6,
}

func (e *encoder) componentType(t sbom.ComponentType) cdx.ComponentType {
	if since, ok := componentTypes[cdx.ComponentType(t)]; ok && e.version >= since {
		return cdx.ComponentType(t)
	}
	return cdx.ComponentTypeLibrary
}

// scope is "excluded" for what is no contents of the image: software that is
// only mentioned, that is test data, that was removed. It is not stated, which
// means required, for what is there, vendored or not.
func scope(c *sbom.Component) cdx.Scope {
	switch {
	case !c.Attribution.Visible:
		return cdx.ScopeExcluded
	case c.Scope == sbom.ScopeInstalled, c.Scope == sbom.ScopeBundled:
		return ""
	}
	return cdx.ScopeExcluded
}

var hashNames = map[string]cdx.HashAlgorithm{
	"md5":    cdx.HashAlgoMD5,
	"sha1":   cdx.HashAlgoSHA1,
	"sha256": cdx.HashAlgoSHA256,
	"sha384": cdx.HashAlgoSHA384,
	"sha512": cdx.HashAlgoSHA512,
}

func hashes(digests []sbom.Digest) *[]cdx.Hash {
	var out []cdx.Hash
	for _, d := range digests {
		if alg, ok := hashNames[d.Algorithm()]; ok && document.GoodDigest(d) {
			out = append(out, cdx.Hash{Algorithm: alg, Value: d.Hex()})
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

// splitFound parts what was said about a component's licence from what was found in its
// files, which CycloneDX keeps with the evidence.
func splitFound(in []sbom.License) (stated, found []sbom.License) {
	for _, l := range in {
		if l.Acknowledgement == sbom.LicenseFound {
			found = append(found, l)
		} else {
			stated = append(stated, l)
		}
	}
	return stated, found
}

// licenses writes what each version allows: up to 1.6 either one expression or
// a list of ids and names, from 1.7 on a list of all three; and from 1.6 on who
// says so.
func licenses(in []sbom.License, v cdx.SpecVersion) *cdx.Licenses {
	var out cdx.Licenses
	for _, l := range in {
		expression, name := document.Clean(l.Expression), document.Clean(l.Name)
		var said cdx.LicenseAcknowledgement
		if v >= cdx.SpecVersion1_6 {
			said = acknowledged(l.Acknowledgement)
		}
		switch {
		case document.IsLicenseID(expression):
			out = append(out, cdx.LicenseChoice{License: &cdx.License{ID: expression, Acknowledgement: said}})
		case spdxexpr.Valid(expression) && (len(in) == 1 || v >= cdx.SpecVersion1_7):
			choice := cdx.LicenseChoice{Expression: expression}
			if said != "" {
				choice.Acknowledgement = &said
			}
			out = append(out, choice)
		case expression != "":
			out = append(out, cdx.LicenseChoice{License: &cdx.License{Name: expression, Acknowledgement: said}})
		case name != "":
			out = append(out, cdx.LicenseChoice{License: &cdx.License{Name: name, Acknowledgement: said}})
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

// acknowledged is empty for what CycloneDX has no word for.
func acknowledged(a sbom.Acknowledgement) cdx.LicenseAcknowledgement {
	switch a {
	case sbom.LicenseDeclared:
		return cdx.LicenseAcknowledgementDeclared
	case sbom.LicenseConcluded:
		return cdx.LicenseAcknowledgementConcluded
	}
	return ""
}

var identityFields = map[string]bool{"group": true, "name": true, "version": true, "purl": true, "cpe": true, "hash": true}

var techniques = map[sbom.Technique]bool{
	sbom.TechniqueManifest: true, sbom.TechniqueBinary: true, sbom.TechniqueHash: true, sbom.TechniqueFilename: true,
	sbom.TechniqueInstrumentation: true, sbom.TechniqueAttestation: true, sbom.TechniqueAST: true,
	sbom.TechniqueSource: true, sbom.TechniqueDynamic: true, sbom.TechniqueOther: true,
}

// evidence writes the licences that were found, and identities and occurrences, which
// 1.5 brought: one identity in 1.5, any number from 1.6 on. Only the first pieces of
// evidence that CycloneDX can express are written so; the overlay has the others.
func (e *encoder) evidence(in []sbom.Evidence, found []sbom.License) *cdx.Evidence {
	v := e.version
	out := cdx.Evidence{Licenses: licenses(found, v)}
	if v >= cdx.SpecVersion1_5 {
		out.Occurrences = occurrences(in, v >= cdx.SpecVersion1_6 && e.opts.Format == JSON)
		switch ids := identities(in); {
		case len(ids) == 0:
		case v == cdx.SpecVersion1_5:
			out.Identity = &cdx.EvidenceIdentityChoice{Identity: &ids[0]}
		default:
			out.Identity = &cdx.EvidenceIdentityChoice{Identities: &ids}
		}
	}
	if out == (cdx.Evidence{}) {
		return nil
	}
	return &out
}

// identities joins evidence for the same field, one after the other, as methods
// of one identity.
func identities(in []sbom.Evidence) []cdx.EvidenceIdentity {
	var out []cdx.EvidenceIdentity
	for i := range in {
		e := &in[i]
		if !identityFields[e.Field] || !techniques[e.Technique] || !(e.Confidence >= 0 && e.Confidence <= 1) {
			break
		}
		confidence := float32(e.Confidence)
		if i == 0 || in[i-1].Field != e.Field {
			out = append(out, cdx.EvidenceIdentity{
				Field: cdx.EvidenceIdentityFieldType(e.Field), Confidence: &confidence, Methods: new([]cdx.EvidenceIdentityMethod),
			})
		}
		id := &out[len(out)-1]
		if confidence > *id.Confidence {
			id.Confidence = &confidence
		}
		*id.Methods = append(*id.Methods, cdx.EvidenceIdentityMethod{
			Technique: cdx.EvidenceIdentityTechnique(e.Technique), Confidence: &confidence, Value: document.Clean(e.Value),
		})
	}
	return out
}

const layerContext = "layer "

// occurrences are the distinct places of the evidence. The layer stands in
// additionalContext if context is set: that came with 1.6, and in XML cyclonedx-go
// writes it as an attribute, where the schema wants an element.
func occurrences(in []sbom.Evidence, context bool) *[]cdx.EvidenceOccurrence {
	var out []cdx.EvidenceOccurrence
	seen := make(map[cdx.EvidenceOccurrence]bool, len(in))
	for i := range in {
		o := cdx.EvidenceOccurrence{Location: document.Clean(in[i].Location.Path)}
		if o.Location == "" {
			continue
		}
		if l := in[i].Location.Layer; l != nil && context {
			o.AdditionalContext = document.Clean(layerContext + document.FormatLayer(l))
		}
		if !seen[o] {
			seen[o] = true
			out = append(out, o)
		}
	}
	if out == nil {
		return nil
	}
	return &out
}
