package spdx

// doc is an SPDX 2.3 document, in the order of its specification's sections. It
// is what all formats are read into and written from: SPDX 3.0.1 is translated.
// spdx/tools-golang is not used for it: its tag-value and SPDX 3 packages link a
// JSON-LD processor, and its readers have no limits.
type doc struct {
	SPDXVersion string `json:"spdxVersion"`
	DataLicense string `json:"dataLicense"`
	SPDXID      string `json:"SPDXID"`
	// Namespace comes before everything that is not ours, see marshal.
	Namespace     string         `json:"documentNamespace"`
	Name          string         `json:"name"`
	Creation      creation       `json:"creationInfo"`
	Describes     []string       `json:"documentDescribes,omitempty"`
	Packages      []pkg          `json:"packages,omitempty"`
	Files         []file         `json:"files,omitempty"`
	Licenses      []extracted    `json:"hasExtractedLicensingInfos,omitempty"`
	Relationships []relationship `json:"relationships,omitempty"`
	Annotations   []annotation   `json:"annotations,omitempty"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type pkg struct {
	Name             string        `json:"name"`
	SPDXID           string        `json:"SPDXID"`
	Version          string        `json:"versionInfo,omitempty"`
	Supplier         string        `json:"supplier,omitempty"`
	Originator       string        `json:"originator,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    *bool         `json:"filesAnalyzed,omitempty"`
	Checksums        []checksum    `json:"checksums,omitempty"`
	SourceInfo       string        `json:"sourceInfo,omitempty"`
	LicenseConcluded string        `json:"licenseConcluded,omitempty"`
	LicenseDeclared  string        `json:"licenseDeclared,omitempty"`
	Copyright        string        `json:"copyrightText,omitempty"`
	Summary          string        `json:"summary,omitempty"`
	Description      string        `json:"description,omitempty"`
	Comment          string        `json:"comment,omitempty"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
	Attribution      []string      `json:"attributionTexts,omitempty"`
	Purpose          string        `json:"primaryPackagePurpose,omitempty"`
	Annotations      []annotation  `json:"annotations,omitempty"`
	// at says where the package stands in the document that was read.
	at string
}

type file struct {
	Name      string     `json:"fileName"`
	SPDXID    string     `json:"SPDXID"`
	Checksums []checksum `json:"checksums"`
	Comment   string     `json:"comment,omitempty"`
	at        string
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type extracted struct {
	ID   string `json:"licenseId"`
	Text string `json:"extractedText"`
	Name string `json:"name,omitempty"`
}

type relationship struct {
	From    string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	To      string `json:"relatedSpdxElement"`
	Comment string `json:"comment,omitempty"`
}

type annotation struct {
	Annotator string `json:"annotator"`
	Date      string `json:"annotationDate"`
	Type      string `json:"annotationType"`
	Comment   string `json:"comment"`
}

// Words of the specification.
const (
	documentID  = "SPDXRef-DOCUMENT"
	refPrefix   = "SPDXRef-"
	noAssertion = "NOASSERTION"

	relDescribes    = "DESCRIBES"
	relDescribedBy  = "DESCRIBED_BY"
	relContains     = "CONTAINS"
	relContainedBy  = "CONTAINED_BY"
	relDependsOn    = "DEPENDS_ON"
	relDependencyOf = "DEPENDENCY_OF"
	relRuntimeOf    = "RUNTIME_DEPENDENCY_OF"
	relOther        = "OTHER"

	purposeContainer = "CONTAINER"
	purposeOS        = "OPERATING_SYSTEM"
	purposeFile      = "FILE"
)
