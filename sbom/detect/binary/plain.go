package binary

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// maxFileName is the length in bytes of the longest name of a file that systems have.
const maxFileName = 255

// plainName returns a name of a file as findings may have it: one line of printable text. Any other
// name says nothing, nor does one that no system has: without what cannot be printed it would
// be another name.
func plainName(name string) string {
	if len(name) > maxFileName || oneline.Text(name, maxFileName+len("…")) != name {
		return ""
	}
	return name
}

// facts are those of the headers, with a name of the library as findings may have it.
func (c *collector) facts() header.Facts {
	f := c.headers.Facts(c.library)
	f.SONAME = plainName(f.SONAME)
	return f
}

// cpe returns the CPE 2.3 formatted string of an application, "vendor:product" (NIST IR 7695, 6.2). All
// of a version that is neither letter nor digit is escaped: a colon would begin another field, and
// an asterisk is any version.
func cpe(product, version string) string {
	var b strings.Builder
	for _, r := range version {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
		case r > ' ' && r <= '~':
			b.WriteByte('\\')
		default:
			return "" // It has no spelling.
		}
		b.WriteRune(r)
	}
	if version == "" || version == "-" {
		return ""
	}
	return "cpe:2.3:a:" + product + ":" + b.String() + ":*:*:*:*:*:*:*"
}
