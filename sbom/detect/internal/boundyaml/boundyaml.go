// Package boundyaml reads YAML of which nobody knows who wrote it: yaml.v3 compares each
// key of a mapping with each other one, and does so again for each alias, so that a
// lock file of a megabyte takes a minute, and one of 30 megabytes half a day.
package boundyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxPairs is the most pairs of keys that may be compared: those of two mappings of
// 10,000 keys, which takes some seconds. Large lock files have some thousand packages.
const maxPairs = 100_000_000

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
type Decoder struct{ in *yaml.Decoder }

// NewDecoder returns a decoder of the documents in b.
func NewDecoder(b []byte) *Decoder { return &Decoder{yaml.NewDecoder(bytes.NewReader(b))} }

// Decode reads the next document. Its error is io.EOF behind the last one, and otherwise
// wraps detect.ErrFormat or detect.ErrLimit; and *yaml.TypeError if only some values are
// of a wrong type, when the others are read and there may be further documents.
func (d *Decoder) Decode(into any) error {
	var doc yaml.Node
	if err := d.in.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return malformed(err)
	}
	if (&counter{known: make(map[*yaml.Node]int)}).pairs(&doc) > maxPairs {
		return &detect.LimitError{Path: "mappings", Limit: maxPairs, What: "pairs of keys"}
	}
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

// counter counts pairs of keys. What an alias stands for is counted once for each.
type counter struct{ known map[*yaml.Node]int }

func (c *counter) pairs(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || len(n.Content) == 0 {
		return 0
	}
	if have, ok := c.known[n]; ok {
		return have
	}
	c.known[n] = 0 // for what it has inside itself, which yaml.v3 refuses
	sum := 0
	if n.Kind == yaml.MappingNode {
		keys := len(n.Content) / 2
		sum = min(keys*keys/2, maxPairs+1)
	}
	for _, child := range n.Content {
		sum = min(sum+c.pairs(child), maxPairs+1)
	}
	c.known[n] = sum
	return sum
}
