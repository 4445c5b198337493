package dpkg

import (
	"slices"
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
// That of DEP-5 form says them; another one is searched for the notices of the GNU
// licences, and for the texts that every Debian system has.
func (db *database) readCopyright(name string) error {
	set := licenseSet{path: db.path, seen: make(map[string]bool)}
	var err error
	if machineReadable(db.text) {
		err = set.addParagraphs(readParagraphs(db.text))
	} else {
		err = set.addFreeForm(db.text)
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

// paragraphs are what a copyright file of DEP-5 form says about licences.
type paragraphs struct {
	// said are the first lines of the License fields of the header and of the Files
	// paragraphs: short names or expressions of them.
	said []string
	// texts are the licences' texts by short name in lower case, wherever they stand.
	texts map[string]string
	// standing are the short names of the stand-alone License paragraphs, which
	// only define what others say.
	standing []string
}

func readParagraphs(text string) *paragraphs {
	p := paragraphs{texts: make(map[string]string)}
	first := true
	for s := range deb822.Stanzas(strings.TrimPrefix(text, "\ufeff")) {
		short, body, _ := strings.Cut(s.Get("License"), "\n")
		short = strings.TrimSpace(short)
		_, files := s.Lookup("Files")
		switch {
		case short == "":
		case first || files:
			p.said = append(p.said, short)
		default:
			p.standing = append(p.standing, short)
		}
		if key := strings.ToLower(short); body != "" && p.texts[key] == "" {
			p.texts[key] = body
		}
		first = false
	}
	return &p
}

// addParagraphs adds what the header and the Files paragraphs say; of a file that
// has neither, what is defined.
func (l *licenseSet) addParagraphs(p *paragraphs) error {
	said := p.said
	if len(said) == 0 {
		said = p.standing
	}
	defined := make(map[string]string)
	for short, body := range p.texts {
		if id := definition(short, body); id != "" {
			defined[short] = id
		}
	}
	for _, short := range said {
		if len(short) > ospkg.MaxLicense {
			return &detect.LimitError{Path: l.path, Limit: ospkg.MaxLicense, Size: int64(len(short)), What: "bytes of a licence's name"}
		}
		if err := l.add(short, debianExpression(short, defined)); err != nil {
			return err
		}
	}
	return nil
}

// definition returns what a short name that is ambiguous in itself means by the text
// that the file gives for it: the one notice of a GNU licence in it, or the one
// reference to a common licence whose name begins with it. It is empty when the
// text does not decide.
func definition(short, body string) string {
	if strings.ContainsAny(short, " ,()") {
		return "" // An expression, or a name with an exception.
	}
	if gnuFamily(short) {
		if found := notices(body); len(found) == 1 && strings.HasPrefix(strings.ToLower(found[0].expression), short) {
			return found[0].expression
		}
		return ""
	}
	named := references(body)
	if len(named) == 1 && strings.HasPrefix(strings.ToLower(named[0]), short) {
		return commonLicense[named[0]]
	}
	return ""
}

// gnuFamily reports whether a short name in lower case is that of a GNU licence,
// without a version.
func gnuFamily(short string) bool { return short == "gpl" || short == "lgpl" || short == "agpl" }

// addFreeForm adds the licences whose notices the text has, and those that it refers
// to by the path of their text. For the GNU licences a reference does not say "only"
// or "or later": where no notice does, they stay names.
func (l *licenseSet) addFreeForm(text string) error {
	noticed := make(map[string]bool)
	for _, n := range notices(text) {
		noticed[n.family], noticed[n.family+"-"+n.version] = true, true
		if err := l.add(n.text, n.expression); err != nil {
			return err
		}
	}
	for _, name := range references(text) {
		if noticed[name] {
			continue
		}
		if err := l.add(name, commonLicense[name]); err != nil {
			return err
		}
	}
	return nil
}

// references returns the names of the common licences that the text refers to, each
// once.
func references(text string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(text, commonLicenses)
		if !ok {
			return names
		}
		end := strings.IndexFunc(rest, func(r rune) bool {
			return r != '-' && r != '.' && r != '+' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
		if end < 0 {
			end = len(rest)
		}
		name := strings.TrimRight(rest[:min(end, 64)], ".-+")
		if name != "" && len(names) <= maxLicenses && !slices.Contains(names, name) {
			names = append(names, name)
		}
		text = rest
	}
}

// commonLicense are the files of usr/share/common-licenses (package base-files)
// that are one licence without choice of version. Artistic is Perl's.
var commonLicense = map[string]string{
	"Apache-2.0": "Apache-2.0",
	"Artistic":   "Artistic-1.0-Perl",
	"CC0-1.0":    "CC0-1.0",
	"MPL-1.1":    "MPL-1.1",
	"MPL-2.0":    "MPL-2.0",
}

// debianExpression maps a short name or expression of DEP-5, empty if it has no one
// meaning: "and" and "or" in lower case, and a comma before an operator that binds
// weakest. defined are the names that the file itself explains, in lower case.
func debianExpression(s string, defined map[string]string) string {
	parts := strings.Split(s, ",")
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
			return "" // A bare comma could mean either.
		}
		if len(parts) > 1 && strings.Contains(operand, " ") && !strings.HasPrefix(operand, "(") {
			operand = "(" + operand + ")"
		}
		b.WriteString(operand)
	}
	words := strings.Fields(spaceParentheses.Replace(b.String()))
	words = withExceptions(words)
	for i, w := range words {
		if id := defined[strings.ToLower(w)]; id != "" && debianNames[strings.ToLower(w)] == "" {
			words[i] = id
		}
	}
	expr, _ := ospkg.Expression(strings.Join(words, " "), debianNames)
	return expr
}

// Building a replacer costs more than most replacements: there is one of each.
var spaceParentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

// debianExceptions are the exceptions of DEP-5 ("with NAME exception") of which the
// SPDX list has one, in lower case, apart from those that all distributions share.
// The one for Autoconf, as an example, could be any of five.
var debianExceptions = map[string]string{
	"libtool": "Libtool-exception",
	"llvm":    "LLVM-exception",
	"texinfo": "Texinfo-exception",
}

// withExceptions shortens "with Libtool exception" to "with Libtool-exception".
func withExceptions(words []string) []string {
	for i := 2; i < len(words); i++ {
		id := debianExceptions[strings.ToLower(words[i-1])]
		if id != "" && strings.EqualFold(words[i-2], "with") && strings.EqualFold(words[i], "exception") {
			words[i-1] = id
			words = slices.Delete(words, i, i+1)
		}
	}
	return words
}

// debianNames are the short names of DEP-5 ("License short name") that differ from
// SPDX, in lower case.
var debianNames = map[string]string{
	"apache-1":                 "Apache-1.0",
	"apache-2":                 "Apache-2.0",
	"apache-2-llvm-exceptions": "Apache-2.0 WITH LLVM-exception",
	"bsd-2":                    "BSD-2-Clause",
	"bsd-3":                    "BSD-3-Clause",
	"bsd-4":                    "BSD-4-Clause",
	"bsl-1":                    "BSL-1.0",
	"cc0":                      "CC0-1.0",
	"cddl-1":                   "CDDL-1.0",
	"cpl-1":                    "CPL-1.0",
	"efl-2":                    "EFL-2.0",
	"expat":                    "MIT",
	"boost-1.0":                "BSL-1.0",
	"gfdl-niv-1.1":             "GFDL-1.1-no-invariants-only",
	"gfdl-niv-1.1+":            "GFDL-1.1-no-invariants-or-later",
	"gfdl-niv-1.2":             "GFDL-1.2-no-invariants-only",
	"gfdl-niv-1.2+":            "GFDL-1.2-no-invariants-or-later",
	"gfdl-niv-1.3":             "GFDL-1.3-no-invariants-only",
	"gfdl-niv-1.3+":            "GFDL-1.3-no-invariants-or-later",
	"perl":                     "(GPL-1.0-or-later OR Artistic-1.0-Perl)",
	"qpl-1":                    "QPL-1.0",
	"w3c-software":             "W3C",
}
