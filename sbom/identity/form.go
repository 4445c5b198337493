package identity

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// version brings p to LevelVersion and LevelLoose.
func (id *Identity) version(p *packageurl.PackageURL) {
	switch p.Type {
	case "golang":
		id.goForm(p)
	case "deb", "rpm", "alpm":
		id.reform(p, LevelVersion, RuleEpochZero, trimEpochZero)
	case "pypi", "nuget":
		id.reform(p, LevelVersion, RuleVersionCase, strings.ToLower)
		id.reform(p, LevelVersion, RuleVersionPrefix, trimV)
	case "npm", "composer", "cargo", "gem", "hex", "pub", "swift", "github", "bitnami":
		id.reform(p, LevelVersion, RuleVersionPrefix, trimV)
	}
	id.Version = p.Version
	id.keys[LevelVersion] = Key(p.ToString())
	loose := *p
	switch p.Type {
	case "deb":
		id.reform(&loose, LevelLoose, RuleEpochDropped, trimEpoch)
		id.reform(&loose, LevelLoose, RuleRebuild, trimRebuild)
	case "rpm", "alpm":
		id.reform(&loose, LevelLoose, RuleEpochDropped, trimEpoch)
	}
	id.keys[LevelLoose] = Key(loose.ToString())
}

func (id *Identity) reform(p *packageurl.PackageURL, l Level, r Rule, f func(string) string) {
	v := f(p.Version)
	id.note(l, r, p.Version, v)
	p.Version = v
}

func (id *Identity) goForm(p *packageurl.PackageURL) {
	id.reform(p, LevelVersion, RuleUnversioned, trimDevel)
	id.reform(p, LevelVersion, RuleVersionPrefix, trimGo)
	id.reform(p, LevelVersion, RuleIncompatible, trimIncompatible)
}

func trimDevel(v string) string {
	if v == "(devel)" || v == "devel" || strings.EqualFold(v, "unknown") {
		return ""
	}
	return v
}

func trimGo(v string) string {
	if strings.HasPrefix(v, "go") && startsWithDigit(v[2:]) {
		return v[2:]
	}
	return trimV(v)
}

// trimV drops any number of "v" before a digit, so that doing it again changes
// nothing.
func trimV(v string) string {
	t := strings.TrimLeft(v, "vV")
	if startsWithDigit(t) {
		return t
	}
	return v
}

func trimIncompatible(v string) string {
	for strings.HasSuffix(v, "+incompatible") {
		v = strings.TrimSuffix(v, "+incompatible")
	}
	return v
}

func trimEpochZero(v string) string {
	for strings.HasPrefix(v, "0:") {
		v = v[2:]
	}
	return v
}

// trimEpoch drops every epoch: hostile versions have several.
func trimEpoch(v string) string {
	for {
		epoch, rest, ok := strings.Cut(v, ":")
		if !ok || !allDigits(epoch) {
			return v
		}
		v = rest
	}
}

func trimRebuild(v string) string {
	for {
		t := stripBinNMU(v)
		if t == v {
			return v
		}
		v = t
	}
}
