package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
)

// Input names one piece of evidence, so that a decision can be checked later.
type Input struct {
	// Kind is "inventory", "report", "reconciliation", "rbom" or "attestation".
	Kind string `json:"kind"`
	// Name of the tool, or the predicate type of an attestation.
	Name string `json:"name,omitempty"`
	// Digest of the evidence's JSON, or of an attestation's signed envelope.
	Digest sbom.Digest `json:"digest"`
}

func inputs(e *Evidence) ([]Input, error) {
	var all []Input
	add := func(kind, name string, v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("policy: %s: %w", kind, err)
		}
		sum := sha256.Sum256(b)
		all = append(all, Input{kind, name, sbom.Digest("sha256:" + hex.EncodeToString(sum[:]))})
		return nil
	}
	if e.Inventory != nil {
		if err := add("inventory", toolName(e.Inventory.Tools), e.Inventory); err != nil {
			return nil, err
		}
	}
	for _, r := range e.Reports {
		if err := add("report", r.Tool.Name, r); err != nil {
			return nil, err
		}
	}
	if e.Reconciliation != nil {
		if err := add("reconciliation", "", e.Reconciliation); err != nil {
			return nil, err
		}
	}
	if e.RBOM != nil {
		if err := add("rbom", e.RBOM.Recorder.Name, e.RBOM); err != nil {
			return nil, err
		}
	}
	for _, a := range e.Attestations {
		if a.Valid() {
			all = append(all, Input{"attestation", a.PredicateType(), sbom.Digest(a.EnvelopeDigest())})
		}
	}
	return all, nil
}

func toolName(tools []sbom.Tool) string {
	if len(tools) == 0 {
		return ""
	}
	return tools[0].Name
}
