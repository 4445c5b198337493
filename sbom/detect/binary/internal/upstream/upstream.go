// Package upstream reads what Debian says of its sources as what upstreams call their projects
// and their versions.
package upstream

import (
	"regexp"
	"strings"
)

// What distributions append to the versions of upstreams: the epoch, the revision, and
// that the source was repackaged or is a snapshot.
var (
	appended = regexp.MustCompile(`[.+~-]?(dfsg|ds|repack|really|stable|debian|nmu|clean|gitlab).*$`)
	snapshot = regexp.MustCompile(`([+~.-](git|svn|hg|deb|cvs|bzr)|[+~-]20\d{6}).*$`)
	early    = regexp.MustCompile(`~(alpha|beta|pre|rc)`)
)

// Version returns the part of a distribution's version that is the upstream's.
func Version(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	if i := strings.LastIndexByte(version, '-'); i > 0 {
		version = version[:i]
	}
	if _, rest, ok := strings.Cut(version, "+really"); ok {
		version = rest
	}
	version = early.ReplaceAllString(version, "-$1")
	version = snapshot.ReplaceAllString(appended.ReplaceAllString(version, ""), "")
	if i := strings.IndexAny(version, "+~"); i > 0 {
		version = version[:i]
	}
	return version
}

// Canonical returns a version as spellings are compared: its numbers and words with
// full stops between them, without zeros in front or at the end. "6.9.11-60" is
// "6.9.11.60", and "10.00.0" is "10".
func Canonical(version string) string {
	out := make([]byte, 0, len(version)+4)
	end := 0 // behind the last part that is not zero
	for i := 0; i < len(version); {
		j := i
		switch c := version[i]; {
		case c >= '0' && c <= '9':
			for j < len(version) && version[j] >= '0' && version[j] <= '9' {
				j++
			}
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			for j < len(version) && version[j]|0x20 >= 'a' && version[j]|0x20 <= 'z' {
				j++
			}
		default:
			i++
			continue
		}
		if len(out) > 0 {
			out = append(out, '.')
		}
		part := strings.TrimLeft(version[i:j], "0")
		if part == "" {
			part = "0"
		}
		if out = append(out, strings.ToLower(part)...); part != "0" || end == 0 {
			end = len(out)
		}
		i = j
	}
	return string(out[:end])
}

// Project returns the name of the project that a source package is of: without the
// version that some names have, and what distributions add for a language.
func Project(source, homepage string) string {
	source = strings.TrimSuffix(strings.TrimSuffix(source, "-dfsg"), "-mozilla")
	source = strings.TrimSuffix(strings.TrimSuffix(source, "-opensource-src"), "-toolchain")
	name := strings.TrimRight(source, ".0123456789")
	number := source[len(name):]
	switch short := strings.TrimSuffix(name, "-"); {
	case number == "" || len(short) < 2:
		return source
	case short != name || strings.Contains(number, "."):
		return strings.TrimSuffix(short, "-toolchain")
	case strings.Contains(homepage, short) && !strings.Contains(homepage, source):
		return short // The number is the distribution's: gnutls28.
	}
	return source
}

// Title returns a project's name without the language that distributions put in front.
func Title(project string) string {
	for _, prefix := range []string{"rust-", "golang-", "haskell-", "ocaml-"} {
		if short, ok := strings.CutPrefix(project, prefix); ok {
			return short
		}
	}
	return project
}
