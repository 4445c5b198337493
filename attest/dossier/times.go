package dossier

import (
	"fmt"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// setTimes finds when the statement was signed, and when it says that it was made.
func (s *statement) setTimes() {
	if t := s.v.Time(); !t.IsZero() {
		s.trusted = moment{t, Fact{s.ref.Envelope, "signature", t.UTC().Format(time.RFC3339), true}}
	}
	text, at := s.claim()
	if t, err := time.Parse(time.RFC3339, text); err == nil && !t.IsZero() {
		s.claimed = moment{t, Fact{s.ref.Envelope, at, t.UTC().Format(time.RFC3339), false}}
	}
}

// claim returns when a predicate says that it was made, in RFC 3339, and where. Of what took
// a while it is the end.
func (s *statement) claim() (text, at string) {
	var p struct {
		Metadata struct {
			Timestamp       string `json:"timestamp"`       // CycloneDX
			ScanFinishedOn  string `json:"scanFinishedOn"`  // vuln, vulns
			BuildFinishedOn string `json:"buildFinishedOn"` // runtime-trace
		} `json:"metadata"`
		CreationInfo struct {
			Created string `json:"created"` // SPDX 2
		} `json:"creationInfo"`
		Coverage struct {
			End string `json:"end"` // RBOM
		} `json:"coverage"`
		TimeCreated string `json:"timeCreated"` // reconciliation
	}
	if s.ref.PredicateType == attest.TypeSPDX3 {
		return s.claimSPDX3()
	}
	if strictjson.Decode(s.v.Predicate(), &p) != nil {
		return "", ""
	}
	switch s.ref.PredicateType {
	case attest.TypeCycloneDX:
		return p.Metadata.Timestamp, "/metadata/timestamp"
	case attest.TypeSPDX, attest.TypeSPDX23:
		return p.CreationInfo.Created, "/creationInfo/created"
	case attest.TypeCosignVuln, attest.TypeVulns01, attest.TypeVulns02:
		return p.Metadata.ScanFinishedOn, "/metadata/scanFinishedOn"
	case attest.TypeRuntimeTrace:
		return p.Metadata.BuildFinishedOn, "/metadata/buildFinishedOn"
	case attest.TypeRBOM:
		return p.Coverage.End, "/coverage/end"
	case attest.TypeReconciliation:
		return p.TimeCreated, "/timeCreated"
	}
	return "", ""
}

// claimSPDX3 returns the first creation that the graph of an SPDX 3 document has:
// writers put one there for all elements.
func (s *statement) claimSPDX3() (text, at string) {
	var p struct {
		Graph []struct {
			Type    string `json:"type"`
			Created string `json:"created"`
		} `json:"@graph"`
	}
	if strictjson.Decode(s.v.Predicate(), &p) != nil {
		return "", ""
	}
	for i, e := range p.Graph {
		if e.Type == "CreationInfo" {
			return e.Created, pointer("@graph", i) + "/created"
		}
	}
	return "", ""
}

func pointer(member string, i int) string { return fmt.Sprintf("/%s/%d", member, i) }

// signed checks that nothing claims to be younger than its signature.
func (c *check) signed() {
	for _, s := range c.all {
		if s.claimed.IsZero() || s.trusted.IsZero() {
			continue
		}
		r := Reason{Code: CodeSigned, Verdict: Together, Statement: s.ref, Proof: []Fact{s.claimed.fact, s.trusted.fact}}
		if s.claimed.After(s.trusted.Add(c.opts.Tolerance)) {
			r.Verdict = Contradicted
		}
		c.add(r)
	}
}

// order checks that a statement is not older than what it was made from.
func (c *check) order(s, of *statement) {
	r := Reason{Code: CodeOrder, Statement: s.ref, Of: &of.ref}
	later := func(a, b moment) bool { return !a.IsZero() && !b.IsZero() && a.After(b.Add(c.opts.Tolerance)) }
	decide := func(v Verdict, a, b moment) {
		r.Verdict, r.Proof = v, []Fact{a.fact, b.fact}
	}
	both := func(a, b moment) bool { return !a.IsZero() && !b.IsZero() && !later(a, b) }
	switch {
	case later(of.claimed, s.trusted): // was signed before the other was made
		decide(Contradicted, of.claimed, s.trusted)
	case later(of.claimed, s.claimed):
		decide(Contradicted, of.claimed, s.claimed)
	case both(of.trusted, s.trusted):
		decide(Together, of.trusted, s.trusted)
	case both(of.claimed, s.claimed):
		decide(Together, of.claimed, s.claimed)
	case both(of.claimed, s.trusted):
		decide(Together, of.claimed, s.trusted)
	case both(of.trusted, s.claimed):
		decide(Together, of.trusted, s.claimed)
	}
	c.add(r)
}
