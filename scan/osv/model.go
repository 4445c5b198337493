package osv

import (
	"slices"
	"strings"
	"time"
)

// recordFacts is the part of a record that all its packages share.
type recordFacts struct {
	id                         string
	digest                     [32]byte // SHA-256 of the record as published.
	published, modified        time.Time
	aliases, upstream, related []string
	severities                 []severity
	label                      string // database_specific.severity
	url                        string
}

// affected is what a record says about one package.
type affected struct {
	ecosystem, name string
	ranges          []versionRange
	versions        []string // Of a record that is being built.
	enumerated      []byte   // The same of an index, encoded: there can be hundreds.
	severities      []severity
	label           string
	imports         []goImport
	functions       []string
}

// lists reports whether the record enumerates the version.
func (a *affected) lists(version string) bool {
	if len(a.enumerated) == 0 {
		return slices.Contains(a.versions, version)
	}
	d := decoder{b: a.enumerated}
	for range d.count() {
		if v := d.raw(); !d.bad && string(v) == version {
			return true
		}
	}
	return false
}

type severity struct{ typ, score string }

type goImport struct {
	path                  string
	goos, goarch, symbols []string
}

// Range types of the schema.
const (
	typeSemver    = "SEMVER"
	typeEcosystem = "ECOSYSTEM"
)

type versionRange struct {
	semver bool
	events []event
}

type event struct {
	kind    eventKind
	version string
}

type eventKind byte

const (
	eventIntroduced eventKind = iota
	eventFixed
	eventLastAffected
	eventLimit
)

var eventNames = [...]string{"introduced", "fixed", "last_affected", "limit"}

// keyOf is the index key of a package: its ecosystem and name in a form in
// which the spellings of one package are equal.
func keyOf(ecosystem, name string) string {
	switch base, _, _ := strings.Cut(ecosystem, ":"); base {
	case "PyPI":
		name = pep503(name)
	case "NuGet", "Packagist":
		name = strings.ToLower(name)
	case "Red Hat":
		ecosystem = firstParts(ecosystem, 3)
	}
	return ecosystem + "\x00" + name
}

// firstParts keeps the first n parts of a colon-separated string. Records of Red
// Hat name a CPE suffix: "Red Hat:enterprise_linux:8::appstream".
func firstParts(s string, n int) string {
	for i := range len(s) {
		if s[i] == ':' {
			if n--; n == 0 {
				return s[:i]
			}
		}
	}
	return s
}

// pep503 is the normalised name of the Python simple repository API.
func pep503(name string) string {
	f := func(r rune) bool { return r == '-' || r == '_' || r == '.' }
	if strings.IndexFunc(name, f) < 0 {
		return strings.ToLower(name)
	}
	return strings.ToLower(strings.Join(strings.FieldsFunc(name, f), "-"))
}

// ecosystemOfKey is the first part of a key.
func ecosystemOfKey(key string) string {
	eco, _, _ := strings.Cut(key, "\x00")
	return eco
}
