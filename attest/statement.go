package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Statement types. New statements are v1; v0.1, which cosign still writes, is
// read as well.
const (
	StatementV1  = "https://in-toto.io/Statement/v1"
	StatementV01 = "https://in-toto.io/Statement/v0.1"
)

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

// Subject is a subject of a statement. Its Digest binds; its name does not.
type Subject = ResourceDescriptor

// ResourceDescriptor names an artifact (in-toto attestation v1).
type ResourceDescriptor struct {
	Name string `json:"name,omitempty"`
	URI  string `json:"uri,omitempty"`
	// Digest maps algorithm names such as "sha256" to lower-case hexadecimal.
	Digest           map[string]string `json:"digest,omitempty"`
	Content          []byte            `json:"content,omitempty"`
	DownloadLocation string            `json:"downloadLocation,omitempty"`
	MediaType        string            `json:"mediaType,omitempty"`
	Annotations      map[string]any    `json:"annotations,omitempty"`
	// Extra are members that this package does not know.
	Extra map[string]json.RawMessage `json:"-"`
}

// NewSubject returns the subject with the given digest. The name is for people
// and may be empty.
func NewSubject(name string, d Digest) Subject {
	return Subject{Name: name, Digest: map[string]string{d.Algorithm(): d.Hex()}}
}

// NewStatement makes a statement v1. Each subject needs a SHA-256, SHA-384 or
// SHA-512 digest. The error is an ErrPredicate, ErrStatement or ErrDigest.
func NewStatement(p Predicate, subjects ...Subject) (*Statement, error) {
	if p.err != nil {
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
	if err := scanObject(payload, st.setMember); err != nil {
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
		return scanArray(value, func(v []byte) error {
			var d ResourceDescriptor
			if !isObject(v) {
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
	return exactCase(name, "_type", "predicateType", "predicate", "subject")
}

// UnmarshalJSON is ParseStatement.
func (s *Statement) UnmarshalJSON(data []byte) error {
	st, err := ParseStatement(data)
	if err == nil {
		*s = *st
	}
	return err
}

// MarshalJSON returns the statement as it would be signed.
func (s *Statement) MarshalJSON() ([]byte, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	known, err := encodeJSON(struct {
		Type          string          `json:"_type"`
		Subject       []Subject       `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}{s.Type, s.Subject, s.PredicateType, s.Predicate})
	if err != nil {
		return nil, err
	}
	return appendExtra(known, s.Extra)
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
	case len(s.Predicate) == 0 || isNull(s.Predicate):
		return fmt.Errorf("%w: %s: null or absent", ErrPredicate, s.PredicateType)
	}
	return nil
}

func (s *Statement) validate() error {
	if err := s.validateForm(); err != nil {
		return err
	}
	if err := checkJSON(s.Predicate); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrPredicate, s.PredicateType, err)
	}
	return nil
}

// About reports whether d is the digest of one of the subjects. The algorithm is
// that of d; names do not count.
func (s *Statement) About(d Digest) bool {
	return slices.ContainsFunc(s.Subject, func(r Subject) bool {
		hex, ok := r.Digest[d.Algorithm()]
		return ok && hex == d.Hex()
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

func (r ResourceDescriptor) clone() ResourceDescriptor {
	r.Digest = maps.Clone(r.Digest)
	r.Content = slices.Clone(r.Content)
	r.Annotations, _ = cloneValue(r.Annotations).(map[string]any)
	r.Extra = cloneExtra(r.Extra)
	return r
}

// cloneValue copies the containers of a decoded JSON value.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := maps.Clone(v)
		for k := range c {
			c[k] = cloneValue(c[k])
		}
		return c
	case []any:
		c := slices.Clone(v)
		for i := range c {
			c[i] = cloneValue(c[i])
		}
		return c
	default:
		return v
	}
}

func cloneExtra(extra map[string]json.RawMessage) map[string]json.RawMessage {
	c := maps.Clone(extra)
	for k := range c {
		c[k] = slices.Clone(c[k])
	}
	return c
}

// checkDigests wants well-formed digests, at least one of them strong enough to
// bind.
func (r ResourceDescriptor) checkDigests() error {
	binding := 0
	for algorithm, hex := range r.Digest {
		if _, known := digestHexLength[algorithm]; !known {
			continue // kept beside a binding one: gitCommit, dirHash, sha1
		}
		if err := Digest(algorithm + ":" + hex).Validate(); err != nil {
			return err
		}
		binding++
	}
	if binding == 0 {
		return fmt.Errorf("%w: subject %.80q has none of sha256, sha384, sha512", ErrDigest, r.Name)
	}
	return nil
}

var descriptorMembers = []string{"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"}

// UnmarshalJSON reads a descriptor and keeps unknown members in Extra. Members
// that differ from known ones only in case are an error.
func (r *ResourceDescriptor) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		return nil
	}
	type plain ResourceDescriptor
	var p plain
	err := scanObject(data, func(name string, value []byte) error {
		if slices.Contains(descriptorMembers, name) {
			return nil
		}
		if p.Extra == nil {
			p.Extra = map[string]json.RawMessage{}
		}
		p.Extra[name] = slices.Clone(value)
		return exactCase(name, descriptorMembers...)
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*r = ResourceDescriptor(p)
	return nil
}

// MarshalJSON writes the known members and then those of Extra.
func (r ResourceDescriptor) MarshalJSON() ([]byte, error) {
	type plain ResourceDescriptor
	known, err := encodeJSON(plain(r))
	if err != nil {
		return nil, err
	}
	return appendExtra(known, r.Extra)
}

// encodeJSON encodes compactly and leaves <, > and & as they are.
func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// appendExtra adds members to an encoded object, in the order of their names.
func appendExtra(object []byte, extra map[string]json.RawMessage) ([]byte, error) {
	if len(extra) == 0 {
		return object, nil
	}
	var out bytes.Buffer
	out.Write(bytes.TrimSuffix(object, []byte("}")))
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		member, err := encodeJSON(map[string]json.RawMessage{name: extra[name]})
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.WriteString(strings.TrimSuffix(string(member[1:]), "}"))
	}
	out.WriteByte('}')
	if err := checkJSON(out.Bytes()); err != nil { // Extra may repeat a known member
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return out.Bytes(), nil
}
