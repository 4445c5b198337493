package dpkg

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// maxLicenses bounds the different licences of one copyright file. Browsers and
// kernels have about 150.
const maxLicenses = 1024

const commonLicenses = "/usr/share/common-licenses/"

// readCopyright annotates the package with the licences of its copyright file.
// That of DEP-5 form says them; another one at least refers to the texts that
// every Debian system has.
func (db *database) readCopyright(name string) error {
	set := licenseSet{path: db.path, seen: make(map[string]bool)}
	var err error
	if machineReadable(db.text) {
		err = set.addStanzas(db.text)
	} else {
		err = set.addReferences(db.text)
	}
	if len(set.list) > 0 {
		db.frag.Annotations = []detect.Annotation{{Key: db.key(name), Licenses: set.list}}
	}
	return err
}

// machineReadable reports whether the first field names the DEP-5 format, in its
// final or a draft version.
func machineReadable(text string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(strings.TrimPrefix(text, "\ufeff"), "\r\n\t "), "\n")
	name, value, ok := strings.Cut(line, ":")
	if !ok || !strings.EqualFold(name, "Format") && !strings.EqualFold(name, "Format-Specification") {
		return false
	}
	value = strings.ToLower(value)
	return strings.Contains(value, "copyright-format") || strings.Contains(value, "dep5") ||
		strings.Contains(value, "dep-5") || strings.Contains(value, "copyrightformat")
}

type licenseSet struct {
	path string
	seen map[string]bool
	list []sbom.License
}

// add adds one statement, once.
func (l *licenseSet) add(statement, expression string) error {
	if statement == "" || l.seen[statement] {
		return nil
	}
	if len(l.list) == maxLicenses {
		return &detect.LimitError{Path: l.path, Limit: maxLicenses, What: "licences"}
	}
	l.seen[statement] = true
	lic := sbom.License{Expression: expression, Location: l.path}
	if statement != expression {
		lic.Name = ospkg.Text(statement)
	}
	l.list = append(l.list, lic)
	return nil
}

// addStanzas adds the first line of every License field: the short name or
// expression; the text follows on the next lines.
func (l *licenseSet) addStanzas(text string) error {
	for s := range deb822.Stanzas(strings.TrimPrefix(text, "\ufeff")) {
		short, _, _ := strings.Cut(s.Get("License"), "\n")
		short = strings.TrimSpace(short)
		if len(short) > ospkg.MaxLicense {
			return &detect.LimitError{Path: l.path, Limit: ospkg.MaxLicense, Size: int64(len(short)), What: "bytes of a licence's name"}
		}
		expr, _ := debianExpression(short)
		if err := l.add(short, expr); err != nil {
			return err
		}
	}
	return nil
}

// addReferences adds the licences that the text refers to by the path of their
// text. For the GNU licences a reference does not say "only" or "or later": they
// stay names.
func (l *licenseSet) addReferences(text string) error {
	for {
		_, rest, ok := strings.Cut(text, commonLicenses)
		if !ok {
			return nil
		}
		end := strings.IndexFunc(rest, func(r rune) bool {
			return r != '-' && r != '.' && r != '+' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
		if end < 0 {
			end = len(rest)
		}
		name := strings.TrimRight(rest[:min(end, 64)], ".-+")
		if err := l.add(name, commonLicense[name]); err != nil {
			return err
		}
		text = rest
	}
}

// commonLicense are the files of usr/share/common-licenses (package base-files)
// that are one licence without choice of version.
var commonLicense = map[string]string{
	"Apache-2.0": "Apache-2.0",
	"CC0-1.0":    "CC0-1.0",
	"MPL-1.1":    "MPL-1.1",
	"MPL-2.0":    "MPL-2.0",
}

// debianExpression maps a short name or expression of DEP-5: "and" and "or" in
// lower case, and a comma before an operator that binds weakest.
func debianExpression(s string) (string, bool) {
	parts := strings.Split(s, ",")
	if len(parts) == 1 {
		return ospkg.Expression(s, debianNames)
	}
	var b strings.Builder
	for i, part := range parts {
		part = strings.TrimSpace(part)
		operator, operand, _ := strings.Cut(part, " ")
		switch {
		case i == 0:
			operand = part
		case strings.EqualFold(operator, "and"), strings.EqualFold(operator, "or"):
			b.WriteString(" " + operator + " ")
		default:
			return "", false // A bare comma could mean either.
		}
		if strings.Contains(operand, " ") && !strings.HasPrefix(operand, "(") {
			operand = "(" + operand + ")"
		}
		b.WriteString(operand)
	}
	return ospkg.Expression(b.String(), debianNames)
}

// debianNames are the short names of DEP-5 ("License short name") that differ from
// SPDX, in lower case.
var debianNames = map[string]string{
	"apache-1":      "Apache-1.0",
	"apache-2":      "Apache-2.0",
	"bsd-2":         "BSD-2-Clause",
	"bsd-3":         "BSD-3-Clause",
	"bsd-4":         "BSD-4-Clause",
	"bsl-1":         "BSL-1.0",
	"cc0":           "CC0-1.0",
	"cddl-1":        "CDDL-1.0",
	"cpl-1":         "CPL-1.0",
	"efl-2":         "EFL-2.0",
	"expat":         "MIT",
	"boost-1.0":     "BSL-1.0",
	"gfdl-niv-1.1":  "GFDL-1.1-no-invariants-only",
	"gfdl-niv-1.1+": "GFDL-1.1-no-invariants-or-later",
	"gfdl-niv-1.2":  "GFDL-1.2-no-invariants-only",
	"gfdl-niv-1.2+": "GFDL-1.2-no-invariants-or-later",
	"gfdl-niv-1.3":  "GFDL-1.3-no-invariants-only",
	"gfdl-niv-1.3+": "GFDL-1.3-no-invariants-or-later",
	"perl":          "(GPL-1.0-or-later OR Artistic-1.0-Perl)",
	"qpl-1":         "QPL-1.0",
	"w3c-software":  "W3C",
}
