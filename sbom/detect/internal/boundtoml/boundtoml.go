// Package boundtoml reads TOML of which nobody knows who wrote it: the parser puts up with
// any depth, at the cost of a stack that ends the process.
package boundtoml

import (
	"errors"
	"fmt"

	"github.com/BurntSushi/toml"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Unmarshal is toml.Unmarshal. Its error wraps detect.ErrFormat, or detect.ErrLimit for
// what is nested too deeply.
func Unmarshal(b []byte, into any) error {
	if nesting(b) > maxNesting {
		return &detect.LimitError{Path: "arrays, tables and keys", Limit: maxNesting, What: "levels"}
	}
	if err := toml.Unmarshal(b, into); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return fmt.Errorf("%w: line %d: %.200s", detect.ErrFormat, parse.Position.Line, parse.Message)
		}
		return fmt.Errorf("%w: %.200s", detect.ErrFormat, err.Error())
	}
	return nil
}
