package gem

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits on what is kept of a specification.
const (
	maxName         = 256
	maxVersion      = 256
	maxDependencies = 1000
)

// spec is what matters of a specification.
type spec struct {
	name     string // valid, or empty
	version  string // valid, or empty
	platform string // empty for gems that run everywhere

	summary, homepage string
	authors, emails   []string
	metadata          map[string]string
	licenses          []string
	requirePaths      []string
	files             []string
	dependencies      []string // at run time
}

// parseSpec reads what Gem::Specification#to_ruby writes: one attribute a line,
// as a literal. Where name or version is none, the "# stub:" comment before them
// states them, which RubyGems itself reads first.
func parseSpec(text string) *spec {
	s := &spec{}
	variable := "s"
	stubbed, ended := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "# stub: "):
			if !stubbed { // The second lists extensions.
				s.stub(strings.TrimPrefix(line, "# stub: "))
				stubbed = true
			}
		case strings.Contains(line, "Gem::Specification.new"):
			if _, rest, ok := strings.Cut(line, "|"); ok {
				variable, _, _ = strings.Cut(rest, "|")
			}
		case line == "else":
			// What RubyGems of before 2007 shall see: dependencies of all kinds in one.
			ended = true
		default:
			if rest, ok := strings.CutPrefix(line, variable+"."); ok {
				s.attribute(rest, ended)
			}
		}
	}
	return s
}

// stub reads "NAME VERSION PLATFORM REQUIRE_PATHS".
func (s *spec) stub(line string) {
	f := strings.SplitN(line, " ", 4)
	if len(f) < 3 {
		return
	}
	s.name, s.version = validName(f[0]), validVersion(f[1])
	s.setPlatform(f[2])
}

// attribute reads "NAME = VALUE" or a call that adds a dependency.
func (s *spec) attribute(line string, ended bool) {
	name, value, assigned := strings.Cut(line, "=")
	if call, args, ok := strings.Cut(line, "("); ok && strings.HasPrefix(call, "add_") {
		if call != "add_development_dependency" && !ended && len(s.dependencies) < maxDependencies {
			s.depend(args)
		}
		return
	}
	if !assigned {
		return
	}
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(name) {
	case "name":
		s.name = first(validName(scalar(value)), s.name)
	case "version":
		value, _ = strings.CutPrefix(value, "Gem::Version.new(")
		s.version = first(validVersion(scalar(value)), s.version)
	case "platform":
		if rest, ok := strings.CutPrefix(value, "Gem::Platform.new("); ok {
			s.setPlatform(strings.Join(list(rest), "-"))
		} else {
			s.setPlatform(scalar(value))
		}
	case "summary":
		s.summary = oneline.Text(scalar(value), statement.MaxText)
	case "homepage":
		s.homepage = scalar(value)
	case "metadata":
		s.metadata = pairs(value)
	case "email":
		if s.emails = list(value); s.emails == nil {
			s.emails = []string{scalar(value)}
		}
	case "author":
		s.authors = []string{scalar(value)}
	case "authors":
		s.authors = list(value)
	case "license":
		s.licenses = []string{scalar(value)}
	case "licenses":
		s.licenses = list(value)
	case "files":
		s.files = list(value)
	case "require_paths":
		s.requirePaths = list(value)
	}
}

// setPlatform keeps the platform of gems that have one.
func (s *spec) setPlatform(p string) {
	if p = validName(p); p != "" && p != "ruby" {
		s.platform = p
	}
}

func (s *spec) depend(args string) {
	if name := validName(scalar(strings.TrimSpace(args))); name != "" {
		s.dependencies = append(s.dependencies, name)
	}
}

// fullName is the name of the gem's directory.
func (s *spec) fullName() string {
	if s.platform == "" {
		return s.name + "-" + s.version
	}
	return s.name + "-" + s.version + "-" + s.platform
}

// supplier names the authors. Whose a mail address is can be told when there is one of
// both.
func (s *spec) supplier() string {
	authors := strings.Join(s.authors, ", ")
	if len(s.emails) == 1 && len(s.authors) <= 1 {
		return origin.Contact(authors, s.emails[0], statement.MaxText)
	}
	return oneline.Text(authors, statement.MaxText)
}

// references returns the home page and what the metadata has of the keys that rubygems.org
// documents.
func (s *spec) references() []sbom.Reference {
	refs := origin.Refer(nil, origin.Website, s.homepage)
	for _, key := range []struct{ name, typ string }{{"homepage_uri", origin.Website}, {"source_code_uri", origin.VCS},
		{"bug_tracker_uri", origin.IssueTracker}, {"download_uri", origin.Distribution}} {
		refs = origin.Refer(refs, key.typ, s.metadata[key.name])
	}
	return refs
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// validName returns s if it is a name by the rule of Gem::Specification, else the
// empty string.
func validName(s string) string {
	if len(s) > maxName || s == "" || strings.ContainsFunc(s, func(r rune) bool { return !word(r) && r != '.' && r != '-' }) {
		return ""
	}
	if strings.Trim(s, ".") == "" {
		return ""
	}
	return strings.Clone(s)
}

// validVersion is validName for the rule of Gem::Version: numbers and words with
// dots between them, the first a number.
func validVersion(s string) string {
	if len(s) > maxVersion || s == "" || s[0] < '0' || s[0] > '9' || strings.Contains(s, "..") || strings.HasSuffix(s, ".") {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !word(r) && r != '.' && r != '-' }) {
		return ""
	}
	return strings.Clone(s)
}

func word(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}
