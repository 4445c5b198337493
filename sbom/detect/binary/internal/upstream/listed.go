package upstream

import "strings"

// Listed returns the project that a source package is of as package names spells it: without
// what Debian adds to the names of some, a language, a version, or that it is the one to take. A number at the end without a full
// stop stays, as it may be the project's: pcre2.
func Listed(source string) string {
	for _, added := range []string{"-opensource-src", "-dfsg", "-defaults"} {
		source = strings.TrimSuffix(source, added)
	}
	name := strings.TrimRight(source, ".0123456789")
	if versioned := strings.HasSuffix(name, "-") || strings.Contains(source[len(name):], "."); versioned && len(name) > 2 {
		source = strings.TrimSuffix(name, "-")
	}
	return Title(strings.TrimSuffix(source, "-toolchain"))
}
