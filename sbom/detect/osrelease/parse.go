package osrelease

import (
	"errors"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// parse reads assignments in the subset of shell syntax that os-release(5)
// allows. Of a repeated variable the last counts. Values are made valid UTF-8.
func parse(text string, gaps *ospkg.Gaps) map[string]string {
	vars := make(map[string]string)
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, raw, ok := strings.Cut(line, "=")
		if !ok || !validKey(key) {
			gaps.Add(sbom.GapCorrupt, "line %d is no assignment: %s", n, ospkg.Clip(line))
			continue
		}
		value, err := unquote(raw)
		if err != nil {
			gaps.Add(sbom.GapCorrupt, "line %d, %s: %v", n, key, err)
			continue
		}
		vars[strings.Clone(key)] = ospkg.Text(value)
	}
	return vars
}

// validKey reports whether s is a variable name.
func validKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

var (
	errQuote    = errors.New("the quotation is not closed")
	errTrailing = errors.New("text follows the quoted value, which os-release(5) does not allow")
	errEscape   = errors.New("a value ends in a backslash")
	errNUL      = errors.New("the value has a NUL byte")
)

// unquote returns the value of a word: bare, in single or in double quotes. What
// os-release(5) requires to be quoted and often is not, such as spaces, is taken
// as it is.
func unquote(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", errNUL
	}
	if s == "" {
		return "", nil
	}
	switch s[0] {
	case '\'':
		value, rest, ok := strings.Cut(s[1:], "'")
		return value, closing(ok, rest)
	case '"':
		return unescape(s[1:], '"')
	}
	return unescape(s, 0)
}

// unescape removes backslashes up to the closing quote; inside of double quotes
// only before those characters that are special there (POSIX shell, 2.2.3).
func unescape(s string, quote byte) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote && quote != 0:
			return b.String(), closing(true, s[i+1:])
		case c == '\\' && i+1 == len(s):
			return "", errEscape
		case c == '\\' && (quote == 0 || strings.IndexByte("\"$`\\", s[i+1]) >= 0):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), closing(quote == 0, "")
}

// closing judges what follows a value. A comment may.
func closing(closed bool, rest string) error {
	switch rest = strings.TrimSpace(rest); {
	case !closed:
		return errQuote
	case rest != "" && rest[0] != '#':
		return errTrailing
	}
	return nil
}

// alpine reads etc/alpine-release: the version alone.
func alpine(text string, gaps *ospkg.Gaps) *detect.Fragment {
	version := strings.TrimSpace(text)
	if !ospkg.ValidVersion(version) {
		gaps.Add(sbom.GapCorrupt, "%s is no version of Alpine", ospkg.Clip(version))
		return &detect.Fragment{}
	}
	return distribution(sbom.Distribution{ID: "alpine", VersionID: version, Name: "Alpine Linux " + version}, 0.8)
}

// oldReleases are the names of distributions before " release ".
var oldReleases = map[string]string{
	"CentOS":              "centos",
	"Oracle Linux Server": "ol",
	"Enterprise Linux Enterprise Linux Server": "ol",
	"Red Hat Enterprise Linux Server":          "rhel",
	"Red Hat Enterprise Linux Workstation":     "rhel",
	"Red Hat Enterprise Linux Client":          "rhel",
}

// redhat reads "CentOS release 6.10 (Final)". Files of release 7 and later say
// nothing that os-release does not.
func redhat(text string) *detect.Fragment {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	name, rest, _ := strings.Cut(line, " release ")
	version, _, _ := strings.Cut(rest, " ")
	version = strings.TrimSpace(version)
	id := oldReleases[name]
	major, _, _ := strings.Cut(version, ".")
	if id == "" || major != "5" && major != "6" || !validID(version) {
		return &detect.Fragment{}
	}
	return distribution(sbom.Distribution{ID: id, VersionID: strings.Clone(version), Name: ospkg.Text(line)}, 0.8)
}
