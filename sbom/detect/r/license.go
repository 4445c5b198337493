package r

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// names are R's own abbreviations (share/licenses/license.db) of licences that SPDX
// calls otherwise.
var names = map[string]string{
	"GPL-2": "GPL-2.0-only", "GPL-3": "GPL-3.0-only", "LGPL-2": "LGPL-2.0-only", "LGPL-2.1": "LGPL-2.1-only", "LGPL-3": "LGPL-3.0-only",
	"AGPL-3": "AGPL-3.0-only", "BSD_2_clause": "BSD-2-Clause", "BSD_3_clause": "BSD-3-Clause", "MIT": "MIT", "CC0": "CC0-1.0",
	"Artistic-2.0": "Artistic-2.0", "Apache License 2.0": "Apache-2.0", "Apache License (== 2.0)": "Apache-2.0", "Apache License (>= 2.0)": "Apache-2.0",
	"Apache License": "", "MPL-2.0": "MPL-2.0", "MPL (== 2.0)": "MPL-2.0", "Mozilla Public License 2.0": "MPL-2.0",
}

// families are those of which R names versions in parentheses.
var families = map[string]string{
	"GPL": "GPL", "LGPL": "LGPL", "AGPL": "AGPL", "GNU General Public License": "GPL",
	"GNU Lesser General Public License": "LGPL", "GNU Affero General Public License": "AGPL",
}

// licenses maps the field License (Writing R Extensions, 1.1.2): alternatives that are
// separated by "|", each with a condition on its version in parentheses and perhaps with
// a file that has the holders of the copyright or further restrictions.
func licenses(text, location string) []sbom.License {
	text = oneline.Text(text, maxText)
	if text == "" {
		return nil
	}
	l := sbom.License{Location: location}
	var alternatives []string
	for part := range strings.SplitSeq(text, "|") {
		id := alternative(strings.TrimSpace(part))
		if id == "" {
			alternatives = nil
			break
		}
		alternatives = append(alternatives, id)
	}
	if len(alternatives) > 0 {
		l.Expression, _ = spdxexpr.Parse(strings.Join(alternatives, " OR "))
	}
	if l.Expression != text {
		l.Name = text
	}
	return []sbom.License{l}
}

// alternative returns the SPDX identifier of one licence, empty when that is not certain.
func alternative(s string) string {
	base, file, ok := strings.Cut(s, " + ")
	if base = strings.TrimSpace(base); ok && !template(base, strings.TrimSpace(file)) {
		return ""
	}
	if id, ok := names[base]; ok {
		return id
	}
	if family, version, ok := strings.Cut(strings.TrimSuffix(base, ")"), " ("); ok && families[family] != "" {
		return versioned(families[family], version)
	}
	id, _ := spdxexpr.FromText(base)
	if strings.Contains(id, " ") {
		return ""
	}
	return id
}

// template reports whether a licence is one that is completed by a file with year and
// holder of the copyright; with others, a file restricts what the licence grants.
func template(base, file string) bool {
	switch base {
	case "MIT", "BSD_2_clause", "BSD_3_clause":
		return file == "file LICENSE" || file == "file LICENCE"
	}
	return false
}

// versioned returns the identifier for a condition such as ">= 2" or "== 2.1".
func versioned(family, condition string) string {
	op, version, ok := strings.Cut(strings.TrimSpace(condition), " ")
	suffix := map[string]string{">=": "-or-later", "==": "-only"}[op]
	if !ok || suffix == "" {
		return ""
	}
	if version = strings.TrimSpace(version); !strings.Contains(version, ".") {
		version += ".0"
	}
	id, ok := spdxexpr.Parse(family + "-" + version + suffix)
	if !ok {
		return ""
	}
	return id
}
