package score

import (
	"regexp"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

var pythonSeparators = regexp.MustCompile(`[-_.]+`)

// Normalize returns a name and a version in the one spelling of its ecosystem that
// comparisons are made in, so that nobody is blamed for spelling: names of PyPI
// as PEP 503 says, versions of Go without their "v".
func Normalize(eco truth.Ecosystem, name, version string) (string, string) {
	switch eco {
	case truth.PyPI:
		return strings.ToLower(pythonSeparators.ReplaceAllString(name, "-")), version
	case truth.Go:
		// The type's rules want lower case; not every tool keeps to them.
		return strings.ToLower(name), strings.TrimPrefix(version, "v")
	}
	return name, version
}
