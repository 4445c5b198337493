package spdx

import (
	"encoding/json"
	"slices"
	"strings"
)

// version is a version of SPDX that is written.
type version int

const (
	version23 version = iota
	version22
	version301
)

// algorithms of checksums. Those of SPDX 2.2 come first.
var algorithms = []string{
	"SHA256", "SHA1", "SHA384", "MD2", "MD4", "SHA512", "MD6", "MD5", "SHA224",
	"BLAKE3", "SHA3-384", "BLAKE2b-512", "BLAKE2b-256", "SHA3-512", "ADLER32", "SHA3-256", "BLAKE2b-384",
}

const algorithms22 = 9

var (
	categories = []string{"OTHER", "SECURITY", "PACKAGE-MANAGER", "PERSISTENT-ID"} // the last one is not in 2.2
	fileTypes  = []string{"OTHER", "DOCUMENTATION", "IMAGE", "VIDEO", "ARCHIVE", "SPDX", "APPLICATION", "SOURCE", "BINARY", "TEXT", "AUDIO"}
)

// allows reports whether a field takes a value: some have words of their own.
func (v version) allows(name, value string) bool {
	if v == version301 && !inGraph(name, value) {
		return false
	}
	switch name {
	case "fileType":
		return v == version301 || slices.Contains(fileTypes, value)
	case "checksum":
		c, ok := exact[checksum](value)
		i := slices.Index(algorithms, c.Algorithm)
		return ok && i >= 0 && (v != version22 || i < algorithms22) && oneLine(c.Value)
	case "externalRef":
		r, ok := exact[externalRef](value)
		i := slices.Index(categories, r.Category)
		return ok && i >= 0 && (v != version22 || i < 3) && word(r.Type) && word(r.Locator) && carried(r.Comment)
	case "annotation":
		a, ok := exact[annotation](value)
		return ok && (a.Type == "OTHER" || a.Type == "REVIEW") && oneLine(a.Annotator) && oneLine(a.Date) && carried(a.Comment) && a.Comment != ""
	case "packageVerificationCode":
		return json.Valid([]byte(value)) && verificationOK(value)
	case "noticeText", "comment", "licenseComments", "copyrightText", "sourceInfo", "summary", "attributionText":
		return true
	}
	return oneLine(value)
}

func verificationOK(value string) bool {
	c, ok := exact[verification](value)
	for _, f := range c.Excluded {
		ok = ok && word(f) && !strings.ContainsAny(f, ",()")
	}
	return ok && word(c.Value) && !strings.Contains(c.Value, "(")
}

func oneLine(s string) bool { return s != "" && carried(s) && !strings.Contains(s, "\n") }

// word reports whether s is one word of a line of tag-value.
func word(s string) bool { return oneLine(s) && !strings.ContainsAny(s, " \t") }
