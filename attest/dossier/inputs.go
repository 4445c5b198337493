package dossier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// maxInputs is far above what anybody compares.
const maxInputs = 1024

// inputs checks what the scans, RBOMs and reconciliations say that they were made
// from.
func (c *check) inputs() {
	var users, linked int
	sboms := map[*statement]int{} // how many name it
	for _, s := range c.all {
		if s.ref.Kind != Scan && s.ref.Kind != RBOM && s.ref.Kind != Reconciliation {
			continue
		}
		users++
		named, err := attest.Inputs(s.v)
		if len(named) > maxInputs {
			err = fmt.Errorf("%w: %d inputs, at most %d", attest.ErrLimit, len(named), maxInputs)
		}
		if err != nil || len(named) == 0 {
			c.add(unnamed(s, err))
			continue
		}
		found := c.link(s, named, SBOM, sboms)
		if s.ref.Kind == Reconciliation {
			c.link(s, named, Scan, nil)
		}
		if found {
			linked++
		} else {
			c.add(Reason{Code: CodeInput, Verdict: c.otherSBOM(), Statement: s.ref, Proof: listed(s, named)})
		}
	}
	if users > 1 && linked == users {
		c.sameSBOM(users, sboms)
	}
}

// unnamed is the reason of a statement that names nothing, or nothing that can be
// read: neither says that it was made from something else.
func unnamed(s *statement, err error) Reason {
	r := Reason{Code: CodeInput, Statement: s.ref}
	if err != nil {
		r.Proof = []Fact{{Envelope: s.ref.Envelope, At: inputsAt(s), Value: err.Error()}}
	}
	return r
}

// otherSBOM is the verdict on a statement that names an SBOM which is not attested:
// that contradicts one that is, and without one proves nothing.
func (c *check) otherSBOM() Verdict {
	for _, s := range c.all {
		if s.ref.Kind == SBOM {
			return Contradicted
		}
	}
	return Unproven
}

// link looks which statements of a kind are named, and counts them.
func (c *check) link(s *statement, named []attest.ResourceDescriptor, kind Kind, count map[*statement]int) (found bool) {
	for _, of := range c.all {
		if of.ref.Kind != kind {
			continue
		}
		i, what, ok := of.isNamed(named)
		if !ok {
			i, what, ok = c.namedByDocument(of, named)
		}
		if !ok {
			continue
		}
		found = true
		if count != nil {
			count[of]++
		}
		c.add(Reason{Code: CodeInput, Verdict: Together, Statement: s.ref, Of: &of.ref, Proof: []Fact{listed(s, named)[i], what}})
		c.order(s, of)
	}
	return found
}

// namedByDocument finds a descriptor that names one of the caller's documents which is
// what the statement holds, spelled differently.
func (c *check) namedByDocument(of *statement, named []attest.ResourceDescriptor) (i int, proof Fact, ok bool) {
	for _, file := range c.documents {
		i := file.in(named)
		if i < 0 {
			continue
		}
		for _, f := range of.forms {
			if f.content == nil && sameDigests(f.named, file.named) || f.content != nil && sameJSON(f.content, file.content) {
				return i, Fact{of.ref.Envelope, "document", digestText(file.named), true}, true
			}
		}
	}
	return 0, Fact{}, false
}

// sameSBOM checks that there is one SBOM that all name.
func (c *check) sameSBOM(users int, count map[*statement]int) {
	for _, s := range c.all {
		if count[s] == users {
			c.add(Reason{Code: CodeSameSBOM, Verdict: Together, Statement: s.ref})
			return
		}
	}
	c.add(Reason{Code: CodeSameSBOM, Statement: Ref{Kind: SBOM}})
}

// listed are the inputs that a statement names, as facts.
func listed(s *statement, named []attest.ResourceDescriptor) []Fact {
	facts := make([]Fact, len(named))
	for i, d := range named {
		facts[i] = Fact{Envelope: s.ref.Envelope, At: fmt.Sprintf("%s/%d", inputsAt(s), i), Value: digestText(d)}
	}
	return facts
}

// inputsAt is the JSON pointer to a statement's inputs (RFC 6901: "~1" is a slash).
func inputsAt(s *statement) string {
	if s.ref.Kind == Reconciliation {
		return "/inputs"
	}
	return "/" + string(bytes.ReplaceAll([]byte(attest.MemberInputs), []byte("/"), []byte("~1")))
}

// sameJSON reports whether two texts are the same JSON value. Numbers may be spelled
// differently, as writers do that read them as floating point.
func sameJSON(a, b []byte) bool {
	x, errX := decode(a)
	y, errY := decode(b)
	return errX == nil && errY == nil && same(x, y)
}

func decode(raw []byte) (v any, err error) {
	if err := strictjson.Check(raw); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if w, ok := b[name]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && (a == b || sameNumber(a, b))
	}
	return a == b
}

// sameNumber compares numbers that floating point represents exactly enough.
func sameNumber(a, b json.Number) bool {
	const exact = 1 << 53
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y && x < exact && x > -exact
}
