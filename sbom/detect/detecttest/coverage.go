package detecttest

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// aspect is one thing that a detector covers.
type aspect struct{ what, value string }

func (a aspect) String() string {
	if a.value == "" {
		return a.what
	}
	return fmt.Sprintf("the %s %q", a.what, a.value)
}

// aspects are a set of them, each with where it was seen.
type aspects map[aspect]string

func (as aspects) see(what, value, where string) {
	if a := (aspect{what, value}); as[a] == "" {
		as[a] = where
	}
}

const (
	purlType     = "package URL type"
	scope        = "scope"
	ground       = "ground of a claim"
	algorithm    = "algorithm of a digest"
	licences     = "licences"
	dependencies = "dependencies"
)

func scopeName(s sbom.Scope) string {
	if s == sbom.ScopeInstalled {
		return "installed"
	}
	return string(s)
}

// stated returns what a coverage states.
func stated(cover *detect.Coverage) aspects {
	as := make(aspects)
	for _, t := range cover.PURLs {
		as.see(purlType, t, "coverage")
	}
	for _, s := range cover.Scopes {
		as.see(scope, scopeName(s), "coverage")
	}
	for _, g := range cover.Owns {
		as.see(ground, string(g), "coverage")
	}
	for _, alg := range cover.Checks {
		as.see(algorithm, alg, "coverage")
	}
	if cover.Licenses {
		as.see(licences, "", "coverage")
	}
	if cover.Dependencies {
		as.see(dependencies, "", "coverage")
	}
	return as
}

// found adds what is in a fragment.
func (as aspects) found(frag *detect.Fragment) {
	for i := range frag.Components {
		c := &frag.Components[i].Component
		as.see(scope, scopeName(c.Scope), c.Name)
		if p, err := packageurl.FromString(c.PURL); c.PURL != "" && err == nil {
			as.see(purlType, p.Type, c.Name)
		}
		if len(c.Licenses) > 0 {
			as.see(licences, "", c.Name)
		}
	}
	for i := range frag.Annotations {
		if an := &frag.Annotations[i]; len(an.Licenses) > 0 {
			as.see(licences, "", "an annotation of "+an.Key)
		}
	}
	for i := range frag.Claims {
		claim := &frag.Claims[i]
		g := claim.Ground
		if g == "" {
			g = sbom.ClaimRecorded
		}
		as.see(ground, string(g), claim.Path)
		if claim.Digest != "" {
			as.see(algorithm, claim.Digest.Algorithm(), claim.Path)
		}
	}
	for i := range frag.Relations {
		if r := &frag.Relations[i]; r.Type == sbom.DependsOn {
			as.see(dependencies, "", r.From)
		}
	}
}

// without returns what is in as and not in others, as sentences in order.
func (as aspects) without(others aspects, format string) []error {
	var out []error
	for _, a := range slices.SortedFunc(maps.Keys(as), func(a, b aspect) int { return strings.Compare(a.String(), b.String()) }) {
		if _, ok := others[a]; !ok {
			out = append(out, fmt.Errorf(format, a, as[a]))
		}
	}
	return out
}

// uncovered returns what the detector wanted or found in the file at p, and does not
// say that it covers. A detector that says nothing covers everything.
func uncovered(d detect.Detector, p string, frag *detect.Fragment) []error {
	cd, ok := d.(detect.Covering)
	if !ok {
		return nil
	}
	cover := cd.Coverage()
	found := make(aspects)
	found.found(frag)
	errs := found.without(stated(&cover), "%s of %q is not in the coverage")
	if cover.Ecosystem == "" {
		errs = append(errs, errors.New("the coverage has no ecosystem"))
	}
	reads := func(pattern string) bool { return inWords(pattern) || matches(pattern, p) }
	if !slices.ContainsFunc(cover.Reads, reads) {
		errs = append(errs, fmt.Errorf("the file is none of those that the coverage says are read: %q", cover.Reads))
	}
	return errs
}

// testCoverage checks that the files show everything which d says that it covers.
func testCoverage(t *testing.T, d detect.Detector, files []File) {
	t.Helper()
	for _, err := range unshown(d, files) {
		t.Errorf("%s: %v", d.ID(), err)
	}
}

// unshown returns what d says that it covers and no file shows.
func unshown(d detect.Detector, files []File) []error {
	cd, ok := d.(detect.Covering)
	if !ok {
		return nil
	}
	cover := cd.Coverage()
	found := make(aspects)
	for _, f := range files {
		if frag := call(d, f).fragment; frag != nil {
			found.found(frag)
		}
	}
	errs := stated(&cover).without(found, "no file shows %s, which is in the %s")
	for _, pattern := range cover.Reads {
		read := func(f File) bool { return inWords(pattern) || matches(pattern, f.Path) }
		if !slices.ContainsFunc(files, read) {
			errs = append(errs, fmt.Errorf("no file is a %q, which the coverage says are read", pattern))
		}
	}
	return errs
}

// inWords reports whether an entry of Coverage.Reads is not a pattern.
func inWords(pattern string) bool { return strings.Contains(pattern, " ") }

// matches reports whether the end of a path matches a pattern of Coverage.Reads,
// whatever the case of letters.
func matches(pattern, p string) bool {
	names := strings.Split(strings.ToLower(p), "/")
	want := strings.Split(strings.ToLower(pattern), "/")
	for i := range names {
		if matchNames(want, names[i:]) {
			return true
		}
	}
	return false
}

func matchNames(want, names []string) bool {
	switch {
	case len(want) == 0:
		return len(names) == 0
	case want[0] == "**":
		for i := range len(names) + 1 {
			if matchNames(want[1:], names[i:]) {
				return true
			}
		}
		return false
	case len(names) == 0:
		return false
	}
	ok, err := path.Match(want[0], names[0])
	return err == nil && ok && matchNames(want[1:], names[1:])
}
