package identity

import (
	"errors"
	"fmt"

	"github.com/google/osv-scalibr/semantic"
	"github.com/package-url/packageurl-go"
)

// MaxVersionLength is the longest version, in bytes, that [Compare] orders. The
// longest version seen in real advisories has about 100.
const MaxVersionLength = 512

// Errors of Compare.
var (
	// ErrUnordered: nothing is known about the order of the ecosystem's versions.
	ErrUnordered = errors.New("identity: no version order known")
	// ErrVersion: a version is empty, longer than MaxVersionLength or not valid
	// in its ecosystem, such as the commit of a repository.
	ErrVersion = errors.New("identity: not a version")
)

// VersionError is the failure to order two versions.
type VersionError struct {
	Ecosystem Ecosystem
	// Version is the one at fault; empty when the ecosystem is.
	Version string
	// Err is ErrUnordered or ErrVersion, or wraps one.
	Err error
}

// Error implements error.
func (e *VersionError) Error() string {
	v := e.Version
	if len(v) > 64 {
		v = v[:64] + "…"
	}
	return fmt.Sprintf("%v: %q in %q", e.Err, v, string(e.Ecosystem))
}

// Unwrap returns e.Err.
func (e *VersionError) Unwrap() error { return e.Err }

// order is a set of rules for ordering versions.
type order int

const (
	orderNone order = iota
	orderDebian
	orderRPM
	orderAPK
	orderSemver
	orderMaven
	orderPyPI
	orderGem
	orderNuGet
	orderComposer
	orderCRAN
	orderHackage
	orderPub
	// Those that osv-scalibr lacks.
	orderPacman
	orderEbuild
	orderJulia
)

// orders are the comparison functions' names in osv-scalibr.
var orders = [...]string{orderDebian: "Debian", orderRPM: "Red Hat", orderAPK: "Alpine", orderSemver: "npm", orderMaven: "Maven",
	orderPyPI: "PyPI", orderGem: "RubyGems", orderNuGet: "NuGet", orderComposer: "Packagist", orderCRAN: "CRAN",
	orderHackage: "Hackage", orderPub: "Pub", orderJulia: "npm"}

type scheme struct {
	order        order
	distribution bool
}

// schemes are what is known about an ecosystem, by Ecosystem.Base.
var schemes = map[string]scheme{
	"AlmaLinux":    {orderRPM, true},
	"Alpaquita":    {orderAPK, true},
	"Alpine":       {orderAPK, true},
	"Azure Linux":  {orderRPM, true},
	"Bioconductor": {orderSemver, false},
	"Bitnami":      {orderSemver, false},
	"CRAN":         {orderCRAN, false},
	"Chainguard":   {orderAPK, true},
	"ConanCenter":  {orderSemver, false},
	"Debian":       {orderDebian, true},
	"GHC":          {orderSemver, false},
	"Go":           {orderSemver, false},
	"Hackage":      {orderHackage, false},
	"Hex":          {orderSemver, false},
	"Julia":        {orderJulia, false},
	"Mageia":       {orderRPM, true},
	"Maven":        {orderMaven, false},
	"MinimOS":      {orderAPK, true},
	"NuGet":        {orderNuGet, false},
	"Packagist":    {orderComposer, false},
	"Photon OS":    {orderRPM, true},
	"Pub":          {orderPub, false},
	"PyPI":         {orderPyPI, false},
	"Red Hat":      {orderRPM, true},
	"Rocky Linux":  {orderRPM, true},
	"RubyGems":     {orderGem, false},
	"SUSE":         {orderRPM, true},
	"SwiftURL":     {orderSemver, false},
	"Ubuntu":       {orderDebian, true},
	"Wolfi":        {orderAPK, true},
	"alpm":         {orderPacman, true},
	"crates.io":    {orderSemver, false},
	"ebuild":       {orderEbuild, false},
	"npm":          {orderSemver, false},
	"openEuler":    {orderRPM, true},
	"openSUSE":     {orderRPM, true},
	"opam":         {orderDebian, false},
	"opkg":         {orderDebian, false},
}

// Compare orders two versions by the rules of the ecosystem: negative when a is
// older than b, zero when they are equal in rank, positive when a is newer. The
// release of the ecosystem does not matter.
//
// The error is a *VersionError that wraps ErrUnordered or ErrVersion. Versions
// are never ordered by guess.
func Compare(eco Ecosystem, a, b string) (int, error) {
	s := schemes[eco.Base()]
	o := s.order
	if o == orderNone {
		return 0, &VersionError{Ecosystem: eco, Err: ErrUnordered}
	}
	for _, v := range []string{a, b} {
		if v == "" || len(v) > MaxVersionLength || !s.distribution && isCommit(v) {
			return 0, &VersionError{Ecosystem: eco, Version: v, Err: ErrVersion}
		}
	}
	switch o {
	case orderPacman:
		return comparePacman(a, b), nil
	case orderEbuild:
		for _, v := range []string{a, b} {
			if !validEbuild(v) {
				return 0, &VersionError{Ecosystem: eco, Version: v, Err: ErrVersion}
			}
		}
		return compareEbuild(a, b), nil
	}
	n, err := compareKnown(eco, o, a, b)
	if err == nil && n == 0 && o == orderJulia {
		n = compareBuilds(a, b)
	}
	return n, err
}

// isCommit reports whether v is the name of a commit, by which packages go that were
// taken from a repository. Nothing tells which versions it is between.
func isCommit(v string) bool {
	if len(v) != 40 && len(v) != 64 {
		return false
	}
	for i := range len(v) {
		if !isDigit(v[i]) && (v[i] < 'a' || 'f' < v[i]) {
			return false
		}
	}
	return true
}

// compareKnown orders versions by the comparisons of osv-scalibr.
func compareKnown(eco Ecosystem, o order, a, b string) (int, error) {
	left, err := semantic.Parse(a, orders[o])
	if err != nil {
		return 0, &VersionError{Ecosystem: eco, Version: a, Err: fmt.Errorf("%w: %w", ErrVersion, err)}
	}
	n, err := left.CompareStr(b)
	if err != nil {
		return 0, &VersionError{Ecosystem: eco, Version: b, Err: fmt.Errorf("%w: %w", ErrVersion, err)}
	}
	return n, nil
}

// purlVersion returns a purl's version with the epoch that an rpm purl keeps in
// a qualifier.
func purlVersion(p *packageurl.PackageURL) string {
	if canonicalType(p.Type) != "rpm" {
		return p.Version
	}
	if epoch := p.Qualifiers.Map()["epoch"]; allDigits(epoch) && epoch != "0" && p.Version != "" {
		return epoch + ":" + p.Version
	}
	return p.Version
}
