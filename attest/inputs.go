package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// TypeRBOM is the runtime bill of materials of package rbom.
const TypeRBOM = "https://github.com/imagetrust/imagetrust/rbom/v0.1"

// MemberInputs is the member by which a predicate of any type names what it was made
// from, a list of ResourceDescriptors. Extension members of predicates are named by
// URIs, and readers that do not know one ignore it (in-toto attestation v1, "Parsing
// rules").
const MemberInputs = "https://github.com/imagetrust/imagetrust/inputs/v0.1"

// WithInputs returns p with MemberInputs: with the SBOM that a scan looked at, for
// example. A predicate that is no JSON object or has inputs already, and an input that
// no digest binds, make NewStatement fail with ErrPredicate. A [Reconciliation] has
// inputs of its own.
func WithInputs(p Predicate, inputs ...ResourceDescriptor) Predicate {
	if p.err != nil {
		return p
	}
	if err := checkAll("inputs", inputs); err != nil {
		return failed(p.Type, err)
	}
	members := 0
	err := strictjson.Object(p.Content, func(name string, _ []byte) error {
		if members++; name == MemberInputs {
			return errors.New("has inputs already")
		}
		return nil
	})
	if err != nil {
		return failed(p.Type, err)
	}
	list, err := strictjson.Encode(inputs)
	if err != nil {
		return failed(p.Type, err)
	}
	separator := ","
	if members == 0 {
		separator = ""
	}
	body := bytes.TrimSuffix(bytes.TrimSpace(p.Content), []byte("}"))
	return Predicate{Type: p.Type, Content: fmt.Appendf(nil, `%s%s%q:%s}`, body, separator, MemberInputs, list)}
}

// Inputs returns what the statement says that it was made from: the inputs of a
// [Reconciliation], and MemberInputs of any other predicate. It is empty if the
// statement says nothing. The error is an ErrPredicate, also when v is not valid.
func Inputs(v *Verified) ([]ResourceDescriptor, error) {
	if !v.Valid() {
		return nil, fmt.Errorf("%w: not verified", ErrPredicate)
	}
	if v.statement.PredicateType == TypeReconciliation {
		r, err := DecodePredicate[Reconciliation](v)
		if err != nil {
			return nil, err
		}
		return r.Inputs, checkAll("inputs", r.Inputs)
	}
	if !strictjson.IsObject(v.statement.Predicate) {
		return nil, nil
	}
	var raw json.RawMessage
	err := strictjson.Object(v.statement.Predicate, func(name string, value []byte) error {
		if name == MemberInputs {
			raw = value
		}
		return strictjson.ExactCase(name, MemberInputs)
	})
	if err != nil || raw == nil {
		return nil, inPredicate(v, err)
	}
	var inputs []ResourceDescriptor
	if err := strictjson.Decode(raw, &inputs); err != nil {
		return nil, inPredicate(v, err)
	}
	return inputs, checkAll("inputs", inputs)
}

func inPredicate(v *Verified, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %.120s: %w", ErrPredicate, v.statement.PredicateType, err)
}

// DescribePredicate names p, by the name that people know it by and by the SHA-256 of
// its content as it is signed: without white space between the values. By that
// digest a reader of the statement knows it again, while the file that it was read
// from may be spelled differently. The error is an ErrPredicate.
func DescribePredicate(name string, p Predicate) (ResourceDescriptor, error) {
	if p.err != nil {
		return ResourceDescriptor{}, fmt.Errorf("%w: %w", ErrPredicate, p.err)
	}
	signed, err := strictjson.Encode(p.Content)
	if err != nil {
		return ResourceDescriptor{}, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return NewSubject(name, digestOf(signed)), nil
}
