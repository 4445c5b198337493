package spdx

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

// doc is an SPDX 2.3 document. It is what all formats are read into: SPDX 3.0 is
// translated. spdx/tools-golang is not used for it: its tag-value and SPDX 3
// packages link a JSON-LD processor, and its readers have no limits.
type doc struct {
	head
	Packages      []pkg // files too
	Licenses      []extracted
	Relationships []relationship
	Annotations   []annotation
	// lost is what the reader has no place for, even in this type.
	lost      document.Losses
	Describes []string
}

// head is what a document says about itself.
type head struct {
	SPDXVersion string   `json:"spdxVersion"`
	DataLicense string   `json:"dataLicense"`
	SPDXID      string   `json:"SPDXID"`
	Namespace   string   `json:"documentNamespace"`
	Name        string   `json:"name"`
	Creation    creation `json:"creationInfo"`
}

type creation struct {
	Comment            string   `json:"comment,omitempty"`
	Created            string   `json:"created"`
	Creators           []string `json:"creators"`
	LicenseListVersion string   `json:"licenseListVersion,omitempty"`
}

// pkg is a package, or a file where file is set.
type pkg struct {
	Name             string        `json:"name"`
	SPDXID           string        `json:"SPDXID"`
	Version          string        `json:"versionInfo,omitempty"`
	FileName         string        `json:"packageFileName,omitempty"`
	Supplier         string        `json:"supplier,omitempty"`
	Originator       string        `json:"originator,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    *bool         `json:"filesAnalyzed,omitempty"`
	Verification     *verification `json:"packageVerificationCode,omitempty"`
	HomePage         string        `json:"homepage,omitempty"`
	SourceInfo       string        `json:"sourceInfo,omitempty"`
	LicenseDeclared  string        `json:"licenseDeclared,omitempty"`
	FromFiles        []string      `json:"licenseInfoFromFiles,omitempty"`
	Summary          string        `json:"summary,omitempty"`
	Description      string        `json:"description,omitempty"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
	Purpose          string        `json:"primaryPackagePurpose,omitempty"`
	ReleaseDate      string        `json:"releaseDate,omitempty"`
	BuiltDate        string        `json:"builtDate,omitempty"`
	ValidUntilDate   string        `json:"validUntilDate,omitempty"`
	HasFiles         []string      `json:"hasFiles,omitempty"`
	common

	file *fileOnly // not nil for a file
	at   string    // where it stands in the document that was read
}

// common is what packages and files have in common.
type common struct {
	Checksums        []checksum   `json:"checksums,omitempty"`
	LicenseConcluded string       `json:"licenseConcluded,omitempty"`
	LicenseComments  string       `json:"licenseComments,omitempty"`
	Copyright        string       `json:"copyrightText,omitempty"`
	Comment          string       `json:"comment,omitempty"`
	Attribution      []string     `json:"attributionTexts,omitempty"`
	Annotations      []annotation `json:"annotations,omitempty"`
}

// file is a file in JSON.
type file struct {
	Name   string `json:"fileName"`
	SPDXID string `json:"SPDXID"`
	fileOnly
	common
}

// fileOnly is what only files have.
type fileOnly struct {
	Types        []string `json:"fileTypes,omitempty"`
	InFile       []string `json:"licenseInfoInFiles,omitempty"`
	Notice       string   `json:"noticeText,omitempty"`
	Contributors []string `json:"fileContributors,omitempty"`
	Dependencies []string `json:"fileDependencies,omitempty"`
}

func (f *file) pkg() pkg {
	return pkg{Name: f.Name, SPDXID: f.SPDXID, Purpose: purposeFile, common: f.common, file: &f.fileOnly}
}

func (p *pkg) asFile() *file {
	return &file{Name: p.Name, SPDXID: p.SPDXID, common: p.common, fileOnly: *p.file}
}

type verification struct {
	Value    string   `json:"packageVerificationCodeValue"`
	Excluded []string `json:"packageVerificationCodeExcludedFiles,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
	Comment  string `json:"comment,omitempty"`
}

type extracted struct {
	ID      string   `json:"licenseId"`
	Text    string   `json:"extractedText"`
	Name    string   `json:"name,omitempty"`
	Comment string   `json:"comment,omitempty"`
	SeeAlso []string `json:"seeAlsos,omitempty"`
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
	none        = "NONE"

	relDescribes   = "DESCRIBES"
	relDescribedBy = "DESCRIBED_BY"
	relContains    = "CONTAINS"
	relContainedBy = "CONTAINED_BY"
	relDependsOn   = "DEPENDS_ON"
	relRuntimeOf   = "RUNTIME_DEPENDENCY_OF"
	relOther       = "OTHER"

	purposeContainer = "CONTAINER"
	purposeOS        = "OPERATING_SYSTEM"
	purposeFile      = "FILE"
)

// unstated reports whether a value says nothing: it is left out, or NOASSERTION.
func unstated(s string) bool { return s == "" || s == noAssertion }

// normal returns what several tools and versions spell differently in the words of
// SPDX 2.3 JSON.
func (p *pkg) normal() {
	p.Purpose = strings.ReplaceAll(p.Purpose, "-", "_")
	for i := range p.ExternalRefs {
		if r := &p.ExternalRefs[i]; strings.HasPrefix(r.Category, "P") {
			r.Category = strings.ReplaceAll(r.Category, "_", "-")
		}
	}
}
