// Package pep implements the parts of Python's packaging standards that several
// detectors need: names (PEP 503, 508), and requirements with their environment
// markers (PEP 508).
package pep

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// MaxVersion is the length in bytes of the longest version that is kept.
const MaxVersion = 256

// Normalize returns a name in its canonical spelling: lower case, with each run
// of "-", "_" and "." as one "-" (PEP 503).
func Normalize(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			dash = true
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ValidName implements the grammar of PEP 508.
func ValidName(s string) bool {
	if s == "" || len(s) > 256 || !alnum(s[0]) || !alnum(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return true
}

func alnum(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }

func nameByte(c byte) bool { return alnum(c) || c == '-' || c == '_' || c == '.' }

// Requirement is a dependency specifier: NAME[EXTRAS] SPECIFIER ; MARKER, or with
// "@ URL" instead of the specifier.
type Requirement struct {
	Name string
	// Specifier is a list of comparisons such as ">=1,<2", without parentheses.
	Specifier string
	// URL is the address of a direct reference.
	URL string
	// Marker is a condition on the environment.
	Marker string
}

// Parse splits a requirement. ok is false when it has no valid name, or something
// else behind it than extras, comparisons, an address or a marker.
func Parse(s string) (r Requirement, ok bool) {
	end := 0
	s = strings.TrimSpace(s)
	for end < len(s) && nameByte(s[end]) {
		end++
	}
	if r.Name = s[:end]; !ValidName(r.Name) {
		return Requirement{}, false
	}
	rest := strings.TrimSpace(s[end:])
	if strings.HasPrefix(rest, "[") {
		_, rest, ok = strings.Cut(rest, "]")
		if !ok {
			return Requirement{}, false
		}
		rest = strings.TrimSpace(rest)
	}
	if address, direct := strings.CutPrefix(rest, "@"); direct {
		// A semicolon may be in an address; a marker has a space before it.
		r.URL, r.Marker, _ = strings.Cut(strings.TrimSpace(address), " ;")
	} else {
		rest, r.Marker, _ = strings.Cut(rest, ";")
		rest = strings.TrimSpace(rest)
		rest = strings.TrimSuffix(strings.TrimPrefix(rest, "("), ")")
		if r.Specifier = strings.TrimSpace(rest); r.Specifier != "" && !strings.ContainsRune("<>=!~", rune(r.Specifier[0])) {
			return Requirement{}, false
		}
	}
	r.URL, r.Marker = strings.TrimSpace(r.URL), strings.TrimSpace(r.Marker)
	return r, true
}

// Pinned returns the one version that the requirement allows, empty if it is not
// pinned to one with "==" or "===".
func (r *Requirement) Pinned() string {
	version, ok := strings.CutPrefix(r.Specifier, "==")
	if !ok {
		return ""
	}
	version = strings.TrimSpace(strings.TrimPrefix(version, "="))
	if strings.ContainsAny(version, "*,<>=!~@; ") {
		return ""
	}
	return oneline.Token(version, MaxVersion)
}
