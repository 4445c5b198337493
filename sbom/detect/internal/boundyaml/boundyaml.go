// Package boundyaml reads YAML of which nobody knows who wrote it: in time and memory
// that grow with its size. yaml.v3 compares each key of a mapping with each other one, so
// that a lock file of a hundred thousand packages takes minutes, and follows an alias as
// often as it is named.
package boundyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxRepeated is how many nodes aliases may stand for, each as often as it is named: what
// is named in vain counts too. Lock files have no aliases.
const maxRepeated = 1_000_000

// maxNodes is how many keys and values the documents of a file may have, as far as their
// signs tell: each takes some 190 bytes, whatever it says. A lock file of a hundred thousand
// packages has about two millions.
const maxNodes = 3_000_000

// Unmarshal is yaml.Unmarshal within the bound. Its error wraps detect.ErrFormat or
// detect.ErrLimit.
func Unmarshal(b []byte, into any) error {
	err := NewDecoder(b).Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Decoder reads one document after the other.
type Decoder struct {
	in    *yaml.Decoder
	nodes int
}

// NewDecoder returns a decoder of the documents in b.
func NewDecoder(b []byte) *Decoder {
	d := &Decoder{in: yaml.NewDecoder(bytes.NewReader(b))}
	for _, sign := range []string{"\n", ": ", ",", "[", "{", "- ", "? "} {
		d.nodes += bytes.Count(b, []byte(sign))
	}
	return d
}

// Decode reads the next document. Its error is io.EOF behind the last one, and otherwise
// wraps detect.ErrFormat or detect.ErrLimit; and *yaml.TypeError if only some values are
// of a wrong type, when the others are read and there may be further documents.
func (d *Decoder) Decode(into any) error {
	if d.nodes > maxNodes {
		return &detect.LimitError{Path: "keys and values", Limit: maxNodes, Size: int64(d.nodes), What: "keys and values"}
	}
	var doc yaml.Node
	if err := d.in.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return malformed(err)
	}
	if (&counter{known: make(map[*yaml.Node]int)}).repeated(&doc) > maxRepeated {
		return &detect.LimitError{Path: "aliases", Limit: maxRepeated, What: "repeated nodes"}
	}
	split(&doc, maxKeys)
	if err := doc.Decode(into); err != nil {
		return malformed(err)
	}
	return nil
}

func malformed(err error) error {
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%w: %.200s%w", detect.ErrFormat, err.Error(), silent{wrong})
	}
	return fmt.Errorf("%w: %.200s", detect.ErrFormat, err.Error())
}

// silent is an error that is said already.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }
