package reconcile

import (
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

// Proof is why a cause is believed. Which fields it has depends on the cause;
// Check and Sides are always there.
type Proof struct {
	// Check says in one sentence what was compared, and with what result.
	Check string `json:"check"`
	// Sides cite the inputs, first those that have it.
	Sides []Side `json:"sides"`
	// File shows that a component is in the image.
	File *FileProof `json:"file,omitempty"`
	// Edges connect two ids of one vulnerability, one after the other.
	Edges []Edge `json:"edges,omitempty"`
	// Comparison is an order of versions that was looked up.
	Comparison *Comparison `json:"comparison,omitempty"`
	// Absence counts what an input has instead of what it lacks.
	Absence []Absence `json:"absence,omitempty"`
	// Because is the Difference.ID of the component difference that this finding
	// difference follows from.
	Because string `json:"because,omitempty"`
	// Candidates are the nearest things in the other inputs, for what is
	// unexplained.
	Candidates []Side `json:"candidates,omitempty"`
}

// Side cites one input.
type Side struct {
	Input string `json:"input"`
	// Document is the digest of the input's document.
	Document sbom.Digest `json:"document,omitempty"`
	// Component is the component's id in the input.
	Component string `json:"component,omitempty"`
	// Finding is the finding's id in the input.
	Finding string `json:"finding,omitempty"`
	// Pointer is a JSON pointer (RFC 6901) into the document, where it is known.
	Pointer string `json:"pointer,omitempty"`
	// Field names what is cited, as in the JSON of the model: "purl", "version",
	// "source", "scope", "severity", "subject.digest".
	Field string `json:"field"`
	// Words is what the input says there.
	Words string `json:"words"`
	// Location is where the input saw it.
	Location sbom.Location `json:"location,omitzero"`
	// Rewrites lead from Words to what was compared.
	Rewrites []identity.Rewrite `json:"rewrites,omitempty"`
}

// FileProof is a file of the image.
type FileProof struct {
	// Input is the input that says so.
	Input string `json:"input"`
	// Path is the file, and Layer the layer it is in; nil when not known.
	Path  string         `json:"path"`
	Layer *sbom.LayerRef `json:"layer,omitempty"`
	// Owner is the id of the component that owns the file, in the same input.
	Owner string `json:"owner,omitempty"`
}

// Edge is a statement that two ids belong together.
type Edge struct {
	// Input, Finding and Pointer say whose statement it is; empty for
	// EdgeName, which nobody has to state.
	Input   string   `json:"input,omitempty"`
	Finding string   `json:"finding,omitempty"`
	Pointer string   `json:"pointer,omitempty"`
	Kind    EdgeKind `json:"kind"`
	From    string   `json:"from"`
	To      string   `json:"to"`
}

// EdgeKind is the meaning of an Edge.
type EdgeKind string

const (
	// EdgeAlias: both ids are the same vulnerability.
	EdgeAlias EdgeKind = "alias"
	// EdgeRelated: an advisory covers the vulnerability, or the other way round.
	EdgeRelated EdgeKind = "related"
	// EdgeName: one id is the other with a database's prefix, as
	// DEBIAN-CVE-2023-4911.
	EdgeName EdgeKind = "name"
)

// Comparison is the order of two versions.
type Comparison struct {
	Ecosystem identity.Ecosystem `json:"ecosystem"`
	A         string             `json:"a"`
	B         string             `json:"b"`
	// Result is negative when A is older than B, 0 when they are equal in rank,
	// positive when A is newer.
	Result int `json:"result"`
}

// Absence counts the components of an input that could have been what it lacks.
type Absence struct {
	Input string `json:"input"`
	// Type is the purl type, and OfType how many components of it there are.
	Type   string `json:"type,omitempty"`
	OfType int    `json:"ofType"`
	// Path is the file, and AtPath how many components were found in it.
	Path   string `json:"path,omitempty"`
	AtPath int    `json:"atPath"`
}
