package spdx

import (
	"bytes"
	"encoding/json"
)

// contextURL is the JSON-LD context of SPDX 3.0.1, which every document names.
const contextURL = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"

// element is any object of the graph: the properties of all the classes that an
// inventory is made of, in the words of the JSON-LD context.
type element struct {
	Type         string `json:"type"`
	BlankID      string `json:"@id,omitempty"`
	SPDXID       string `json:"spdxId,omitempty"`
	CreationInfo ref    `json:"creationInfo,omitempty"`
	Name         string `json:"name,omitempty"`
	Summary      string `json:"summary,omitempty"`
	Description  string `json:"description,omitempty"`
	Comment      string `json:"comment,omitempty"`

	// CreationInfo
	SpecVersion  string `json:"specVersion,omitempty"`
	Created      string `json:"created,omitempty"`
	CreatedBy    refs   `json:"createdBy,omitempty"`
	CreatedUsing refs   `json:"createdUsing,omitempty"`

	// SpdxDocument, software_Sbom
	DataLicense        ref  `json:"dataLicense,omitempty"`
	ProfileConformance refs `json:"profileConformance,omitempty"`
	RootElement        refs `json:"rootElement,omitempty"`
	Element            refs `json:"element,omitempty"`
	SbomType           refs `json:"software_sbomType,omitempty"`

	// software_Package, software_File
	SuppliedBy         ref              `json:"suppliedBy,omitempty"`
	OriginatedBy       refs             `json:"originatedBy,omitempty"`
	VerifiedUsing      list[hash]       `json:"verifiedUsing,omitempty"`
	ExternalIdentifier list[externalID] `json:"externalIdentifier,omitempty"`
	ExternalRef        list[graphRef]   `json:"externalRef,omitempty"`
	ReleaseTime        string           `json:"releaseTime,omitempty"`
	BuiltTime          string           `json:"builtTime,omitempty"`
	ValidUntilTime     string           `json:"validUntilTime,omitempty"`
	PrimaryPurpose     string           `json:"software_primaryPurpose,omitempty"`
	AdditionalPurpose  refs             `json:"software_additionalPurpose,omitempty"`
	FileKind           string           `json:"software_fileKind,omitempty"`
	PackageVersion     string           `json:"software_packageVersion,omitempty"`
	PackageURL         string           `json:"software_packageUrl,omitempty"`
	DownloadLocation   string           `json:"software_downloadLocation,omitempty"`
	HomePage           string           `json:"software_homePage,omitempty"`
	SourceInfo         string           `json:"software_sourceInfo,omitempty"`
	CopyrightText      string           `json:"software_copyrightText,omitempty"`
	AttributionText    refs             `json:"software_attributionText,omitempty"`

	// Licences
	Expression  string               `json:"simplelicensing_licenseExpression,omitempty"`
	CustomIDs   list[dictionaryItem] `json:"simplelicensing_customIdToUri,omitempty"`
	LicenseText string               `json:"simplelicensing_licenseText,omitempty"`
	SeeAlso     refs                 `json:"expandedlicensing_seeAlso,omitempty"`
	Member      refs                 `json:"expandedlicensing_member,omitempty"`
	Addition    ref                  `json:"expandedlicensing_subjectAddition,omitempty"`
	Extendable  ref                  `json:"expandedlicensing_subjectExtendableLicense,omitempty"`
	SubjectLic  ref                  `json:"expandedlicensing_subjectLicense,omitempty"`

	// Relationship
	From             ref    `json:"from,omitempty"`
	To               refs   `json:"to,omitempty"`
	RelationshipType string `json:"relationshipType,omitempty"`
	Scope            string `json:"scope,omitempty"`

	// Annotation
	AnnotationType string `json:"annotationType,omitempty"`
	Subject        ref    `json:"subject,omitempty"`
	ContentType    string `json:"contentType,omitempty"`
	Statement      string `json:"statement,omitempty"`
}

// id is what others refer to the element by.
func (e *element) id() string {
	if e.SPDXID != "" {
		return e.SPDXID
	}
	return e.BlankID
}

type hash struct {
	Type      string `json:"type"`
	Algorithm string `json:"algorithm"`
	Value     string `json:"hashValue"`
	Excluded  refs   `json:"packageVerificationCodeExcludedFile,omitempty"`
}

type externalID struct {
	Type       string `json:"type"`
	Kind       string `json:"externalIdentifierType"`
	Identifier string `json:"identifier"`
	Comment    string `json:"comment,omitempty"`
}

