// Package license recognises licences by their texts: in files like LICENSE,
// COPYING and NOTICE, and in the copyright files of Debian's packages.
//
//	opts := &catalog.Options{Detectors: append(catalog.Detectors(), license.New())}
//
// [New] is a detector for the catalog that tells the component which owns such a
// file what the file says; [Recognize] is the recognition alone.
//
// # Found, declared, concluded
//
// What is recognised is [sbom.LicenseFound]: the file has the text, or the notice that
// refers to it. It is added to what the package's metadata declares and replaces
// nothing: the file may be about a part, or about what is bundled.
//
// # How sure it is
//
// The texts are matched word by word, with the variations that each licence allows
// (github.com/google/licensecheck), not by similarity. A licence whose text or
// notice is there has a confidence of 0.9 or more, up to 1 when nothing else is in
// the file; one of which only the address is there has 0.5. Text that is no known
// licence is not guessed at.
//
// The text of the GNU licences does not say whether a later version may be chosen;
// notices do. From the text alone the result is a name ("GPL-2.0") without an
// expression.
//
// # Cost
//
// The first recognition compiles 400 patterns, which takes about a second of
// processor time and keeps 10 MB; after that it reads about 20 MB a second. That is
// why the detector is not among the catalog's default ones, and why no other package
// of this module links the patterns.
package license

import (
	"cmp"
	"strings"

	"github.com/google/licensecheck"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// Confidences; see the package documentation.
const (
	textConfidence    = 0.9
	addressConfidence = 0.5
)

// maxLicenses bounds the different licences of one text. The patterns know about 400.
const maxLicenses = 512

// Recognize returns the licences whose texts, notices or addresses are in text, each
// once, in their order, and which part of the words of text they cover, from 0 to 1.
// Location is not set. It is safe for concurrent use, and takes time in proportion
// to the length of text.
func Recognize(text []byte) (found []sbom.License, coverage float64) {
	cov := licensecheck.Scan(text)
	coverage = min(cov.Percent/100, 1)
	at := make(map[string]int)
	for _, m := range cov.Match {
		l := license(m.ID)
		l.Confidence = textConfidence + (1-textConfidence)*coverage
		if m.IsURL {
			l.Confidence = addressConfidence
		}
		key := cmp.Or(l.Expression, l.Name)
		i, known := at[key]
		switch {
		case known:
			found[i].Confidence = max(found[i].Confidence, l.Confidence)
		case len(found) < maxLicenses:
			at[key] = len(found)
			found = append(found, l)
		}
	}
	return found, coverage
}

// license translates an identifier of licensecheck, which are SPDX's with a few
// additions and one other meaning: a GNU licence without "only" and "or later" is
// its text, which says neither.
func license(id string) sbom.License {
	l := sbom.License{Acknowledgement: sbom.LicenseFound, Name: id}
	switch {
	case id == "GPL-2.0-or-3.0":
		l.Expression = "GPL-2.0-only OR GPL-3.0-only"
	case ambiguous(id):
	default:
		if expr, ok := spdxexpr.Parse(id); ok {
			l.Expression = expr
			if expr == id {
				l.Name = ""
			}
		}
	}
	return l
}

func ambiguous(id string) bool {
	family, version, _ := strings.Cut(id, "-")
	switch family {
	case "GPL", "LGPL", "AGPL", "GFDL":
		return strings.Trim(version, "0123456789.") == ""
	}
	return false
}
