package scalibr

import (
	"bytes"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits of TOML, whose parser goes as deep as the file says: a stack that overflows
// ends the process. The largest lock files known open some 10,000 tables and arrays.
const (
	maxOpenings = 100_000 // of arrays and tables, nested or not
	maxDots     = 1_000   // of a key, counted by line; time grows with the square
)

// readsTOML reports whether the extractor of that name does.
func readsTOML(name string) bool {
	switch name {
	case "gleam/gleamtoml", "java/gradleversioncatalog", "julia/manifesttoml", "julia/projecttoml", "python/pdmlock",
		"python/poetrylock", "python/pylock", "python/pyprojecttoml", "python/uvlock", "runtime/mise", "rust/cargolock",
		"rust/cargotoml":
		return true
	}
	return false
}

// shallow returns an error that wraps detect.ErrLimit unless a file of TOML is within
// the limits.
func shallow(f *detect.File) error {
	data, err := io.ReadAll(f.Reader())
	if err != nil {
		return err
	}
	if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxOpenings {
		return &detect.LimitError{Path: f.Path, Limit: maxOpenings, What: "arrays and tables"}
	}
	for line := range bytes.Lines(data) {
		if bytes.Count(line, []byte(".")) > maxDots {
			return &detect.LimitError{Path: f.Path, Limit: maxDots, What: "dots in a line"}
		}
	}
	return nil
}
