// Package misleading recognises texts that seem to lead where they do not.
package misleading

import (
	"slices"
	"strings"
)

// URI reports whether a URI may lead elsewhere than its text begins: a client that
// fetches it resolves "..", also when it is escaped, before it asks the host, and takes a
// backslash for a slash. White space and control characters mislead as well.
func URI(uri string) bool {
	uri = unescape.Replace(uri)
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return true
	}
	elements := strings.FieldsFunc(uri, func(r rune) bool { return strings.ContainsRune("/@?#", r) })
	return slices.Contains(elements, ".") || slices.Contains(elements, "..")
}

// unescape decodes the escapes that change where a URI leads.
var unescape = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`)
