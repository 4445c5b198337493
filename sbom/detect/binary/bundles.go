package binary

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/bundled"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// runtimes are the products that package bundled has lists of.
var runtimes = map[string]string{"nodejs": "node", "bun": "bun", "deno": "deno", "libvips": "vips"}

// traitElectron marks programs that say of themselves that they are a Node, and link other
// libraries than it does.
const traitElectron = "Electron"

// fromBundled takes what a release of a runtime lists of itself. That is what its own builds
// link statically: in a build that loads one of them, as distributions make it, or that has
// the text of another version of one, only those count that have their version in the file.
func (j *judge) fromBundled() {
	main := j.report.Main()
	if main == nil || runtimes[main.Name] == "" || j.has(traitElectron) {
		return
	}
	libraries := bundled.Of(runtimes[main.Name], main.Version)
	foreign := slices.ContainsFunc(libraries, func(l bundled.Library) bool {
		p := j.row(l.Name)
		return p != nil && (slices.ContainsFunc(j.facts.Needed, p.Library) || j.denies(p, l.Version))
	})
	for i := range libraries {
		l := &libraries[i]
		p := j.row(l.Name)
		if p == nil || l.PURL != "" {
			p = &rules.Product{Name: l.Name, PURL: l.PURL}
		}
		own, said := j.says(p, l.Version)
		if foreign && !said {
			continue
		}
		at := place{main.Evidence[0].Offset, oneline.Text(main.Evidence[0].Text+" | "+l.Listed, maxText)}
		j.claim(Contains, ruleBundled, p, l.Name, l.Version, at, 1)
		last := &j.others[len(j.others)-1]
		last.weight = min(last.weight, main.Confidence()) // No surer than that the file is the release.
		if said {
			j.claim(Contains, ruleTableBare, p, l.Name, l.Version, own, 1)
		}
	}
}

// denies reports whether the file has the text of a product of another version alone.
func (j *judge) denies(p *rules.Product, version string) bool {
	if len(p.Text)+len(p.Near)+len(p.Releases) == 0 {
		return false // What it is known by was learned, and may be of its users.
	}
	other := false
	for k := range j.hits {
		if k.product == p {
			if strings.HasPrefix(k.version, version) || strings.HasPrefix(version, k.version) {
				return false
			}
			other = true
		}
	}
	return other
}

// row returns the row of the table that has the name, nil if none has.
func (j *judge) row(name string) *rules.Product {
	return j.d.index().Named(name)
}

// says returns where the file has a version of a product, as a whole string or in its text.
func (j *judge) says(p *rules.Product, version string) (at place, ok bool) {
	if h := j.hits[hitKey{p, version, false}]; h != nil {
		return h.place, true
	}
	if b := j.bare[version]; b != nil {
		return b.place, true
	}
	return place{}, false
}
