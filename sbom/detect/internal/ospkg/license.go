package ospkg

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
)

// MaxLicense is the length in bytes of the longest licence statement that is
// mapped to an expression.
const MaxLicense = 4096

// Building a replacer costs more than most replacements: there is one of each.
var spaceParentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

// Expression returns the SPDX expression that a statement of a distribution
// means, and whether there is one. names maps, in lower case, the distribution's
// own names of licences to SPDX; the names of the GNU licences without a minor
// version, and SPDX's own deprecated ones, are known.
func Expression(statement string, names map[string]string) (string, bool) {
	if len(statement) > MaxLicense {
		return "", false
	}
	words := strings.Fields(spaceParentheses.Replace(statement))
	words = exceptions(words)
	for i, w := range words {
		if id, ok := names[strings.ToLower(w)]; ok {
			words[i] = id
		} else if id := gnu(w); id != "" {
			words[i] = id
		}
	}
	if expr, ok := spdxexpr.Parse(strings.Join(words, " ")); ok {
		return expr, true
	}
	return spdxexpr.FromText(statement)
}

// exceptions shortens "with Bison exception" to "with Bison-exception-2.2", for
// those exceptions of which there is one version.
func exceptions(words []string) []string {
	known := map[string]string{
		"bison": "Bison-exception-2.2", "classpath": "Classpath-exception-2.0", "font": "Font-exception-2.0",
		"linux-syscall-note": "Linux-syscall-note",
	}
	for i := 2; i < len(words); i++ {
		id := known[strings.ToLower(words[i-1])]
		if id != "" && strings.EqualFold(words[i-2], "with") && strings.EqualFold(words[i], "exception") {
			words[i-1] = id
			words = append(words[:i], words[i+1:]...)
		}
	}
	return words
}

// gnu returns the current SPDX identifier of "GPL-2", "LGPL-2.1+", "GPL-3.0",
// "AGPL-3-or-later" and their like; empty for other licences.
func gnu(s string) string {
	family, version, ok := strings.Cut(strings.ToLower(s), "-")
	if !ok || family != "gpl" && family != "lgpl" && family != "agpl" {
		return ""
	}
	suffix := "-only"
	for _, later := range []string{"+", "-or-later", "-or-newer"} {
		if rest, ok := strings.CutSuffix(version, later); ok {
			version, suffix = rest, "-or-later"
		}
	}
	version = strings.TrimSuffix(version, "-only")
	if !strings.Contains(version, ".") {
		version += ".0"
	}
	return strings.ToUpper(family) + "-" + version + suffix
}
