package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Statement types. New statements are v1; v0.1, which cosign still writes, is
// read as well.
const (
	StatementV1  = "https://in-toto.io/Statement/v1"
	StatementV01 = "https://in-toto.io/Statement/v0.1"
)

// maxSubjects is far above what any builder or registry allows.
const maxSubjects = 1 << 16

// PayloadType is the DSSE payload type of in-toto statements.
const PayloadType = "application/vnd.in-toto+json"

// Statement is an in-toto statement: a predicate about subjects.
type Statement struct {
	// Type is StatementV1 or StatementV01.
	Type string
	// Subject lists what the statement is about, at least one.
	Subject []Subject
	// PredicateType is a URI.
	PredicateType string
	// Predicate is any JSON value but null, as it was signed.
	Predicate json.RawMessage
	// Extra are members that this package does not know.
	Extra map[string]json.RawMessage
}

// NewStatement makes a statement v1. Each subject needs a SHA-256, SHA-384 or
// SHA-512 digest. The error is an ErrPredicate, ErrStatement or ErrDigest.
func NewStatement(p Predicate, subjects ...Subject) (*Statement, error) {
	switch {
	case errors.Is(p.err, ErrPredicate):
		return nil, fmt.Errorf("%s: %w", p.Type, p.err)
	case p.err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrPredicate, p.Type, p.err)
	}
	st := &Statement{Type: StatementV1, Subject: subjects, PredicateType: p.Type, Predicate: p.Content}
	st = st.clone()
	if err := st.validate(); err != nil {
		return nil, err
	}
	for _, s := range st.Subject {
		if err := s.checkDigests(); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// ParseStatement reads a statement strictly, as the package comment describes.
// What it returns is a claim: parsing proves nothing. The error is an
// ErrStatement, ErrPredicate or ErrLimit.
func ParseStatement(payload []byte) (*Statement, error) {
	return parseStatement(slices.Clone(payload))
}

// parseStatement is ParseStatement keeping slices of payload.
func parseStatement(payload []byte) (*Statement, error) {
	st := &Statement{}
	if err := strictjson.Object(payload, st.setMember); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if err := st.validateForm(); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *Statement) setMember(name string, value []byte) error {
	switch name {
	case "_type":
		return json.Unmarshal(value, &s.Type)
	case "predicateType":
		return json.Unmarshal(value, &s.PredicateType)
	case "predicate":
		s.Predicate = value
		return nil
	case "subject":
		return strictjson.Array(value, func(v []byte) error {
			if len(s.Subject) == maxSubjects {
				return fmt.Errorf("%w: more than %d subjects", ErrLimit, maxSubjects)
			}
			var d ResourceDescriptor
			if !strictjson.IsObject(v) {
				return errors.New("subject is not an object")
			}
			err := d.UnmarshalJSON(v)
			s.Subject = append(s.Subject, d)
			return err
		})
	}
	if s.Extra == nil {
		s.Extra = map[string]json.RawMessage{}
	}
	s.Extra[name] = value
	return strictjson.ExactCase(name, "_type", "predicateType", "predicate", "subject")
}

// UnmarshalJSON is ParseStatement.
func (s *Statement) UnmarshalJSON(data []byte) error {
	st, err := ParseStatement(data)
	if err == nil {
		*s = *st
	}
	return err
}

// plainStatement has the members of a statement in the order in which they are
// written.
type plainStatement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

var openStatement = strictjson.NewOpen[plainStatement]()

// MarshalJSON returns the statement as it would be signed.
func (s *Statement) MarshalJSON() ([]byte, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	out, err := openStatement.Encode(plainStatement{s.Type, s.Subject, s.PredicateType, s.Predicate}, s.Extra)
	if err != nil { // Extra may repeat a known member
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return out, nil
}

// validateForm checks all but the predicate's own JSON.
func (s *Statement) validateForm() error {
	switch {
	case s.Type != StatementV1 && s.Type != StatementV01:
		return fmt.Errorf("%w: _type is %.80q", ErrStatement, s.Type)
	case len(s.Subject) == 0:
		return fmt.Errorf("%w: no subject", ErrStatement)
	case s.PredicateType == "":
		return fmt.Errorf("%w: no predicateType", ErrStatement)
	case len(s.Predicate) == 0 || strictjson.IsNull(s.Predicate):
		return fmt.Errorf("%w: %s: null or absent", ErrPredicate, s.PredicateType)
	}
	return nil
}

func (s *Statement) validate() error {
	if err := s.validateForm(); err != nil {
		return err
	}
	if err := strictjson.Check(s.Predicate); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrPredicate, s.PredicateType, err)
	}
	return nil
}

// About reports whether d is the digest of one of the subjects. The algorithm is
// that of d; names do not count.
func (s *Statement) About(d Digest) bool { return s.about([]Digest{d}) }

// about reports whether one subject has all of digests, which are of one artifact, as
// far as it has their algorithms at all, and at least one of them.
func (s *Statement) about(digests []Digest) bool {
	return slices.ContainsFunc(s.Subject, func(r Subject) bool {
		same := 0
		for _, d := range digests {
			hex, ok := r.Digest[d.Algorithm()]
			if ok && hex != d.Hex() {
				return false
			}
			if ok {
				same++
			}
		}
		return same > 0
	})
}

func (s *Statement) clone() *Statement {
	c := *s
	c.Predicate = slices.Clone(s.Predicate)
	c.Extra = cloneExtra(s.Extra)
	c.Subject = slices.Clone(s.Subject)
	for i, r := range c.Subject {
		c.Subject[i] = r.clone()
	}
	return &c
}
