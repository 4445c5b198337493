package score

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// Card is how well a scanner knows an image.
type Card struct {
	Ecosystems []Ecosystem
	// Leftovers are removed packages that it takes for installed, of Leftover.
	Leftovers []string
	Leftover  int
	// Integrity is nil for a scanner that does not look.
	Integrity *Integrity
}

// Ecosystem counts packages of one ecosystem: distinct pairs of name and version.
type Ecosystem struct {
	Ecosystem truth.Ecosystem
	Truth     int
	Found     int      // of Truth
	Missing   []string // "name version", the rest of Truth
	Extra     []string // reported as installed, not in the truth
	// Beside of Extra are in the image, and nobody installed them.
	Beside int
	// AllBeside is how many files beside name a package; of Apart of them it says
	// that they do, and calls none of these packages installed. Silent are the
	// others that it does not call installed either.
	Apart, AllBeside int
	Silent           []string // "name version path"
	// Places is the number of places that packages are at, and PlacesFound at how
	// many of them the scanner found that package.
	Places, PlacesFound int
	Misplaced           []string // "name version path", the rest of Places
	// Layers is how many of PlacesFound it attributes to the layer that brought
	// the version or, if it says no more than one, to the one that introduced
	// the package. Wrong are the others.
	Layers int
	Wrong  []string
}

// ecosystems are those of the truth, in the order of tables.
var ecosystems = []truth.Ecosystem{truth.Debian, truth.NPM, truth.PyPI, truth.Go, truth.Maven, truth.Gem}

// Against scores what a scanner says about an image. Modules in programs, of
// Go programs as whatever scanner names them, are not counted as extra; nor is the
// standard library.
func Against(img *truth.Image, r *Report, programs map[string]bool) *Card {
	card := new(Card)
	for _, eco := range ecosystems {
		if e := ecosystem(eco, img, r, programs); e.Truth > 0 || len(e.Extra) > 0 {
			card.Ecosystems = append(card.Ecosystems, e)
		}
	}
	installed := pairs(truth.Debian, r.Installed)
	for pair := range pairs(truth.Debian, fromTruth(img.Leftovers)) {
		card.Leftover++
		if installed[pair] {
			card.Leftovers = append(card.Leftovers, pair)
		}
	}
	if r.Integrity {
		card.Integrity = integrity(img, r)
	}
	return card
}

func ecosystem(eco truth.Ecosystem, img *truth.Image, r *Report, programs map[string]bool) Ecosystem {
	e := Ecosystem{Ecosystem: eco}
	want, beside := pairs(eco, fromTruth(img.Packages)), pairs(eco, fromTruth(img.Beside))
	got := pairs(eco, r.Installed)
	leftovers := pairs(eco, fromTruth(img.Leftovers))
	for pair := range want {
		if got[pair] {
			e.Found++
		} else {
			e.Missing = append(e.Missing, pair)
		}
	}
	e.Truth = len(want)
	for pair := range got {
		name, _, _ := strings.Cut(pair, " ")
		if want[pair] || leftovers[pair] || eco == truth.Go && (programs[name] || name == "stdlib" || name == "go") {
			continue
		}
		e.Extra = append(e.Extra, pair)
		if beside[pair] {
			e.Beside++
		}
	}
	e.beside(img.Beside, r, got)
	slices.Sort(e.Missing)
	slices.Sort(e.Extra)
	e.places(fromTruth(img.Packages), r.Installed)
	return e
}

func (e *Ecosystem) beside(list []truth.Package, r *Report, installed map[string]bool) {
	for _, t := range list {
		p := normalized(t.Ecosystem, t.Name, t.Version)
		if p.Ecosystem != e.Ecosystem {
			continue
		}
		e.AllBeside++
		switch {
		case r.Apart[t.Path]:
			e.Apart++
		case !installed[p.pair()]:
			e.Silent = append(e.Silent, place{p.pair(), t.Path}.String())
		}
	}
}

// pairs returns the distinct "name version" of an ecosystem.
func pairs(eco truth.Ecosystem, packages []Package) map[string]bool {
	m := make(map[string]bool)
	for _, p := range packages {
		if p.Ecosystem == eco {
			m[p.pair()] = true
		}
	}
	return m
}

func (p Package) pair() string { return strings.TrimRight(p.Name+" "+p.Version, " ") }

// place is a package in an outermost file. What of an archive they name, tools
// disagree in.
type place struct{ pair, path string }

func (p Package) place() place { return place{p.pair(), p.Path} }

func (p place) String() string { return strings.TrimRight(p.pair+" "+p.path, " ") }

func (e *Ecosystem) places(want, got []Package) {
	found := make(map[place]Package)
	for _, p := range got {
		if p.Ecosystem == e.Ecosystem {
			found[p.place()] = p
		}
	}
	wanted := make(map[place]Package)
	for _, p := range want {
		if p.Ecosystem == e.Ecosystem {
			wanted[p.place()] = p
		}
	}
	e.Places = len(wanted)
	for _, at := range slices.SortedFunc(maps.Keys(wanted), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.pair, b.pair), cmp.Compare(a.path, b.path))
	}) {
		p, ok := found[at]
		if !ok {
			e.Misplaced = append(e.Misplaced, at.String())
			continue
		}
		e.PlacesFound++
		if attributed(p, wanted[at]) {
			e.Layers++
		} else {
			e.Wrong = append(e.Wrong, at.String())
		}
	}
}

// attributed reports whether the layers are right. For a Debian package, a scanner
// that says both has to be right about both; one that says a single layer may mean
// either. Of others the truth knows the layer of the version only.
func attributed(got, want Package) bool {
	switch {
	case want.Ecosystem != truth.Debian:
		return got.Layer == want.Layer
	case got.Introduced == Unknown:
		return got.Layer == want.Layer || got.Layer == want.Introduced
	}
	return got.Layer == want.Layer && got.Introduced == want.Introduced
}

func fromTruth(packages []truth.Package) []Package {
	list := make([]Package, len(packages))
	for i, t := range packages {
		list[i] = normalized(t.Ecosystem, t.Name, t.Version)
		list[i].Path, list[i].Layer, list[i].Introduced = outermost(t.Path), t.Layer, t.Introduced
	}
	return list
}
