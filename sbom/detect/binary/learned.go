package binary

import (
	"fmt"
	"maps"
	"path"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// maxCompared is how often the versions that stand alone are looked at for the projects of which the
// file has an anchor: some hundred of the one, and some thousand of the other.
const maxCompared = 500_000

// nearKey is a learned pattern that counts in files with an anchor, and the version in it.
type nearKey struct {
	id      int
	version string
}

func (c *collector) noteNear(id int, version string, v *textscan.Version) {
	k := nearKey{id, version}
	if _, ok := c.near[k]; !ok && c.room(len(c.near), maxPairs, "versions") {
		c.near[k] = place{v.Offset, show(v)}
	}
}

// fromLearned takes the versions that stand where they do in the other versions of the
// project whose anchor is in the file.
func (j *judge) fromLearned() {
	if p, version := j.d.index().Numbered(j.facts.SONAME, path.Base(j.path)); p != nil {
		j.claim(Is, ruleLearnedName, p, p.Name, version, place{0, oneline.Text(j.facts.SONAME+" "+path.Base(j.path), maxText)}, 0)
	}
	readings := make(map[int][]string, len(j.near))
	for k := range j.near {
		readings[k.id] = append(readings[k.id], k.version)
	}
	alone := maps.Keys(j.bare)
	if len(j.groups)*len(j.bare) > maxCompared {
		alone = func(func(string) bool) {}
		j.report.Limited = fmt.Sprintf("%d versions for %d projects: more than are compared", len(j.bare), len(j.groups))
	}
	for number := range j.groups {
		g := j.d.index().Group(number)
		relation := j.relation(g.Product)
		if g.Self {
			relation = Is
		}
		version, pattern := g.Choose(readings, alone)
		switch {
		case version == "":
		case pattern >= 0:
			j.claim(relation, ruleLearnedAnchor, g.Product, g.Product.Name, version, j.near[nearKey{pattern, version}], 0)
		default:
			j.claim(relation, ruleLearnedAnchor, g.Product, g.Product.Name, version, j.bare[version].place, 0)
		}
	}
}
