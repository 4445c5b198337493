package nix

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// hashLength is that of the hash in a store path, in Nix's base 32.
const hashLength = 32

// storePath returns the last element of a path of the store: hash, hyphen and name. ok is
// false for anything else (Nix, "Store Path").
func storePath(p string) (base string, ok bool) {
	base, ok = strings.CutPrefix(p, "/"+store+"/")
	if !ok || len(base) < hashLength+2 || len(base) > 255 || base[hashLength] != '-' {
		return "", false
	}
	for i := range hashLength {
		if strings.IndexByte("0123456789abcdfghijklmnpqrsvwxyz", base[i]) < 0 {
			return "", false
		}
	}
	for i := hashLength + 1; i < len(base); i++ {
		c := base[i]
		if !ospkg.ValidName(string(c)) && c != '?' && c != '=' {
			return "", false
		}
	}
	return base, true
}

// parts are what the name of a store path says.
type parts struct {
	hash, base    string
	name, version string
	output        string // empty for "out"
}

// outputs are those that nixpkgs names, for paths whose derivation is not known.
var outputs = map[string]bool{
	"bin": true, "dev": true, "lib": true, "man": true, "doc": true, "info": true, "devdoc": true, "devman": true,
	"debug": true, "static": true, "dist": true, "data": true, "getent": true, "libgcc": true, "terminfo": true,
}

// parse takes a store path apart; ok is false when it has no version. The derivation, if it
// is known, has the name without the output.
func parse(base, deriver string) (p parts, ok bool) {
	p.hash, p.base = base[:hashLength], base[hashLength+1:]
	full := p.base
	if drv, ok := storePath(deriver); ok && strings.HasSuffix(drv, ".drv") {
		name := strings.TrimSuffix(drv[hashLength+1:], ".drv")
		if rest, ok := strings.CutPrefix(full, name); ok && (rest == "" || rest[0] == '-') {
			full, p.output = name, strings.TrimPrefix(rest, "-")
		}
	} else if i := strings.LastIndexByte(full, '-'); i >= 0 && outputs[full[i+1:]] {
		full, p.output = full[:i], full[i+1:]
	}
	p.name, p.version = split(full)
	return p, p.name != "" && p.version != ""
}

// split returns name and version: the version begins behind the first hyphen that is not
// followed by a letter. One that does not begin with a digit is none.
func split(s string) (name, version string) {
	for i := 0; i+1 < len(s); i++ {
		if next := s[i+1] | 0x20; s[i] == '-' && (next < 'a' || next > 'z') {
			if s[i+1] < '0' || s[i+1] > '9' {
				return s, ""
			}
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
