package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Predicate types that are known here. Others are as welcome.
const (
	// TypeSPDX is what cosign and others write for SPDX 2 documents.
	TypeSPDX = "https://spdx.dev/Document"
	// TypeSPDX23 is in-toto's own name for SPDX 2.3.
	TypeSPDX23 = "https://spdx.dev/Document/v2.3"
	// TypeSPDX3 is in-toto's name for SPDX 3.
	TypeSPDX3 = "https://spdx.dev/Document/v3"
	// TypeCycloneDX is a CycloneDX document of any version.
	TypeCycloneDX = "https://cyclonedx.org/bom"
	// TypeCosignVuln is a scanner's report in cosign's frame.
	TypeCosignVuln = "https://cosign.sigstore.dev/attestation/vuln/v1"
	// TypeVulns01 and TypeVulns02 are in-toto's lists of vulnerabilities.
	TypeVulns01 = "https://in-toto.io/attestation/vulns/v0.1"
	TypeVulns02 = "https://in-toto.io/attestation/vulns/v0.2"
	// TypeSLSAProvenance02 and TypeSLSAProvenance1 are build provenance.
	TypeSLSAProvenance02 = "https://slsa.dev/provenance/v0.2"
	TypeSLSAProvenance1  = "https://slsa.dev/provenance/v1"
	// TypeVSA is a SLSA verification summary.
	TypeVSA = "https://slsa.dev/verification_summary/v1"
	// TypeOpenVEX has no version; documents also use it with one behind it.
	TypeOpenVEX = "https://openvex.dev/ns"
	// TypeCosignCustom and TypeCosignSign are cosign's default for files of any
	// form, and its image signatures.
	TypeCosignCustom = "https://cosign.sigstore.dev/attestation/v1"
	TypeCosignSign   = "https://sigstore.dev/cosign/sign/v1"
	// TypeRuntimeTrace is what was observed of a running workload.
	TypeRuntimeTrace = "https://in-toto.io/attestation/runtime-trace/v0.1"
	// TypeSVR01 and TypeSVR02 are in-toto's simple verification results.
	TypeSVR01 = "https://in-toto.io/attestation/svr/v0.1"
	TypeSVR02 = "https://in-toto.io/attestation/svr/v0.2"
)

// Predicate is what a statement says about its subjects.
type Predicate struct {
	// Type is the URI that says how to read Content.
	Type string
	// Content is any JSON value but null.
	Content json.RawMessage

	err error // of the constructor; NewStatement reports it
}

// SPDX wraps an SPDX JSON document, version 2 or 3. The type is TypeSPDX for
// version 2, which is what other tools look for, and TypeSPDX3 for version 3. A
// document that is no SPDX JSON makes NewStatement fail with ErrPredicate.
func SPDX(doc []byte) Predicate {
	var head struct {
		Version string          `json:"spdxVersion"`
		Graph   json.RawMessage `json:"@graph"`
	}
	switch err := json.Unmarshal(doc, &head); {
	case err != nil:
		return failed(TypeSPDX, err)
	case head.Version != "":
		return Predicate{Type: TypeSPDX, Content: doc}
	case len(head.Graph) > 0:
		return Predicate{Type: TypeSPDX3, Content: doc}
	default:
		return failed(TypeSPDX, fmt.Errorf("neither spdxVersion nor @graph"))
	}
}

// CycloneDX wraps a CycloneDX JSON document. A document that is no CycloneDX JSON
// makes NewStatement fail with ErrPredicate.
func CycloneDX(doc []byte) Predicate {
	var head struct {
		Format string `json:"bomFormat"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return failed(TypeCycloneDX, err)
	}
	if head.Format != "CycloneDX" {
		return failed(TypeCycloneDX, fmt.Errorf("bomFormat is %.40q", head.Format))
	}
	return Predicate{Type: TypeCycloneDX, Content: doc}
}

// Provenance wraps SLSA provenance v1.
func Provenance(p *SLSAProvenance) Predicate {
	if err := p.validate(); err != nil {
		return failed(TypeSLSAProvenance1, err)
	}
	return Custom(TypeSLSAProvenance1, p)
}

// VulnerabilityReport wraps a scanner's report in cosign's frame (vuln v1).
func VulnerabilityReport(s *VulnScan) Predicate {
	if err := s.validate(); err != nil {
		return failed(TypeCosignVuln, err)
	}
	return Custom(TypeCosignVuln, s)
}

// Vulnerabilities wraps a list of vulnerabilities (in-toto vulns v0.2).
func Vulnerabilities(v *Vulns) Predicate {
	if err := v.validate(); err != nil {
		return failed(TypeVulns02, err)
	}
	return Custom(TypeVulns02, v)
}

// Custom encodes v as JSON under any type URI. A []byte or json.RawMessage is
// taken as JSON that is already encoded. Values that cannot be encoded make
// NewStatement fail with ErrPredicate.
func Custom(predicateType string, v any) Predicate {
	switch raw := v.(type) {
	case []byte:
		return Predicate{Type: predicateType, Content: raw}
	case json.RawMessage:
		return Predicate{Type: predicateType, Content: raw}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return failed(predicateType, err)
	}
	return Predicate{Type: predicateType, Content: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}
}

func failed(predicateType string, err error) Predicate {
	return Predicate{Type: predicateType, err: err}
}

// DecodePredicate decodes the predicate of v into a T. Members that T does not
// have are ignored, as the in-toto parsing rules want; members that differ from
// T's only in case are an error. The error is an ErrPredicate, also when v is not
// valid.
func DecodePredicate[T any](v *Verified) (*T, error) {
	if !v.Valid() {
		return nil, fmt.Errorf("%w: not verified", ErrPredicate)
	}
	out := new(T)
	if err := checkMemberCase[T](v.statement.Predicate); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPredicate, v.statement.PredicateType, err)
	}
	if err := json.Unmarshal(v.statement.Predicate, out); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPredicate, v.statement.PredicateType, err)
	}
	return out, nil
}
