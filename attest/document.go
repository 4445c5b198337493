package attest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// SPDX wraps an SPDX JSON document, version 2 or 3. The type is TypeSPDX for
// version 2, which is what other tools look for, and TypeSPDX3 for version 3. A
// document that is no SPDX JSON makes NewStatement fail with ErrPredicate.
func SPDX(doc []byte) Predicate {
	var head struct {
		Version string          `json:"spdxVersion"`
		Graph   json.RawMessage `json:"@graph"`
	}
	switch err := strictjson.Decode(doc, &head); {
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
	if err := strictjson.Decode(doc, &head); err != nil {
		return failed(TypeCycloneDX, err)
	}
	if head.Format != "CycloneDX" {
		return failed(TypeCycloneDX, fmt.Errorf("bomFormat is %.40q", head.Format))
	}
	return Predicate{Type: TypeCycloneDX, Content: doc}
}

// OpenVEX wraps an OpenVEX document of any version, under TypeOpenVEX. A document
// that is no OpenVEX makes NewStatement fail with ErrPredicate.
func OpenVEX(doc []byte) Predicate {
	var head struct {
		Context string `json:"@context"`
	}
	if err := strictjson.Decode(doc, &head); err != nil {
		return failed(TypeOpenVEX, err)
	}
	if !IsOpenVEX(head.Context) {
		return failed(TypeOpenVEX, fmt.Errorf("@context is %.80q", head.Context))
	}
	return Predicate{Type: TypeOpenVEX, Content: doc}
}

// IsOpenVEX reports whether a predicate type is OpenVEX's, with or without the
// version that a document has in its context ("https://openvex.dev/ns/v0.2.0").
func IsOpenVEX(predicateType string) bool {
	version, ok := strings.CutPrefix(predicateType, TypeOpenVEX)
	return ok && (version == "" || strings.HasPrefix(version, "/v"))
}
