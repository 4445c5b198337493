package detecttest

import (
	"fmt"
	"slices"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// uncovered returns what is in a fragment and not in what its detector says that it
// covers. A detector that says nothing covers everything.
func uncovered(d detect.Detector, frag *detect.Fragment) []error {
	cd, ok := d.(detect.Covering)
	if !ok {
		return nil
	}
	cover := cd.Coverage()
	var c complaints
	if cover.Ecosystem == "" || len(cover.Reads) == 0 {
		c.addf("coverage %+v: an ecosystem and the files that are read are needed", cover)
	}
	for i := range frag.Components {
		comp := &frag.Components[i].Component
		covers(&c, "scope", comp.Scope, cover.Scopes)
		if p, err := packageurl.FromString(comp.PURL); comp.PURL != "" && err == nil {
			covers(&c, "package URL type", p.Type, cover.PURLs)
		}
		if len(comp.Licenses) > 0 && !cover.Licenses {
			c.addf("component %q has licences, which the coverage leaves out", comp.Name)
		}
	}
	for _, an := range frag.Annotations {
		if len(an.Licenses) > 0 && !cover.Licenses {
			c.addf("an annotation of %q has licences, which the coverage leaves out", an.Key)
		}
	}
	for i := range frag.Claims {
		claim := &frag.Claims[i]
		ground := claim.Ground
		if ground == "" {
			ground = sbom.ClaimRecorded
		}
		covers(&c, "ground of a claim", ground, cover.Owns)
		if claim.Digest != "" {
			covers(&c, "algorithm of a digest", claim.Digest.Algorithm(), cover.Checks)
		}
	}
	for _, r := range frag.Relations {
		if r.Type == sbom.DependsOn && !cover.Dependencies {
			c.addf("%q depends on %q, which the coverage leaves out", r.From, r.To)
		}
	}
	return c
}

func covers[T ~string](c *complaints, what string, value T, covered []T) {
	if !slices.Contains(covered, value) {
		*c = append(*c, fmt.Errorf("%s %q is not in the coverage %q", what, value, covered))
	}
}
