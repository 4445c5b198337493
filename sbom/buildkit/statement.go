package buildkit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

const (
	provenanceV02 = "https://slsa.dev/provenance/v0.2"
	provenanceV1  = "https://slsa.dev/provenance/v1"
	predicateSPDX = "https://spdx.dev/Document"
)

// statement is an in-toto statement, v0.1 or v1.
type statement struct {
	Type          string `json:"_type"`
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate json.RawMessage `json:"predicate"`
}

func parseStatement(data []byte) (*statement, error) {
	s := new(statement)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if !strings.HasPrefix(s.Type, "https://in-toto.io/Statement/") {
		return nil, fmt.Errorf("%w: its type is %.100q, not an in-toto statement's", ErrFormat, s.Type)
	}
	if len(s.Predicate) == 0 {
		return nil, fmt.Errorf("%w: no predicate", ErrFormat)
	}
	return s, nil
}

// about reports whether the statement names the image. One with other subjects alone
// is an ErrBinding; one without any, or for an image whose digest is not known, may be
// about the image, but does not say so.
func (s *statement) about(image sbom.Digest) (bool, error) {
	if image == "" || len(s.Subject) == 0 {
		return false, nil
	}
	for _, sub := range s.Subject {
		if strings.EqualFold(sub.Digest[image.Algorithm()], image.Hex()) {
			return true, nil
		}
	}
	return false, fmt.Errorf("%w: %d subjects, none of them %s", ErrBinding, len(s.Subject), image)
}

// digestsOf returns the well-formed digests of a digest set, in a fixed order.
func digestsOf(set map[string]string) []sbom.Digest {
	var out []sbom.Digest
	for alg, hex := range set {
		if alg == "gitCommit" {
			alg = "sha1"
		}
		if d, err := sbom.ParseDigest(alg + ":" + hex); err == nil {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
