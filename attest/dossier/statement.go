package dossier

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// statement is a verified statement and what is known of it.
type statement struct {
	v       *attest.Verified
	ref     Ref
	forms   []form
	claimed moment
	trusted moment
}

// form is a way in which others may name what a statement holds.
type form struct {
	at      string // as in Fact
	named   attest.ResourceDescriptor
	content []byte // nil if only the digests are known
}

// formOf is the form of a document, which may be named by any binding digest.
func formOf(at string, content []byte) form {
	h256, h384, h512 := sha256.Sum256(content), sha512.Sum384(content), sha512.Sum512(content)
	return form{at, attest.ResourceDescriptor{Digest: map[string]string{
		"sha256": hex.EncodeToString(h256[:]), "sha384": hex.EncodeToString(h384[:]), "sha512": hex.EncodeToString(h512[:]),
	}}, content}
}

// moment is a time and where it is said.
type moment struct {
	time.Time
	fact Fact
}

var kinds = map[string]Kind{
	attest.TypeSPDX: SBOM, attest.TypeSPDX23: SBOM, attest.TypeSPDX3: SBOM, attest.TypeCycloneDX: SBOM,
	attest.TypeCosignVuln: Scan, attest.TypeVulns01: Scan, attest.TypeVulns02: Scan,
	attest.TypeRBOM: RBOM, attest.TypeRuntimeTrace: RBOM,
	attest.TypeReconciliation: Reconciliation,
}

// KindOf returns what a statement is in a dossier. A [attest.Reference] is an SBOM if
// all the documents that it names are, and they are at most 1024.
func KindOf(v *attest.Verified) Kind {
	if kind, ok := kinds[v.PredicateType()]; ok {
		return kind
	}
	if v.PredicateType() == attest.TypeReference {
		if r, err := attest.DecodePredicate[attest.Reference](v); err == nil && allSBOMs(r.References) {
			return SBOM
		}
	}
	return Other
}

func allSBOMs(documents []attest.ResourceDescriptor) bool {
	for _, d := range documents {
		if mediaType := strings.ToLower(d.MediaType); !strings.Contains(mediaType, "spdx") && !strings.Contains(mediaType, "cyclonedx") {
			return false
		}
	}
	return len(documents) > 0 && len(documents) <= maxInputs
}

func newStatement(v *attest.Verified) *statement {
	s := &statement{v: v, ref: Ref{KindOf(v), v.PredicateType(), v.EnvelopeDigest()}}
	switch s.ref.Kind {
	case Other:
	case SBOM, Scan:
		s.setForms()
		s.setTimes()
	default:
		s.setTimes()
	}
	return s
}

// setForms collects how an SBOM or a scan may be named: by its predicate as it was
// signed, by the text or the report in it, by the documents that it refers to, or
// by its envelope.
func (s *statement) setForms() {
	s.forms = []form{{at: "envelope", named: attest.NewSubject("", s.ref.Envelope)}}
	if r, err := attest.DecodePredicate[attest.Reference](s.v); err == nil {
		for i, d := range r.References {
			s.forms = append(s.forms, form{at: pointer("references", i), named: d})
		}
		return
	}
	predicate := s.v.Predicate()
	s.forms = append(s.forms, formOf("", predicate))
	var text string
	if bytes.HasPrefix(bytes.TrimSpace(predicate), []byte(`"`)) && json.Unmarshal(predicate, &text) == nil && text != "" {
		s.forms = append(s.forms, formOf("", []byte(text)))
	}
	if scan, err := attest.DecodePredicate[attest.VulnScan](s.v); err == nil && len(scan.Scanner.Result) > 0 && !strictjson.IsNull(scan.Scanner.Result) {
		s.forms = append(s.forms, formOf("/scanner/result", scan.Scanner.Result))
	}
}

// isNamed finds a descriptor that names one of the forms, and says which.
func (s *statement) isNamed(by []attest.ResourceDescriptor) (i int, proof Fact, ok bool) {
	for _, f := range s.forms {
		if i := f.in(by); i >= 0 {
			return i, Fact{s.ref.Envelope, f.at, digestText(f.named), true}, true
		}
	}
	return 0, Fact{}, false
}

// in returns the index of the first descriptor that names the form, -1 if none does.
func (f form) in(by []attest.ResourceDescriptor) int {
	return slices.IndexFunc(by, func(d attest.ResourceDescriptor) bool { return sameDigests(d, f.named) })
}

// binding are the algorithms that bind.
var binding = []string{"sha256", "sha384", "sha512"}

// sameDigests reports whether two descriptors have a binding digest in common, and
// none that differs.
func sameDigests(a, b attest.ResourceDescriptor) bool {
	common := 0
	for _, algorithm := range binding {
		x, y := a.Digest[algorithm], b.Digest[algorithm]
		switch {
		case x == "" || y == "":
		case x != y:
			return false
		default:
			common++
		}
	}
	return common > 0
}

func digestText(d attest.ResourceDescriptor) string {
	for _, algorithm := range binding {
		if d.Digest[algorithm] != "" {
			return algorithm + ":" + d.Digest[algorithm]
		}
	}
	return ""
}
