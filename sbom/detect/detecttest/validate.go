package detecttest

import (
	"fmt"
	"path"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// complaints collects the broken rules of one fragment.
type complaints []error

func (c *complaints) addf(format string, args ...any) { *c = append(*c, fmt.Errorf(format, args...)) }

// clean is fs.ValidPath without its demand for UTF-8: file names are bytes.
func clean(p string) bool {
	return p != "" && p[0] != '/' && p != ".." && !strings.HasPrefix(p, "../") && path.Clean(p) == p
}

// validate returns the rules that a fragment breaks by itself; at is the path of
// its file.
func validate(frag *detect.Fragment, at string) []error {
	var c complaints
	seen := make(map[string]bool)
	for i := range frag.Components {
		comp := &frag.Components[i]
		if seen[comp.Key] {
			c.addf("two components with key %q", comp.Key)
		}
		seen[comp.Key] = true
		c.component(comp, at)
	}
	for _, cl := range frag.Claims {
		c.claim(cl)
		if frag.Yields && (cl.Path != at || cl.Ground != sbom.ClaimContent) {
			c.addf("claim on %q by %s in a fragment that yields: it is about its own file's content", cl.Path, cl.Ground)
		}
	}
	if k := frag.Kin; k != nil && (!frag.Yields || k.Project == "") {
		c.addf("kin of a fragment that does not yield, or of no project")
	}
	for _, dv := range frag.Diversions {
		if !clean(dv.From) || !clean(dv.To) {
			c.addf("diversion of %q to %q: paths are not clean and relative", dv.From, dv.To)
		}
	}
	for _, an := range frag.Annotations {
		if an.Key == "" && len(an.Licenses) == 0 && len(an.Hashes) == 0 && len(an.References) == 0 && len(an.Properties) == 0 {
			c.addf("annotation without a key says nothing")
		}
		c.hashes("annotation of "+an.Key, an.Hashes)
		c.references("annotation of "+an.Key, an.References)
		for _, l := range an.Licenses {
			if !(l.Confidence >= 0 && l.Confidence <= 1) {
				c.addf("annotation of %q: confidence %v is not in [0, 1]", an.Key, l.Confidence)
			}
		}
	}
	for _, rel := range frag.Relations {
		if rel.To == "" || rel.Type == "" {
			c.addf("incomplete relation %+v", rel)
		}
	}
	for _, gap := range frag.Gaps {
		if gap.Kind == "" || gap.Message == "" || gap.Layer != nil {
			c.addf("gap %+v: kind and message are wanted, and no layer", gap)
		}
	}
	return c
}

func (c *complaints) component(comp *detect.Component, at string) {
	if comp.Key == "" || comp.Name == "" || comp.Type == "" {
		c.addf("component %q: key %q, name %q and type %q are all needed", comp.PURL, comp.Key, comp.Name, comp.Type)
	}
	if comp.ID != "" || comp.Attribution != (sbom.Attribution{}) || comp.Files != (sbom.FileCounts{}) {
		c.addf("component %q: ID, Attribution and Files are the fold's to fill in", comp.Key)
	}
	if comp.PURL != "" {
		c.purl(comp)
	}
	c.hashes("component "+comp.Key, comp.Hashes)
	c.references("component "+comp.Key, comp.References)
	if len(comp.Evidence) == 0 {
		c.addf("component %q has no evidence", comp.Key)
	}
	for _, ev := range comp.Evidence {
		c.evidence(comp.Key, ev, at)
	}
}

func (c *complaints) hashes(of string, list []sbom.Digest) {
	for _, h := range list {
		if d, err := sbom.ParseDigest(string(h)); err != nil || d != h {
			c.addf("%q: hash %q is no digest", of, h)
		}
	}
}

func (c *complaints) references(of string, list []sbom.Reference) {
	for _, r := range list {
		if r.Type == "" || r.URL == "" {
			c.addf("%q: reference %+v needs a type and an address", of, r)
		}
		c.hashes(of, r.Hashes)
	}
}

func (c *complaints) purl(comp *detect.Component) {
	p, err := packageurl.FromString(comp.PURL)
	if err != nil {
		c.addf("component %q: purl %q: %v", comp.Key, comp.PURL, err)
		return
	}
	if got := p.ToString(); got != comp.PURL {
		c.addf("component %q: purl %q is not canonical, which is %q", comp.Key, comp.PURL, got)
	}
	if comp.Version != "" && p.Version == "" {
		c.addf("component %q: purl %q lacks the version %q", comp.Key, comp.PURL, comp.Version)
	}
}

func (c *complaints) evidence(key string, ev sbom.Evidence, file string) {
	if ev.Field == "" || ev.Technique == "" {
		c.addf("component %q: evidence %+v needs a field and a technique", key, ev)
	}
	if !(ev.Confidence > 0 && ev.Confidence <= 1) {
		c.addf("component %q: confidence %v is not in (0, 1]", key, ev.Confidence)
	}
	if at := ev.Location.Path; at != "" && at != file && !strings.HasPrefix(at, file+"!/") {
		c.addf("component %q: evidence at %q, which is not in %q", key, at, file)
	}
	if ev.Location.Layer != nil {
		c.addf("component %q: evidence names a layer, which a detector cannot know", key)
	}
}

func (c *complaints) claim(cl detect.Claim) {
	if cl.Key == "" || !clean(cl.Path) {
		c.addf("claim of %q on %q: a key and a clean relative path are needed", cl.Key, cl.Path)
	}
	if cl.Tree && cl.Ground != sbom.ClaimDirectory {
		c.addf("claim of %q on the tree %q has ground %q", cl.Key, cl.Path, cl.Ground)
	}
	if cl.Digest != "" {
		if d, err := sbom.ParseDigest(string(cl.Digest)); err != nil || d != cl.Digest {
			c.addf("claim of %q on %q: %q is no digest", cl.Key, cl.Path, cl.Digest)
		}
	}
}
