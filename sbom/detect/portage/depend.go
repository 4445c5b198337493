package portage

import (
	"errors"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// readDepends adds the dependencies of RDEPEND or PDEPEND. Portage has resolved the
// conditions by USE flags when it wrote the file; of a group of alternatives
// ("|| ( a b )") those that are installed count, which the fold finds out.
func (db *database) readDepends(text string) error {
	var to []string
	words := strings.Fields(text)
	for i, w := range words {
		switch {
		case w == "(", w == ")", w == "||", w == "^^", w == "??", strings.HasSuffix(w, "?"), strings.HasPrefix(w, "!"):
			continue
		}
		key, ok := db.atom(w)
		if !ok {
			db.Gaps.Add(sbom.GapCorrupt, "word %d is no dependency: %s", i+1, ospkg.Clip(w))
			continue
		}
		to = append(to, key)
	}
	var ok bool
	if db.Frag.Relations, ok = ospkg.Relations(db.alias(), to, maxDepends); !ok {
		return &detect.LimitError{Path: db.path, Limit: maxDepends, What: "dependencies"}
	}
	return nil
}

// atom returns the key that ">=category/name-1.0:slot[use]" refers to (PMS, 8.3): the
// name, or of "=category/name-1.0" that version.
func (db *database) atom(w string) (key string, ok bool) {
	operator := len(w) - len(strings.TrimLeft(w, "<>=~"))
	op, w := w[:operator], w[operator:]
	if i := strings.IndexAny(w, ":["); i >= 0 {
		w = w[:i]
	}
	category, name, ok := strings.Cut(w, "/")
	if !ok || !validCategory(category) || !validAtom(name) {
		return "", false
	}
	base, _, versioned := split(strings.TrimSuffix(name, "*"))
	if op != "" && !versioned {
		return "", false
	}
	if op != "" && (op != "=" || strings.HasSuffix(name, "*")) {
		name = base
	}
	return db.key(category + "/" + strings.Clone(name)), true
}

func validAtom(name string) bool { return ospkg.ValidName(strings.TrimSuffix(name, "*")) }

// licenses returns the licences of a package, which all words that are not in a group of
// alternatives mean together (PMS, 7.3.2 and 8.2).
func (db *database) licenses(text string) []sbom.License {
	words := strings.Fields(text)
	l := licenseReader{words: words}
	expr, err := l.all(0)
	if err != nil || len(l.words) > 0 {
		// A condition that was left in: which of the licences hold is not known.
		expr = strings.Join(words, " ")
	}
	statement := strings.Join(words, " ")
	list := ospkg.Licenses(expr, db.path, licenseNames)
	if len(list) > 0 && list[0].Expression != statement {
		list[0].Name = ospkg.Text(statement)
	}
	return list
}

// licenseReader turns Gentoo's syntax into that of SPDX.
type licenseReader struct{ words []string }

var errLicense = errors.New("not understood")

// maxDepth is that of the deepest group.
const maxDepth = 16

// all reads licences up to the end of a group, which hold together.
func (l *licenseReader) all(depth int) (string, error) { return l.group(depth, " AND ") }

func (l *licenseReader) group(depth int, operator string) (string, error) {
	if depth > maxDepth {
		return "", errLicense
	}
	var parts []string
	for len(l.words) > 0 && l.words[0] != ")" {
		part, err := l.one(depth)
		if err != nil {
			return "", err
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, operator)
	if depth > 0 && len(parts) > 1 {
		text = "( " + text + " )"
	}
	return text, nil
}

// one reads a licence or a group.
func (l *licenseReader) one(depth int) (string, error) {
	w := l.words[0]
	l.words = l.words[1:]
	operator := " AND "
	switch {
	case w == "||":
		operator = " OR "
		if len(l.words) == 0 || l.words[0] != "(" {
			return "", errLicense
		}
		l.words = l.words[1:]
	case w == "(":
	case strings.HasSuffix(w, "?"):
		return "", errLicense
	default:
		return w, nil
	}
	text, err := l.group(depth+1, operator)
	if err != nil || len(l.words) == 0 {
		return "", errLicense
	}
	l.words = l.words[1:]
	return text, nil
}

// licenseNames are the files of Gentoo's directory licenses whose names differ from
// SPDX, in lower case. "BSD" is the licence of three clauses there, "LGPL-2" that
// of 1991; "public-domain" and the groups of metadata are no licences.
var licenseNames = map[string]string{
	"artistic":     "Artistic-1.0",
	"artistic-2":   "Artistic-2.0",
	"bsd":          "BSD-3-Clause",
	"bsd-1":        "BSD-1-Clause",
	"bsd-2":        "BSD-2-Clause",
	"bsd-4":        "BSD-4-Clause",
	"boost-1.0":    "BSL-1.0",
	"fdl-1.1":      "GFDL-1.1-only",
	"fdl-1.1+":     "GFDL-1.1-or-later",
	"fdl-1.2":      "GFDL-1.2-only",
	"fdl-1.2+":     "GFDL-1.2-or-later",
	"fdl-1.3":      "GFDL-1.3-only",
	"fdl-1.3+":     "GFDL-1.3-or-later",
	"gpl-1":        "GPL-1.0-only",
	"gpl-1+":       "GPL-1.0-or-later",
	"libpng2":      "libpng-2.0",
	"openssl":      "OpenSSL",
	"psf-2":        "PSF-2.0",
	"wtfpl-2":      "WTFPL",
	"openldap-2.8": "OLDAP-2.8",
}