type graphRef struct {
	Type    string `json:"type"`
	Kind    string `json:"externalRefType,omitempty"`
	Locator refs   `json:"locator,omitempty"`
	Comment string `json:"comment,omitempty"`
}

type dictionaryItem struct {
	Type  string `json:"type"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ref is a reference to an element. The reader puts the reference in the place of
// an element that stands where it is referred to, which JSON-LD allows.
type ref string

// UnmarshalJSON implements json.Unmarshaler.
func (r *ref) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*string)(r))
	}
	var e struct {
		SPDXID  string `json:"spdxId"`
		BlankID string `json:"@id"`
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return err
	}
	*r = ref((&element{SPDXID: e.SPDXID, BlankID: e.BlankID}).id())
	return nil
}

// refs are references; a single one may stand without the list.
type refs = list[ref]

// list is a list whose only element may stand without it.
type list[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	if string(b) == "null" {
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*l = list[T]{v}
	return nil
}

func toRefs(in []string) refs {
	var out refs
	for _, s := range in {
		out = append(out, ref(s))
	}
	return out
}

func (l list[T]) strings(text func(T) string) []string {
	var out []string
	for _, v := range l {
		out = append(out, text(v))
	}
	return out
}

func refText(r ref) string { return string(r) }

// refKind says where SPDX 3 has a reference of SPDX 2: as an ExternalRef, or as an
// ExternalIdentifier.
type refKind struct {
	category, typ string
	kind          string
	identifier    bool
}

// refKinds are the types that both have (SPDX 2.3 annex F, SPDX 3 ExternalRefType and
// ExternalIdentifierType).
var refKinds = []refKind{
	{"SECURITY", "cpe22Type", "cpe22", true},
	{"SECURITY", "cpe23Type", "cpe23", true},
	{"SECURITY", "swid", "swid", true},
	{"SECURITY", "advisory", "securityAdvisory", false},
	{"SECURITY", "fix", "securityFix", false},
	{"SECURITY", "url", "securityOther", false},
	{"PACKAGE-MANAGER", "purl", "packageUrl", true},
	{"PACKAGE-MANAGER", "maven-central", "mavenCentral", false},
	{"PACKAGE-MANAGER", "npm", "npm", false},
	{"PACKAGE-MANAGER", "nuget", "nuget", false},
	{"PACKAGE-MANAGER", "bower", "bower", false},
	{"PERSISTENT-ID", "swh", "swhid", true},
	{"PERSISTENT-ID", "gitoid", "gitoid", true},
}

// graphKind returns the kind of a reference of SPDX 2. OTHER references that were read
// from SPDX 3 have its own words.
func graphKind(r *externalRef) (kind string, identifier, ok bool) {
	for _, k := range refKinds {
		if k.category == r.Category && k.typ == r.Type {
			return k.kind, k.identifier, true
		}
	}
	if r.Category == "OTHER" && onlyNewRefs[r.Type] {
		return r.Type, false, true
	}
	return "", false, false
}

// oldRef is the inverse of graphKind.
func oldRef(kind, locator, comment string, identifier bool) externalRef {
	for _, k := range refKinds {
		if k.kind == kind && k.identifier == identifier {
			return externalRef{Category: k.category, Type: k.typ, Locator: locator, Comment: comment}
		}
	}
	return externalRef{Category: "OTHER", Type: kind, Locator: locator, Comment: comment}
}

// onlyNewRefs are types of SPDX 3 that SPDX 2 has no word for.
var onlyNewRefs = map[string]bool{
	"altDownloadLocation": true, "altWebPage": true, "binaryArtifact": true, "buildMeta": true, "buildSystem": true, "chat": true,
	"certificationReport": true, "componentAnalysisReport": true, "cwe": true, "documentation": true, "dynamicAnalysisReport": true,
	"eolNotice": true, "exportControlAssessment": true, "funding": true, "issueTracker": true, "license": true, "mailingList": true,
	"metrics": true, "other": true, "privacyAssessment": true, "productMetadata": true, "purchaseOrder": true,
	"qualityAssessmentReport": true, "releaseHistory": true, "releaseNotes": true, "riskAssessment": true,
	"runtimeAnalysisReport": true, "secureSoftwareAttestation": true, "securityAdversaryModel": true, "securityPenTestReport": true,
	"securityPolicy": true, "securityThreatModel": true, "socialMedia": true, "sourceArtifact": true, "staticAnalysisReport": true,
	"support": true, "vcs": true, "vulnerabilityDisclosureReport": true, "vulnerabilityExploitabilityAssessment": true,
}
