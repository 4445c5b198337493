package attest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

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

// checkAll is checkDigests for each of a predicate's descriptors. The error is an
// ErrPredicate.
func checkAll(member string, list []ResourceDescriptor) error {
	for i, d := range list {
		if err := d.checkDigests(); err != nil {
			return fmt.Errorf("%w: %s[%d]: %w", ErrPredicate, member, i, err)
		}
	}
	return nil
}

// plainDescriptor is a ResourceDescriptor without its methods.
type plainDescriptor ResourceDescriptor

var openDescriptor = strictjson.NewOpen[plainDescriptor]()

// UnmarshalJSON reads a descriptor and keeps unknown members in Extra. Members
// that differ from known ones only in case are an error.
func (r *ResourceDescriptor) UnmarshalJSON(data []byte) error {
	if strictjson.IsNull(data) {
		return nil
	}
	p, extra, err := openDescriptor.Decode(data)
	if err != nil {
		return err
	}
	*r = ResourceDescriptor(p)
	r.Extra = extra
	return nil
}

// MarshalJSON writes the known members and then those of Extra.
func (r ResourceDescriptor) MarshalJSON() ([]byte, error) {
	return openDescriptor.Encode(plainDescriptor(r), r.Extra)
}
