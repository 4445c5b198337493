package binary

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// noteMention notes a version that is part of a string. That of a symbol ("GLIBC_2.2.5") says
// what the file is linked with, while in small letters it may be the file's ("SSH-2.0-libssh2_1.10.0").
func (c *collector) noteMention(v *textscan.Version) {
	if name, ok := bytes.CutSuffix(v.Before, []byte("_")); address(v.Text) || ok && bytes.Equal(name, bytes.ToUpper(name)) {
		return
	}
	if _, ok := c.mentioned[string(v.Text)]; !ok && c.room(len(c.mentioned), maxBare, "versions") {
		c.mentioned[string(v.Text)] = place{v.Offset, show(v)}
	}
}

// fromReleases takes the version that is a known release of the project that the file's name
// is of, if there is just one: first of those that are whole strings, of three numbers before those
// of two, then of all others.
func (j *judge) fromReleases() {
	whole := make(map[string]place, len(j.bare))
	for v, b := range j.bare {
		whole[v] = b.place
	}
	for _, n := range append([]string{j.ownName()}, j.names...) {
		releases := names.ReleasesOf(n)
		if releases.None() {
			continue
		}
		if j.binds(releases) {
			return
		}
		j.fromReleaseName(releases)
		if j.fromReleasesOf(releases, whole) {
			return
		}
	}
}

// fromReleasesOf takes the release of one project, and reports whether there are some.
func (j *judge) fromReleasesOf(releases names.Releases, whole map[string]place) bool {
	for _, try := range []struct {
		versions map[string]place
		short    bool
		rule     string
	}{{whole, false, ruleRelease}, {whole, true, ruleReleaseShort}, {j.mentioned, false, ruleRelease}} {
		version, at, count := known(try.versions, releases, try.short)
		if count == 1 {
			j.claim(Is, try.rule, j.product, j.releasedName(releases), ofUpstream(version), at, 1)
		}
		if count > 0 {
			return true
		}
	}
	return false
}

// fromStatedReleases takes the release that a string begins with, behind the name of a project that
// has programs and no libraries: of what it says, just one.
func (j *judge) fromStatedReleases() {
	var found names.Releases
	var of pairKey
	for k, p := range j.pairs {
		if p.form < opened || p.form == own || !strings.Contains(k.version, ".") {
			continue
		}
		for _, project := range projects(k.words) {
			r := names.ReleasesOf(project)
			if !r.Has(k.version) || r.Library() || !strings.HasPrefix(names.Key(p.text), project) {
				continue
			}
			switch {
			case found.None(), found == r && names.Same(k.version, of.version) && p.offset < j.pairs[of].offset:
				found, of = r, k
			case found != r || !names.Same(k.version, of.version):
				return
			}
			break
		}
	}
	if !found.None() {
		j.claim(Is, ruleReleaseStated, nil, found.Project(), of.version, j.pairs[of].place, 0)
	}
}

// projects are the names that the words before a version may be, the last word first in them.
func projects(words string) []string {
	var out []string
	joined := ""
	for _, w := range strings.Fields(words) {
		joined = w + joined
		if len(joined) > 2 {
			out = append(out, joined)
		}
	}
	return out
}

// released returns the releases of the first of the file's names that has some: its project's,
// then what it is called.
func (j *judge) released() (releases names.Releases) {
	for _, n := range append([]string{j.ownName()}, j.names...) {
		if releases = names.ReleasesOf(n); !releases.None() {
			break
		}
	}
	return releases
}

// projectOfName is the project that has files of that name. Modules are named for what they make
// known to another language.
func (j *judge) projectOfName() string {
	if j.isModule() {
		return ""
	}
	if j.product != nil {
		return j.product.Name
	}
	if j.project != "" {
		return j.project
	}
	for _, n := range []string{j.stem, strings.TrimPrefix(j.stem, "lib")} {
		if r := names.ReleasesOf(strings.TrimRight(n, "-.0123456789")); !r.None() {
			return r.Project()
		}
	}
	return ""
}

// releasedName is the name of the project as the other rules have it.
func (j *judge) releasedName(releases names.Releases) string {
	if j.product != nil || j.project != "" {
		return j.ownName()
	}
	return releases.Project()
}

// binds reports whether the file is a module that makes a library of the project known to
// another language, as zlib.so of Ruby does: what it has of the project's versions are those that it
// was built against.
func (j *judge) binds(releases names.Releases) bool {
	if !j.isModule() {
		return false
	}
	project := names.Key(releases.Project())
	return slices.ContainsFunc(j.facts.Needed, func(library string) bool {
		s := stem(library)
		return slices.Contains(names.Spellings(s), project) || names.Key(names.Project(s)) == project
	})
}

// ownProject is the project that has the release, of those that the file's names may be of, if the
// name that a rule found is not one: avahi-publish 0.8 is of avahi.
func (j *judge) ownProject(name, version string) string {
	if !names.ReleasesOf(name).None() {
		return name
	}
	for _, n := range j.names {
		if r := names.ReleasesOf(n); r.Has(version) {
			return r.Project()
		}
	}
	return name
}

// doubt lowers what a version before the first known release of the project is worth: it is
// that of something else.
func (j *judge) doubt(claims []claim) {
	first := make(map[string]int)
	for i := range claims {
		c := &claims[i]
		if _, ok := first[c.name]; !ok {
			releases := names.ReleasesOf(c.name)
			if releases.None() {
				releases = j.released()
			}
			first[c.name] = releases.First()
		}
		if number, _, _ := strings.Cut(c.version, "."); doubtful[c.rule] && len(number) < 9 {
			if n, err := strconv.Atoi(number); err == nil && n < first[c.name] {
				c.weight = min(c.weight, eager)
			}
		}
	}
}

// doubtful are the rules that take a version for the file's by how it stands to a name.
var doubtful = map[string]bool{ruleLearnedName: true, ruleNameStated: true, ruleNameOpened: true, ruleNameLoose: true, ruleOwn: true, ruleNeighbour: true,
	ruleFileName: true, ruleFormat: true, rulePacked: true, ruleLinked: true, ruleOnly: true}

// known returns the version that is a release, and how many there are. Spellings of one version
// are one.
func known(versions map[string]place, releases names.Releases, short bool) (version string, at place, count int) {
	for v, p := range versions {
		if strings.Count(v, ".") < 2 != short || slices.Contains(common, v) {
			continue
		}
		if !releases.Has(v) {
			if v = v[:len(v)-len(strings.TrimLeft(v, "0123456789."))]; !releases.Has(v) {
				continue
			}
		}
		switch {
		case version == "":
			version, at, count = v, p, 1
		case !names.Same(v, version):
			count++
		case len(v) > len(version) || len(v) == len(version) && p.offset < at.offset:
			version, at = v, p
		}
	}
	return version, at, count
}

// fromReleaseName takes the version behind ".so", which is mostly that of the interface, if it is
// a known release of three numbers, none of which is left out: 1.2.0 of an interface is one too often.
func (j *judge) fromReleaseName(releases names.Releases) {
	base := path.Base(j.path)
	for _, file := range []string{base, j.facts.SONAME} {
		_, version, _ := strings.Cut(file, ".so.")
		if isVersion(version) && strings.Count(upstream.Canonical(version), ".") > 1 && releases.Has(version) {
			j.claim(Is, ruleReleaseName, j.product, j.releasedName(releases), version, place{0, oneline.Text(file, maxText)}, 1)
			return
		}
	}
}
