package detect

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// License returns the statement that a package's metadata makes about its licence, in
// the file at path: the SPDX expression that text means ("gpl-2.0+" is
// "GPL-2.0-or-later", "Apache License, Version 2.0" is "Apache-2.0"), and text itself
// as the Name where it is not that expression. What has no single meaning, such as
// "BSD", has no expression; nothing is guessed. Text that is empty, or only white
// space, gives the zero License, which says nothing and is better left out.
//
// It serves whoever makes components: detectors, and programs that complete an
// inventory which they read.
func License(text, path string) sbom.License {
	text = strings.TrimSpace(text)
	if text == "" {
		return sbom.License{}
	}
	l := sbom.License{Location: path}
	l.Expression, _ = spdxexpr.FromText(text)
	if l.Expression != text {
		l.Name = text
	}
	return l
}
