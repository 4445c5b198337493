package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
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
	// TypeSLSAProvenance01, TypeSLSAProvenance02 and TypeSLSAProvenance1 are build
	// provenance. Package attest/slsa reads all three into one form.
	TypeSLSAProvenance01 = "https://slsa.dev/provenance/v0.1"
	TypeSLSAProvenance02 = "https://slsa.dev/provenance/v0.2"
	TypeSLSAProvenance1  = "https://slsa.dev/provenance/v1"
	// TypeVSA is a SLSA verification summary.
	TypeVSA = "https://slsa.dev/verification_summary/v1"
	// TypeOpenVEX has no version; some write it with one behind it, see
	// [IsOpenVEX].
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
	// TypeReference names documents that are stored elsewhere, by their digests.
	TypeReference = "https://in-toto.io/attestation/reference/v0.1"
	// TypeReconciliation is a comparison by package reconcile, in the frame of
	// [Reconciliation].
	TypeReconciliation = "https://github.com/imagetrust/imagetrust/reconciliation/v0.1"
)

// Predicate is what a statement says about its subjects.
type Predicate struct {
	// Type is the URI that says how to read Content.
	Type string
	// Content is any JSON value but null.
	Content json.RawMessage

	err error // of the constructor; NewStatement reports it
}

// Typed is a predicate with a type of its own. The predicates of this package are
// [SLSAProvenance], [VulnScan], [Vulns], [SVR], [RuntimeTrace], [Reference] and
// [Reconciliation]; package attest/slsa has those of SLSA, and any other type may
// join them by these two methods.
type Typed interface {
	// PredicateTypes returns the type URIs under which the predicate is read. It is
	// written under the first. The receiver may be nil.
	PredicateTypes() []string
	// Validate reports what the specification of the first type requires and the
	// predicate lacks. The error is an ErrPredicate. What was signed by others is not
	// held to it when it is decoded: call it where that matters.
	Validate() error
}

// NewPredicate encodes a predicate that knows its type. One that lacks what its
// specification requires, or is nil, makes NewStatement fail with ErrPredicate.
func NewPredicate(t Typed) Predicate {
	v := reflect.ValueOf(t)
	if !v.IsValid() {
		return failed("", errors.New("no predicate"))
	}
	written := ""
	if types := t.PredicateTypes(); len(types) > 0 {
		written = types[0]
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return failed(written, errors.New("no predicate"))
	}
	if err := t.Validate(); err != nil {
		return failed(written, err)
	}
	return Custom(written, t)
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
	content, err := strictjson.Encode(v)
	if err != nil {
		return failed(predicateType, err)
	}
	return Predicate{Type: predicateType, Content: content}
}

func failed(predicateType string, err error) Predicate {
	return Predicate{Type: predicateType, err: err}
}

// DecodePredicate decodes the predicate of v into a T. If *T is a [Typed], the
// statement must have one of its types; for any other T the caller compares
// [Verified.PredicateType]. Members that T does not have are ignored, as the
// in-toto parsing rules want; members that differ from T's only in case are an
// error. The error is an ErrPredicate, also when v is not valid.
func DecodePredicate[T any](v *Verified) (*T, error) {
	if !v.Valid() {
		return nil, fmt.Errorf("%w: not verified", ErrPredicate)
	}
	return decodePredicate[T](v.statement.PredicateType, v.statement.Predicate)
}

func decodePredicate[T any](predicateType string, predicate []byte) (*T, error) {
	out := new(T)
	if t, ok := any(out).(Typed); ok && !slices.Contains(t.PredicateTypes(), predicateType) {
		return nil, fmt.Errorf("%w: is %.120q, asked for %s", ErrPredicate, predicateType, strings.Join(t.PredicateTypes(), " or "))
	}
	if err := strictjson.Decode(predicate, out); err != nil {
		return nil, fmt.Errorf("%w: %.120s: %w", ErrPredicate, predicateType, err)
	}
	return out, nil
}
