package spdx

import (
	"bytes"
	"encoding/json"
)

// contextURL is the JSON-LD context of SPDX 3.0.1, which every document names.
const contextURL = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"

// graph is an SPDX 3 document in its JSON-LD form.
type graph struct {
	Context string    `json:"@context"`
	Graph   []element `json:"@graph"`
}

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
	SuppliedBy         ref                  `json:"suppliedBy,omitempty"`
	OriginatedBy       refs                 `json:"originatedBy,omitempty"`
	VerifiedUsing      list[hash]           `json:"verifiedUsing,omitempty"`
	ExternalIdentifier list[externalID]     `json:"externalIdentifier,omitempty"`
	PrimaryPurpose     string               `json:"software_primaryPurpose,omitempty"`
	PackageVersion     string               `json:"software_packageVersion,omitempty"`
	PackageURL         string               `json:"software_packageUrl,omitempty"`
	SourceInfo         string               `json:"software_sourceInfo,omitempty"`
	AttributionText    refs                 `json:"software_attributionText,omitempty"`
	Expression         string               `json:"simplelicensing_licenseExpression,omitempty"`
	CustomIDs          list[dictionaryItem] `json:"simplelicensing_customIdToUri,omitempty"`
	LicenseText        string               `json:"simplelicensing_licenseText,omitempty"`

	// Relationship
	From             ref    `json:"from,omitempty"`
	To               refs   `json:"to,omitempty"`
	RelationshipType string `json:"relationshipType,omitempty"`

	// Annotation
	AnnotationType string `json:"annotationType,omitempty"`
	Subject        ref    `json:"subject,omitempty"`
	ContentType    string `json:"contentType,omitempty"`
	Statement      string `json:"statement,omitempty"`
}

type hash struct {
	Type      string `json:"type"`
	Algorithm string `json:"algorithm"`
	Value     string `json:"hashValue"`
}

type externalID struct {
	Type       string `json:"type"`
	Kind       string `json:"externalIdentifierType"`
	Identifier string `json:"identifier"`
}

type dictionaryItem struct {
	Type  string `json:"type"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ref is a reference to an element. A reader also takes the element itself in
// its place, for its identifier: JSON-LD allows both.
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
	*r = ref(e.SPDXID + e.BlankID)
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
